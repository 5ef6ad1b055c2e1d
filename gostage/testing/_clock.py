"""A clock for tests: time passes only when everybody waits, and then at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from gostage._run.nap import LoopNap, ThreadNap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from gostage._run.nap import Nap

START: Final = 1_700_000_000.0


class FakeClock:
    """Stands at one moment; where a run can only wait, time goes on to when the first wait is over.

    Sleeps, waits, backoff and times to live are over at once, and in their order. Branches that
    sleep side by side wake one after the other, as they would: no one before another that is due
    earlier, and none as long as one is at work.
    """

    def __init__(self, now: float = START) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._sleepers: list[_Sleeper] = []
        self.pauses: list[float] = []
        """How many seconds each pause was to last, in the order in which they began."""

    def now(self) -> float:
        """Give the moment it stands at, in seconds since the epoch."""
        return self._now

    def pass_by(self, seconds: float) -> None:
        """Let time go by, as a slow action would."""
        with self._lock:
            woken = self._go_to(self._now + seconds)
        _ring(woken)

    def pause(self, wait: Callable[[float], object], seconds: float) -> None:
        """Sleep until the time has come, which is at once if nobody else is at work."""
        sleeper = self._lie_down(wait, seconds)
        if not isinstance(wait, ThreadNap):  # nobody sleeps beside it
            self.pass_by(seconds)
            return
        try:
            while not sleeper.is_up and wait.until(lambda: self._has_to_move(sleeper)):
                self._move(sleeper)
        finally:
            self._get_up(sleeper)

    async def apause(self, wait: Callable[[float], Awaitable[object]], seconds: float) -> None:
        """Sleep in an event loop."""
        sleeper = self._lie_down(wait, seconds)
        if not isinstance(wait, LoopNap):
            self.pass_by(seconds)
            return
        try:
            while not sleeper.is_up and await wait.until(lambda: self._has_to_move(sleeper)):
                self._move(sleeper)
        finally:
            self._get_up(sleeper)

    # ---------------------------------------------------------------- inside

    def _lie_down(self, wait: object, seconds: float) -> _Sleeper:
        nap = wait if isinstance(wait, (ThreadNap, LoopNap)) else None
        with self._lock:
            self.pauses.append(round(seconds, 6))
            sleeper = _Sleeper(nap, self._now + seconds)
            if nap is not None:
                self._sleepers.append(sleeper)
        return sleeper

    def _get_up(self, sleeper: _Sleeper) -> None:
        with self._lock:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    def _has_to_move(self, sleeper: _Sleeper) -> bool:
        """Whether a sleeper need not sleep any more: it is due, or time has to go on."""
        lanes = sleeper.lanes  # counted under the run's lock, before the clock's own is taken
        with self._lock:
            return sleeper.is_up or len(self._mates(sleeper)) >= lanes

    def _move(self, sleeper: _Sleeper) -> None:
        """Let time go on to when the first of the run's sleepers is due."""
        lanes = sleeper.lanes
        with self._lock:
            mates = self._mates(sleeper)
            if sleeper.is_up or len(mates) < lanes:
                return
            woken = self._go_to(max(self._now, min(each.until for each in mates)))
        _ring(woken)

    def _mates(self, sleeper: _Sleeper) -> list[_Sleeper]:
        return [each for each in self._sleepers if each.run is sleeper.run]

    def _go_to(self, now: float) -> list[_Sleeper]:
        self._now = now
        woken = [each for each in self._sleepers if each.until <= now]
        for each in woken:
            each.is_up = True
            self._sleepers.remove(each)
        return woken


class _Sleeper:
    """A lane that sleeps, and until when."""

    __slots__ = ("is_up", "nap", "until")

    def __init__(self, nap: Nap | None, until: float) -> None:
        self.nap = nap
        self.until = until
        self.is_up = False

    @property
    def run(self) -> object:
        return None if self.nap is None else self.nap.run

    @property
    def lanes(self) -> int:
        return 0 if self.nap is None else self.nap.lanes


def _ring(woken: Iterable[_Sleeper]) -> None:
    # Without the clock's lock: who is rung for looks at the clock.
    for run in {id(each.nap.run): each.nap.run for each in woken if each.nap}.values():
        run.bell.ring()
