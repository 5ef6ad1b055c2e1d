"""The clock: what time it is and how a pause is spent, as an object that tests replace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Clock(Protocol):
    """What a runner needs of time."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def pause(self, wait: Callable[[float], object], seconds: float) -> None:
        """Spend a pause; `wait(seconds)` blocks that long unless something wakes it."""

    async def apause(self, wait: Callable[[float], Awaitable[object]], seconds: float) -> None:
        """Spend a pause in an event loop."""


class SystemClock:
    """The time of this machine."""

    __slots__ = ()

    now = staticmethod(time.time)
    """Seconds since the epoch."""

    def pause(self, wait: Callable[[float], object], seconds: float) -> None:
        """Wait as long as it says."""
        wait(seconds)

    async def apause(self, wait: Callable[[float], Awaitable[object]], seconds: float) -> None:
        """Wait as long as it says."""
        await wait(seconds)
