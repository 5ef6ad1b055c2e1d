"""The worker: goes on with runs when they are due; it keeps nothing about those that are not."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol

from gostage._app.aside import Aside
from gostage._app.crew import Crew
from gostage._app.trace import headline
from gostage._app.worknotes import WorkNote
from gostage._db.lease import is_over
from gostage._db.owner import is_alive, this_process
from gostage._db.protocol import OWNED
from gostage._run.clock import SystemClock
from gostage.errors import (
    ConfigError,
    DatabaseError,
    GostageError,
    RunBlocked,
    RunOwned,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gostage._app.crew import Outcome
    from gostage._app.worknotes import What
    from gostage._db.protocol import Database, RunRow
    from gostage._run.clock import Clock
    from gostage._run.result import Result

NEWS: Final = 0.05
"""Seconds between two looks at whether anything has become due, which takes microseconds."""

LOOK: Final = 1.0
"""Seconds between two looks for runs whose owner has died, which nobody is told of."""

_LEAST: Final = 0.001  # seconds; less is no wait


class GoesOn(Protocol):
    """What a worker needs of a runner."""

    @property
    def db(self) -> Database | None:
        """Where the runs are."""

    def go_on(self, run_id: str) -> Result:
        """Go on with a run until it has ended or has to wait, sleeps included."""

    def let_go(self) -> None:
        """Have every run leave after its current step."""


class Worker:
    """Goes on with the runs of one database, several side by side, in the order of their time.

    One thread works with it, in `run` or `run_due`; `stop` may come from anywhere. Of a run that is
    not at work nothing is kept, so it does not matter how many there are.
    """

    def __init__(
        self,
        runner: GoesOn,
        *,
        concurrency: int = 8,
        grace: float = 10.0,
        tell: Callable[[WorkNote], object] = lambda _: None,
        clock: Clock | None = None,
    ) -> None:
        self._runner = runner
        self._db = _database_of(runner)
        self._grace = grace
        self._tell_note = tell
        self._clock = clock or SystemClock()
        self._crew = Crew(concurrency, runner.go_on)
        self._aside = Aside()
        self._me = this_process()
        self._is_stopping = False
        self._next_look = 0.0  # by the monotonic clock, which nobody sets back

    def run(self) -> bool:
        """Work until `stop`; gives whether every run has come back by then."""
        self._tell("begins")
        try:
            while not self._is_stopping:
                self._start(self._clock.now())
                self._wait()
        finally:
            is_clean = self._leave()
        return is_clean

    def run_due(self) -> bool:
        """Go on with what is due now, and come back; what is due later is left alone."""
        self._tell("begins")
        now = self._clock.now()
        try:
            while not self._is_stopping and (self._start(now) or self._crew.at_work):
                self._settle(self._crew.wait(LOOK))
        finally:
            is_clean = self._leave()
        return is_clean

    def stop(self) -> None:
        """Begin nothing more, and come back when the runs at work have; at once, from anywhere."""
        self._is_stopping = True
        self._crew.wake()

    # ---------------------------------------------------------------- beginning

    def _start(self, now: float) -> int:
        """Begin what is due, as far as there is somebody for it; gives how many."""
        count = 0
        if self._crew.is_full:
            return count
        for row in chain(self._left_behind(now), self._due(now)):
            if self._is_free(row, now):
                status = "interrupted" if row.status == OWNED else row.status
                self._tell("goes_on", row, status=status)
                self._crew.start(row)
                count += 1
            if self._crew.is_full:
                break
        return count

    def _left_behind(self, now: float) -> Iterator[RunRow]:
        """Runs whose owner has died, or has lost them; looked for now and then."""
        if time.monotonic() < self._next_look:
            return
        for row in self._db.held():
            if is_over(row, self._me, now, is_alive):
                yield row
        self._next_look = time.monotonic() + LOOK  # only once each of them has found somebody

    def _due(self, now: float) -> Sequence[RunRow]:
        limit = len(self._crew.at_work) + self._crew.size
        while True:
            rows = self._db.due(now, limit)
            free = [row for row in rows if self._is_free(row, now)]
            if free or len(rows) < limit:
                return free
            limit *= 2  # those that are left alone stand before the others

    def _is_free(self, row: RunRow, now: float) -> bool:
        # What is at work may not have been taken yet, and is due until then.
        return row.run_id not in self._crew.at_work and not self._aside.rests(row.run_id, now)

    # ---------------------------------------------------------------- waiting

    def _wait(self) -> None:
        """Wait until a run has come back, or until there may be something to begin."""
        pause = NEWS
        while not self._is_stopping:
            outcome = self._crew.wait(LOOK if self._crew.is_full else pause)
            if outcome is not None:
                self._settle(outcome)
                return
            if self._crew.is_full:
                continue
            due, now = self._db.next_due(), self._clock.now()
            if time.monotonic() >= self._next_look or (due is not None and due <= now):
                return
            pause = NEWS if due is None else min(max(due - now, _LEAST), NEWS)

    # ---------------------------------------------------------------- coming back

    def _settle(self, outcome: Outcome | None) -> None:
        """Tell what became of a run; one that nobody can go on with is put aside."""
        if outcome is None:
            return
        row, error = outcome.row, outcome.error
        if outcome.result is not None:
            self._aside.forget(row.run_id)
            self._tell_result(row, outcome.result)
        elif isinstance(error, RunOwned):
            # Its owner has it now; if not, then nobody spins here for it.
            self._aside.rest(row.run_id, self._clock.now() + LOOK)
            self._tell("missed", row, reason=str(error))
        elif isinstance(error, RunBlocked):
            self._db.wake(row.run_id, None)  # not even for the signals it has: somebody decides
            self._tell("left", row, status="blocked", reason=str(error), hint=error.hint)
        elif isinstance(error, Exception):
            self._put_aside(row, error)
        elif error is not None:  # what its code was left with, as by `sys.exit`
            self._tell("left", row, status="cancelled", reason=headline(error))

    def _put_aside(self, row: RunRow, error: Exception) -> None:
        until, is_first = self._aside.put(row.run_id, self._clock.now())
        try:
            is_there = self._db.wake(row.run_id, until) or self._db.find(row.run_id) is not None
        except DatabaseError:  # it is remembered here, and the run tells the same story
            is_there = True
        if is_first and is_there:
            hint = error.hint if isinstance(error, GostageError) else ""
            self._tell("put_aside", row, until=until, reason=headline(error), hint=hint)

    def _leave(self) -> bool:
        """Wait for the runs at work, as long as there is grace; gives whether all came back."""
        if self._crew.at_work:
            self._runner.let_go()  # whoever hears of it may rely on it
            self._tell("stops")
        end = time.monotonic() + self._grace
        while self._crew.at_work:
            self._runner.let_go()  # again and again: some may have been about to begin
            if (left := end - time.monotonic()) <= 0:
                break
            self._settle(self._crew.wait(min(left, NEWS)))
        self._crew.close()
        self._tell("ends")
        return not self._crew.at_work

    # ---------------------------------------------------------------- telling

    def _tell_result(self, row: RunRow, result: Result) -> None:
        suspended = result.suspended
        until = None if suspended is None else suspended.data.get("until")
        self._tell(
            "left",
            row,
            status="pending" if result.status == "running" else result.status,  # it was let go
            duration=result.duration,
            until=until.timestamp() if isinstance(until, datetime) else None,
            reason=_reason_of(result),
            hint=getattr(result.error, "hint", ""),
        )

    # Any: the fields of a note, which checks none of them.
    def _tell(self, what: What, row: RunRow | None = None, **more: Any) -> None:  # noqa: ANN401
        if row is not None:
            more |= {"run_id": row.run_id, "workflow": row.workflow}
        else:
            more["at_work"] = tuple(self._crew.at_work)
        self._tell_note(WorkNote(what=what, at=self._clock.now(), **more))


def _database_of(runner: GoesOn) -> Database:
    if runner.db is None:
        raise ConfigError(
            "a worker goes on with the runs of a database, and this runner has none",
            hint="Runner(db='.gostage/runs.db')",
        )
    return runner.db


def _reason_of(result: Result) -> str:
    """Why a run is where it is, if there is anything to say."""
    if result.error is not None:
        return result.text or headline(result.error)
    if result.bail_reason is not None:
        return result.bail_reason
    return "" if result.suspended is None else result.suspended.reason
