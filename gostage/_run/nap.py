"""Naps: how one lane of a run sleeps, in a thread or in a loop; the clock says how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._run.execution import Execution


class Nap:
    """What a clock learns of the lane that sleeps, and of those beside it."""

    __slots__ = ("_wake", "run")

    def __init__(self, run: Execution, wake: Callable[[], bool]) -> None:
        self.run = run
        self._wake = wake

    @property
    def lanes(self) -> int:
        """How many lanes of the run are at work or asleep, this one among them."""
        with self.run.lock:
            return self.run.lanes - self.run.listening

    def _woken_or(self, holds: Callable[[], bool]) -> Callable[[], bool]:
        wake = self._wake
        return lambda: wake() or holds()


class ThreadNap(Nap):
    """The nap of a lane that has a thread."""

    __slots__ = ()

    def __call__(self, seconds: float) -> bool:
        """Sleep so long; true if the lane was woken."""
        return self.run.bell.wait(self._wake, seconds)

    def until(self, holds: Callable[[], bool]) -> bool:
        """Sleep until something holds; false if the lane was woken."""
        self.run.bell.wait(self._woken_or(holds), None)
        return not self._wake()


class LoopNap(Nap):
    """The nap of a lane that shares an event loop."""

    __slots__ = ()

    async def __call__(self, seconds: float) -> bool:
        """Sleep so long; true if the lane was woken."""
        return await self.run.bell.await_(self._wake, seconds)

    async def until(self, holds: Callable[[], bool]) -> bool:
        """Sleep until something holds; false if the lane was woken."""
        await self.run.bell.await_(self._woken_or(holds), None)
        return not self._wake()
