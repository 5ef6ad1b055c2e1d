"""Deaths of children and parents: what was told and written stays, what was not never happened."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from gostage._db.sqlite import SQLite
from gostage._run.journal import Journal
from gostage._run.snapshots import is_sound
from gostage._spawn.talk import Talk
from gostage._spawn.uplink import Uplink
from gostage.testing import FakeClock
from tests.properties.children import Seen, runner, seen
from tests.properties.crashes import LEASE, Crash, Doomed, is_over
from tests.properties.loopback import ETHER
from tests.properties.trees import JOURNAL, Entry, lane_of
from tests.properties.ways import outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage import Result, Workflow
    from gostage._engine.branch import Branch


class Written:
    """The calls whose outcome the database has, wherever they were made."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.commits = 0
        self._settled: set[Entry] = set()
        """Those that whoever commits next writes as well."""
        self._own: defaultdict[Journal, set[Entry]] = defaultdict(set)
        """The same of each child, which tells its parent."""
        self._flying: defaultdict[tuple[str, int], deque[set[Entry]]] = defaultdict(deque)
        """What comes with the commits that children have made ready, in their order."""
        self._here = threading.local()

    def _settle(self, journal: Journal, entries: set[Entry]) -> None:
        is_top = not isinstance(journal._database, Uplink)
        (self._settled if is_top else self._own[journal]).update(entries)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Notice every commit of a run that goes on, and of its children."""
        old = (Journal._send, Journal.take, Uplink.data, Talk._absorb)
        send, take, data, absorb = old

        def noted_send(journal: Journal, *given: Any) -> None:
            send(journal, *given)
            if journal.broken is None and not isinstance(journal._database, Uplink):
                self.commits += 1
                self.entries = [each for each in JOURNAL.entries if each in self._settled]

        def noted_take(journal: Journal, branch: Branch, *given: Any) -> None:
            is_own = not getattr(self._here, "absorbs", False)
            if is_own and (is_sound(branch) or is_over(journal, branch)):
                lane = lane_of(branch)
                done = {e for e in JOURNAL.entries if e.lane[: len(lane)] == lane}
                self._settle(journal, done)
            take(journal, branch, *given)

        def noted_data(uplink: Any, commit: Any) -> Any:
            journal = uplink._run.journal
            told = self._own.pop(journal, set())
            self._flying[uplink._link.child_id, uplink._number].append(told)
            return data(uplink, commit)

        def noted_absorb(talk: Any, commit: Any, **given: Any) -> None:
            told = self._flying[talk._child.id, commit["n"]].popleft()
            run = talk._part.run
            with run.lock:
                if run.journal is not None:
                    self._settle(run.journal, told)
                self._here.absorbs = True
                try:
                    absorb(talk, commit, **given)
                finally:
                    self._here.absorbs = False

        Journal._send, Journal.take = noted_send, noted_take  # type: ignore[method-assign]
        Uplink.data, Talk._absorb = noted_data, noted_absorb  # type: ignore[method-assign]
        try:
            yield
        finally:
            Journal._send, Journal.take, Uplink.data, Talk._absorb = old  # type: ignore[method-assign]


def undisturbed(workflow: Workflow) -> tuple[Seen, int, int]:
    """Run it on a database; gives how many commits and frames that takes, too."""
    written = Written()
    JOURNAL.start()
    clock = FakeClock()
    ETHER.start(clock)
    with (
        written.listening(),
        closing(SQLite(":memory:")) as database,
        runner(clock, db=database) as it,
    ):
        result = it.run(workflow)
    ETHER.settle()
    return seen(outcome_of(result), result), written.commits, ETHER.frames


def child_dies(workflow: Workflow, frame: int) -> tuple[Result, Result | None, Seen]:
    """Have a child die before it sends a frame; gives what came of it, and of a resumption."""
    written = Written()
    JOURNAL.start()
    with closing(SQLite(":memory:")) as database:
        clock = FakeClock()
        ETHER.start(clock, frame)
        with written.listening(), runner(clock, db=database) as it:
            first = it.run(workflow, run_id="r")
        ETHER.settle()
        if first.ok:
            return first, None, seen(outcome_of(first), first)
        JOURNAL.start(written.entries)
        ETHER.start(clock)
        with runner(clock, db=database) as it:
            result = it.resume("r")
        ETHER.settle()
        return first, result, seen(outcome_of(result), result)


def parent_dies(workflow: Workflow, commits: int) -> Seen:
    """Let the parent crash after so many commits, and go on with what is left of it."""
    written = Written()
    JOURNAL.start()
    with closing(SQLite(":memory:")) as database:
        doomed: Any = Doomed(database, commits)
        clock = FakeClock()
        ETHER.start(clock)
        with written.listening(), runner(clock, db=doomed, lease=LEASE) as it:
            try:
                result = it.run(workflow, run_id="r")
            except Crash:
                pass
            else:
                return seen(outcome_of(result), result)
        ETHER.settle()
        JOURNAL.start(written.entries)
        ETHER.start(clock)
        with runner(clock, db=database, lease=LEASE) as it:
            result = it.run(workflow, run_id="r")
        ETHER.settle()
        return seen(outcome_of(result), result)
