"""A backend whose children are threads of this process, on a real pipe; it can cut that at will.

It is a plugin as well, so that a child finds it by name for children of its own.
"""

from __future__ import annotations

import json
import threading
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from multiprocess import Pipe

from gostage import hookimpl
from gostage._spawn.backend import Capabilities
from gostage._spawn.link import Link, LinkLost
from gostage._spawn.wire import FROM_CHILD, FROM_PARENT, PROTOCOL, encode
from gostage._spawn.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gostage._author.isolate import Isolate
    from gostage._run.clock import Clock
    from gostage._run.surroundings import Surroundings

    # Any: JSON of any shape.
    Json = Any

NAME: Final = "loopback"
KILLED: Final = -9


class Ether:
    """What the children under test share: the clock, and when the next of them dies."""

    def __init__(self) -> None:
        self.clock: Clock | None = None
        self.frames = 0
        """How many frames children have sent, all together."""
        self.cut_at: int | None = None
        """The number of the frame that is not sent any more: its child is dead."""
        self.cut: str | None = None
        """What kind of frame that was, once it has come to it."""
        self.spoil: Callable[[str, Json], Json] | None = None
        """What becomes of the data of each frame on its way to the parent."""
        self.broken: list[BaseException] = []
        """What went wrong in workers that must never fail."""
        self.threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def start(self, clock: Clock | None, cut_at: int | None = None) -> None:
        """Begin a new execution."""
        self.clock, self.cut_at, self.cut = clock, cut_at, None
        self.spoil = None
        self.frames = 0

    def is_last_word(self, kind: str) -> bool:
        """Count a frame; whether its child dies before it is sent."""
        with self._lock:
            self.frames += 1
            if self.cut_at != self.frames - 1:
                return False
            self.cut = kind
        return True

    def settle(self) -> None:
        """Wait for the children that are left, and complain for those that broke."""
        threads, self.threads = self.threads, []
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive(), "a child has not ended"
        broken, self.broken = self.broken, []
        for error in broken:
            raise error


# Module-level state: a backend is made by the runner, far from the test that looks at it.
ETHER: Final = Ether()


class MortalLink(Link):
    """A child's end, which ends before a frame that is never sent."""

    child_id = ""
    is_dead = False

    # Any: JSON of any shape.
    def send(self, kind: str, data: Mapping[str, Any], *, flush: bool = True) -> None:
        """Send it, unless the child is dead by now."""
        if self.is_dead or ETHER.is_last_word(kind):
            self.is_dead = True
            self.close()
            raise LinkLost("killed")
        if ETHER.spoil is not None:
            text = encode(kind, data).decode().partition(" ")[2]
            data = ETHER.spoil(kind, json.loads(text))
        super().send(kind, data, flush=flush)


class ThreadWorker(Worker):
    """A worker that shares its process, and the clock, with its parent."""

    def _connect(self, around: Surroundings) -> None:
        super()._connect(around)
        if ETHER.clock is not None:
            around.clock = ETHER.clock

    def _take_logs(self, around: Surroundings, levels: Mapping[str, int]) -> None:
        """The parent logs through the same loggers."""


class ThreadChild:
    """One child."""

    _numbers = count(1)

    def __init__(self, depth: int) -> None:
        here, there = Pipe()
        self.id = f"loop-{next(self._numbers)}"
        self.pid = None
        self.exit_code: int | None = None
        self.link = Link(here, accepts=FROM_CHILD)
        self._far = MortalLink(there, accepts=FROM_PARENT)
        self._far.child_id = self.id
        self._worker = ThreadWorker(self._far, self.id, depth)
        self._thread = threading.Thread(target=self._live, name=self.id, daemon=True)
        ETHER.threads.append(self._thread)
        self._thread.start()

    def _live(self) -> None:
        try:
            self._far.send("hello", {"protocol": PROTOCOL, "python": "3", "pid": 1})
            self._worker.work()
        except LinkLost:
            pass
        except BaseException as error:  # told in the thread of the test
            ETHER.broken.append(error)
        finally:
            self._worker.close()
            self.exit_code = KILLED if self._far.is_dead else 0
            self._far.close()

    def stop(self, grace: float) -> None:
        """Cancel the run inside, as SIGTERM does."""
        del grace
        run = self._worker._run
        if run is not None:
            threading.Thread(target=run.cancel, daemon=True).start()

    def kill(self) -> None:
        """Cut the link."""
        self._far.is_dead = True
        self._far.close()

    def join(self, timeout: float | None = None) -> int | None:
        """Wait for its end."""
        self._thread.join(timeout)
        return self.exit_code

    def output(self) -> tuple[str, str]:
        """It prints where everybody does."""
        return "", ""

    def close(self) -> None:
        """Hang up."""
        self.link.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(20)


class Loopback:
    """The backend."""

    name = NAME
    capabilities = Capabilities(streams=True, cancels=True, by_value=True, shares_files=True)

    def start(self, placement: Isolate, *, depth: int) -> ThreadChild:
        """Start a child."""
        del placement
        return ThreadChild(depth)

    def close(self) -> None:
        """End nothing: children end when their links do."""


@hookimpl
def gostage_spawner(name: str) -> Loopback | None:
    """Supply the backend."""
    return Loopback() if name == NAME else None
