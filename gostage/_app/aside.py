"""Runs that are put aside: those nobody can go on with now, and when to try them again."""

from __future__ import annotations

from typing import Final, NamedTuple

FIRST: Final = 60.0
"""Seconds until a run is tried again; each time after it twice as many."""

LONGEST: Final = 3600.0
KEPT: Final = 1000
"""Of how many runs it is known how often they were tried; the oldest are forgotten first."""


class _Try(NamedTuple):
    number: int
    until: float


class Aside:
    """A few runs, each with the time until which it is left alone; what is kept is bounded."""

    def __init__(self) -> None:
        self._tries: dict[str, _Try] = {}

    def put(self, run_id: str, now: float) -> tuple[float, bool]:
        """Put a run aside; gives until when, and whether that is the first time."""
        number = self._number(run_id) + 1
        until = now + min(FIRST * 2.0 ** min(number, 10), LONGEST)
        self._keep(run_id, _Try(number, until))
        return until, number == 0

    def rest(self, run_id: str, until: float) -> None:
        """Leave a run alone for a moment, without there being anything wrong with it."""
        self._keep(run_id, _Try(self._number(run_id), until))

    def rests(self, run_id: str, now: float) -> bool:
        """Whether it is too early to try a run again."""
        tried = self._tries.get(run_id)
        return tried is not None and now < tried.until

    def forget(self, run_id: str) -> None:
        """Take a run back: it goes on."""
        self._tries.pop(run_id, None)

    def _number(self, run_id: str) -> int:
        tried = self._tries.get(run_id)
        return -1 if tried is None else tried.number

    def _keep(self, run_id: str, tried: _Try) -> None:
        self._tries.pop(run_id, None)  # so that the oldest stand first
        self._tries[run_id] = tried
        while len(self._tries) > KEPT:
            del self._tries[next(iter(self._tries))]
