"""Shows the plugin `concurrency`: ten items at once, but never more than two of them at the disk.

Output:

    10 read, never more than 2 at the same time
    10 fetched, never more than 3 at the same time
"""

from __future__ import annotations

import asyncio
import threading

from gostage import Runner, Workflow, action
from gostage_plugins.concurrency import Limit


class Meter:
    """Counts who is inside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = self.most = self.calls = 0

    def __enter__(self) -> None:
        with self._lock:
            self.calls += 1
            self._inside += 1
            self.most = max(self.most, self._inside)

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._inside -= 1


disk, net = Meter(), Meter()
NET = Limit(3)


@action(tags=["io"])
def read() -> None:
    """Be limited by the tag."""
    with disk:
        pass


@action
async def fetch() -> None:
    """Wait for a place where waiting does not stop the loop: in the action."""
    async with NET:
        with net:
            await asyncio.sleep(0)


def items() -> list[int]:
    """Have ten of them."""
    return list(range(10))


if __name__ == "__main__":
    settings = {"concurrency": {"io": 2}}
    with Runner(plugins=["gostage_plugins.concurrency"], config=settings) as runner:
        flow = Workflow("disk").for_each("read", items, read, concurrency=10)
        runner.run(flow).raise_for_error()
        assert disk.most <= 2
        print(f"{disk.calls} read, never more than 2 at the same time")
        flow = Workflow("net").for_each("fetch", items, fetch, concurrency=10)
        asyncio.run(runner.arun(flow)).raise_for_error()
        assert net.most <= 3
        print(f"{net.calls} fetched, never more than 3 at the same time")
