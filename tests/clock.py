"""A clock for tests: time passes only when somebody waits, and then at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

START = 1_700_000_000.0


class FakeClock:
    """Stands at one moment; a pause moves it on by what it asks for and is remembered."""

    def __init__(self, now: float = START) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.pauses: list[float] = []

    def now(self) -> float:
        """Give the moment it stands at."""
        return self._now

    def pass_by(self, seconds: float) -> None:
        """Let time go by, as a slow action would."""
        with self._lock:
            self._now += seconds

    def pause(self, wait: Callable[[float], object], seconds: float) -> None:
        """Be done with a pause at once."""
        self._spend(seconds)

    async def apause(self, wait: Callable[[float], Awaitable[object]], seconds: float) -> None:
        """Be done with a pause at once, in an event loop."""
        self._spend(seconds)

    def _spend(self, seconds: float) -> None:
        with self._lock:
            self.pauses.append(round(seconds, 6))
            self._now += seconds
