"""The bell of a run: wakes whoever waits, in threads and in event loops, to look again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Bell:
    """Rung whenever something changed that a waiting line may care about."""

    __slots__ = ("_condition", "_waiters")

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def ring(self) -> None:
        """Wake everyone; safe from any thread."""
        with self._condition:
            self._condition.notify_all()
            waiters = list(self._waiters)
        for loop, event in waiters:
            loop.call_soon_threadsafe(event.set)

    def wait(self, wake: Callable[[], bool], seconds: float | None) -> bool:
        """Block until `wake` holds or the time is up."""
        with self._condition:
            return self._condition.wait_for(wake, seconds)

    async def await_(self, wake: Callable[[], bool], seconds: float | None) -> bool:
        """Wait until `wake` holds or the time is up, without blocking the loop."""
        import asyncio  # 40 ms, and an async run has it anyway

        loop = asyncio.get_running_loop()
        waiter = (loop, asyncio.Event())
        until = None if seconds is None else loop.time() + seconds
        with self._condition:
            self._waiters.append(waiter)
        try:
            while not wake():
                left = None if until is None else until - loop.time()
                if left is not None and left <= 0:
                    return False
                try:
                    await asyncio.wait_for(waiter[1].wait(), left)
                except asyncio.TimeoutError:
                    return wake()
                waiter[1].clear()
        finally:
            with self._condition:
                self._waiters.remove(waiter)
        return True
