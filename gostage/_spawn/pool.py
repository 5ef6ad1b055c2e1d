"""The pool: children that are kept warm between two pieces of work; it knows no work."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gostage.errors import ChildError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._spawn.backend import Child

USES: Final = 10_000
"""After how much work a child is replaced, whatever it has piled up by then."""
MEMORY: Final = 1 << 30
"""Above how many bytes in use a child is replaced after its work."""
_LOOKS: Final = 16
"""After how much work its memory is looked at, each time; a look is as dear as a small frame."""
_SECONDS: Final = 0.02
"""After how long at the latest: next to work that takes its time, a look is nothing."""


@dataclass(slots=True)
class _Kept:
    """A child, and how often it was taken."""

    child: Child
    uses: int = 0
    looked: float = 0.0
    """When its memory was looked at."""


class Pool:
    """At most `size` children of one kind; safe from any thread.

    Whoever takes one gives it back, or drops it if it is dead or nobody knows what it is doing.
    """

    def __init__(
        self,
        start: Callable[[], Child],
        size: int,
        *,
        uses: int = USES,
        memory: int | None = MEMORY,
    ) -> None:
        self._start = start
        self._size = size
        self._uses = uses
        self._memory = memory
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0
        """How many threads wait for a child."""
        self._idle: list[_Kept] = []
        self._taken: dict[int, _Kept] = {}
        self._starting = 0
        self._dead: list[Child] = []
        """Those that died while they were idle, and nobody watched."""
        self._is_closed = False

    def take(self) -> Child:
        """An idle child, or a new one; waits while all of them are taken."""
        while (kept := self._next()) is not None:
            if kept.child.exit_code is None:
                return kept.child
            self.drop(kept.child)
            self._dead.append(kept.child)
        return self._started()

    def give(self, child: Child) -> bool:
        """Have a child back that has done its work; false if it is worn out, and was ended."""
        kept = self._taken[id(child)]
        kept.uses += 1  # it is nobody else's before it is idle
        if not self._is_worn(kept):
            with self._lock:
                if not self._is_closed:
                    del self._taken[id(child)]
                    self._idle.append(kept)
                    if self._waiting:
                        self._changed.notify()
                    return True
        self.drop(child)
        return False

    def drop(self, child: Child) -> None:
        """End a child; the next one that is taken may be a new one."""
        try:
            child.close()
        finally:
            with self._changed:
                self._taken.pop(id(child), None)
                self._changed.notify()

    def close(self) -> list[Child]:
        """End those that are idle, and name all that ended without `give` or `drop` saying so.

        Those that are taken end when they are given back.
        """
        with self._changed:
            self._is_closed = True
            idle, self._idle = [kept.child for kept in self._idle], []
            dead, self._dead = self._dead, []
            self._changed.notify_all()
        for child in idle:
            child.link.close()  # all of them at once, and then one after the other
        for child in idle:
            child.close()
        return dead + idle

    def _next(self) -> _Kept | None:
        """One that was idle, or `None` when a place for a new one is free."""
        with self._lock:
            while not self._is_closed:
                if self._idle:
                    kept = self._idle.pop()  # the last one used: what it needs is still at hand
                    self._taken[id(kept.child)] = kept
                    return kept
                if len(self._taken) + self._starting < self._size:
                    self._starting += 1
                    return None
                self._waiting += 1
                try:
                    self._changed.wait()
                finally:
                    self._waiting -= 1
        raise ChildError(
            "no child can be taken: its pool is closed",
            hint="was the runner closed while the run went on?",
        )

    def _started(self) -> Child:
        try:
            child = self._start()
        except BaseException:
            with self._changed:
                self._starting -= 1
                self._changed.notify()
            raise
        with self._changed:
            self._starting -= 1
            self._taken[id(child)] = _Kept(child, looked=time.monotonic())
        return child

    def _is_worn(self, kept: _Kept) -> bool:
        if kept.uses >= self._uses:
            return True
        if self._memory is None:
            return False
        now = time.monotonic()
        if kept.uses % _LOOKS and now - kept.looked < _SECONDS:
            return False
        kept.looked = now
        used = memory_of(kept.child.pid)
        return used is not None and used > self._memory


def memory_of(pid: int | None) -> int | None:
    """The bytes of memory that a process has in use, or `None` where nobody says."""
    try:
        descriptor = os.open(f"/proc/{pid}/statm", os.O_RDONLY)
        try:
            pages = int(os.read(descriptor, 256).split()[1])
        finally:
            os.close(descriptor)
    except (OSError, IndexError):
        return None
    import resource  # there is one where there is /proc

    return pages * resource.getpagesize()
