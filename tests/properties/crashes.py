"""Crashes between two commits: what a run had written stays, what it had not is forgotten."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from gostage import Runner
from gostage._db.sqlite import SQLite
from gostage._run.journal import Journal
from gostage._run.snapshots import is_sound
from gostage.errors import DatabaseError
from gostage.testing import FakeClock
from tests.properties.trees import JOURNAL, Entry, by_lane, lane_of
from tests.properties.ways import Outcome, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage import Workflow
    from gostage._engine.branch import Branch

LEASE = 1e-6
"""Seconds; whoever comes next finds the run free."""


class Crash(DatabaseError):
    """The database is not there any more, as far as this process can tell."""


class Doomed:
    """A database that goes away before one of its commits."""

    def __init__(self, database: Any, commits: int) -> None:
        self._database = database
        self._left = commits
        self.is_gone = False

    def __getattr__(self, name: str) -> Any:
        if self.is_gone:
            raise Crash(name)
        return getattr(self._database, name)

    def commit(self, *given: Any) -> Any:
        if self._left == 0:
            self.is_gone = True
            raise Crash("commit")
        self._left -= 1
        return self._database.commit(*given)


class Kept:
    """The calls whose outcome is written; the others never happened to the run."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.commits = 0
        self._settled: set[Entry] = set()
        """The calls that whoever commits next writes as well, for all branches."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Notice every commit of a run that goes on."""
        send, take = Journal._send, Journal.take

        def noted_send(journal: Journal, *given: Any) -> None:
            send(journal, *given)
            if journal.broken is None:
                self.commits += 1
                self.entries = [each for each in JOURNAL.entries if each in self._settled]

        def noted_take(journal: Journal, branch: Branch, *given: Any) -> None:
            if is_sound(branch) or is_over(journal, branch):
                lane = lane_of(branch)
                self._settled.update(e for e in JOURNAL.entries if e.lane[: len(lane)] == lane)
            take(journal, branch, *given)

        Journal._send, Journal.take = noted_send, noted_take  # type: ignore[method-assign]
        try:
            yield
        finally:
            Journal._send, Journal.take = send, take  # type: ignore[method-assign]


def is_over(journal: Journal, branch: Branch) -> bool:
    """Whether a branch has failed for good, and what it was forked from goes on."""
    has_ended = branch.key not in journal._run.machine.branches
    return has_ended and branch.parent is not None and is_sound(branch.parent)


def undisturbed(workflow: Workflow) -> tuple[Outcome, int]:
    """Run it on a database; gives how many commits that takes, too."""
    JOURNAL.start()
    kept = Kept()
    with (
        kept.listening(),
        closing(SQLite(":memory:")) as database,
        Runner(database, clock=FakeClock()) as runner,
    ):
        result = runner.run(workflow)
    return outcome_of(result), kept.commits


def crashed(workflow: Workflow, commits: int) -> Outcome:
    """Let it crash after so many commits, and go on with what is left of it."""
    with closing(SQLite(":memory:")) as database:
        return _crashed_on(database, workflow, commits)


def _crashed_on(database: SQLite, workflow: Workflow, commits: int) -> Outcome:
    kept = Kept()
    doomed: Any = Doomed(database, commits)
    JOURNAL.start()
    with kept.listening(), Runner(doomed, clock=FakeClock(), lease=LEASE) as runner:
        try:
            result = runner.run(workflow, run_id="r")
        except Crash:
            pass
        else:
            return outcome_of(result)
    JOURNAL.start(kept.entries)
    with Runner(database, clock=FakeClock(), lease=LEASE) as runner:
        result = runner.run(workflow, run_id="r")
    outcome = outcome_of(result)
    return Outcome(by_lane(JOURNAL.entries), outcome.status, outcome.error, outcome.store)
