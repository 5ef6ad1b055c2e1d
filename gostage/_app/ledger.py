"""The ledger: the books of a runner that has a database; what a run does its journal writes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from gostage._app.books import check_same, check_workflow, checked_id, new_id
from gostage._app.holding import Holder
from gostage._app.past.reading import result_of, stored_steps
from gostage._app.past.saved import events_of
from gostage._app.rows import info_of, listed
from gostage._app.runs import Entry, Runs
from gostage._db.lease import owned_error
from gostage._db.protocol import DONE, Listing
from gostage._engine.policy import as_seconds
from gostage._run.deadlines import give_time
from gostage._run.keeper import Keeper
from gostage._run.session import unheard_error
from gostage._run.text import from_text, to_text
from gostage.errors import DatabaseError, GostageError, RunOwned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from gostage._app.runs import RunInfo
    from gostage._db.protocol import Database, RunRow
    from gostage._plugins.manager import Plugins
    from gostage._run.events import Event
    from gostage._run.records import StepRecord
    from gostage._run.result import Result, Status
    from gostage._run.surroundings import Surroundings
    from gostage._run.workflow import Workflow

    # Any: JSON-able data.
    Json = Any

PURGED: Final = 200
"""How many runs are forgotten in one transaction, so that others have a turn in between."""


class Ledger:
    """The runs of one runner in its database."""

    def __init__(
        self,
        database: Database,
        around: Surroundings,
        lease: float,
        plugins: Plugins | None,
    ) -> None:
        self.database = database
        self._around = around
        self._keeper = Keeper(database, lease)
        self._holder = Holder(database, around, lease, plugins)
        self._runs = Runs()
        """Those that go on here now."""
        self._lent: WeakSet[Result] = WeakSet()
        """Results whose records are read from the database when somebody asks for them."""

    def close(self) -> None:
        """Let go of everything but the database, which is closed next."""
        self._read_lent()
        self._keeper.close()
        self._holder.close()

    # ---------------------------------------------------------------- beginning

    def open(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None,
        run_id: str | None,
        timeout: timedelta | float | None,
    ) -> Entry | Result:
        """Begin a run, or go on with that of the same id; one that has ended gives its result."""
        known = None if run_id is None else self._runs.find(run_id)
        if known is not None:
            check_same(known.run_id, known.workflow.id, workflow)
            return known
        check_workflow(workflow)
        id_ = new_id() if run_id is None else checked_id(run_id)
        row = None if run_id is None else self.database.find(run_id)
        if row is None:
            execution = self._holder.begin(workflow, initial, id_, timeout)
            if execution is not None:
                return Entry(id_, workflow, execution)
            row = self._holder.require(id_)
        check_same(row.run_id, row.workflow, workflow)
        if row.ended is not None:
            return self.result_of(row)
        try:
            return self._reopen(id_, workflow)
        except RunOwned:
            row = self._holder.require(id_)
            if row.status in DONE:  # somebody was quicker
                return self.result_of(row)
            raise

    def announce(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None,
        run_id: str,
        timeout: timedelta | float | None,
    ) -> None:
        """Keep a run that is to begin soon; nobody holds it yet."""
        check_workflow(workflow)
        row = self.database.find(run_id)
        if row is None:
            self._holder.begin(workflow, initial, run_id, timeout, is_held=False)
        else:
            check_same(row.run_id, row.workflow, workflow)

    # ---------------------------------------------------------------- going on

    # Any: whatever the step that suspended expects.
    def resume(
        self,
        run_id: str,
        data: Any,  # noqa: ANN401
        *,
        accepts: bool,
        timeout: timedelta | float | None,
    ) -> Entry | Result:
        """Make a run ready to go on where it stands, also one that failed or was cancelled."""
        row = self._holder.require(run_id)
        if row.status in DONE:
            return self.result_of(row)
        try:
            entry = self._reopen(run_id, accepts=accepts)
        except RunOwned:
            row = self._holder.require(run_id)
            if row.status in DONE:  # somebody was quicker
                return self.result_of(row)
            raise
        run = entry.execution
        if timeout is not None:
            give_time(run, as_seconds(timeout, what=f"timeout of run {run_id!r}"))
        # Without data only a run that has nothing else to go on with means its suspended step.
        if data is not None or (row.status == "waiting" and not run.signals):
            run.resume_with(data)
        return entry

    def wake(self, run_id: str) -> Entry | Result:
        """Make a run ready to go on if it is still due; `RunOwned` if somebody was quicker."""
        return self._reopen(run_id, only_due=True)

    # Any: whatever the `receive` expects.
    def signal(
        self,
        run_id: str,
        name: str,
        data: Any,  # noqa: ANN401
        *,
        run: bool,
    ) -> Entry | Result:
        """Leave a signal for a run; gives the run if it waits, and nobody has it."""
        row = self._holder.require(run_id)
        self._check_signal(row, name)
        if row.status in DONE:
            return self.result_of(row)
        text = to_text(self._around.codec.encode(data))
        self.database.signal(run_id, name, text, self._around.clock.now())
        row = self._holder.require(run_id)
        if row.status != "waiting" or not run:
            return self.result_of(row)
        try:
            return self._reopen(run_id, only_due=True)
        except RunOwned:  # somebody was quicker, and has the signal
            return self.result_of(self._holder.require(run_id))

    def cancel(self, run_id: str) -> Entry | bool:
        """Have a run stop; gives the run if somebody has to clean up after it here."""
        live = self._runs.find(run_id)
        if live is not None:
            return live.execution.cancel()
        row = self._holder.require(run_id)
        if row.ended is not None:
            return False
        try:
            entry = self._reopen(run_id)
        except RunOwned:
            return self.database.ask_to_stop(run_id, self._around.clock.now())
        except GostageError:  # its code is not there, or not the same: nothing can be cleaned up
            self._holder.end(row)
            return True
        entry.execution.cancel()
        return entry

    def doom(self, run_id: str) -> bool:
        """Have a run stop as soon as it begins; false if it has begun."""
        if self._runs.find(run_id) is not None:
            return False  # no need to ask the database, which may be gone
        row = self.database.find(run_id)
        if row is None or row.status != "pending":
            return False
        return self.database.ask_to_stop(run_id, self._around.clock.now())

    def spare(self, run_id: str) -> None:
        """Nothing has to be forgotten: it stands in the run's own row."""

    def _reopen(
        self,
        run_id: str,
        workflow: Workflow | None = None,
        *,
        accepts: bool = False,
        only_due: bool = False,
    ) -> Entry:
        execution = self._holder.reopen(run_id, workflow, accepts=accepts, only_due=only_due)
        found: Any = execution.workflow  # Any: nothing but workflows is run
        entry = Entry(run_id, found, execution)
        self._runs.expect(entry)
        return entry

    # ---------------------------------------------------------------- while it goes on

    def take(self, entry: Entry) -> None:
        """Have the calling thread go on with a run, and keep its lease."""
        self._runs.take(entry)
        self._keeper.hold(entry.execution)

    def release(self, entry: Entry) -> None:
        """Give a run back that goes on here no more."""
        self._keeper.drop(entry.execution)
        self._runs.forget(entry)
        journal = entry.execution.journal
        if journal is None:
            return
        if journal.lease is not None and not isinstance(journal.broken, RunOwned):
            self._holder.let_go(journal.lease)
        result = entry.result
        if result is not None and entry.execution.is_resumed:
            entry.result = result.with_steps(lambda: self._steps(entry.run_id, result.error))
            self._lent.add(entry.result)

    def let_go(self) -> None:
        """Have every run come back after its current step."""
        self._runs.let_go()

    def is_called_for(self, result: Result) -> bool:
        """Whether something came for a run that waits in the very moment when it left."""
        row = self.database.find(result.run_id) if result.status == "waiting" else None
        return (
            row is not None
            and row.status == "waiting"
            and row.due is not None
            and row.due <= self._around.clock.now()
        )

    # ---------------------------------------------------------------- looking

    def listed(
        self,
        status: str | None,
        workflow: str | None,
        tag: str | None,
        limit: int | None,
        after: str | None,
    ) -> list[RunInfo]:
        """Runs as listings show them, newest first."""
        statuses = () if status is None else (status,)
        listing = Listing(statuses, workflow, tag, limit, after)
        return [info_of(row) for row in listed(self.database, listing)]

    def info(self, run_id: str) -> RunInfo:
        """One run as listings show it."""
        return info_of(self._holder.require(run_id))

    def history(self, run_id: str) -> list[Event]:
        """Everything that happened to a run."""
        return list(events_of(self._holder.require(run_id).run_id, self.database.log(run_id)))

    def fork(self, run_id: str, step: str) -> str:
        """Make a new run that stands where this one stood before a step; gives its id."""
        return self._holder.fork(run_id, step)

    def status(self, run_id: str) -> Status:
        """How a run stands, or "pending" if it is not there yet."""
        row = self.database.find(run_id)
        return "pending" if row is None else info_of(row).status

    def result(self, run_id: str) -> Result | None:
        """What became of a run so far."""
        return self.result_of(self._holder.require(run_id))

    def result_of(self, row: RunRow) -> Result:
        """What became of a run so far."""
        try:
            result = result_of(self.database, row, self._around)
        except DatabaseError:  # maybe for a class in its store, which its own code would define
            self._holder.import_code(row)
            result = result_of(self.database, row, self._around)
        self._lent.add(result)
        return result

    def _read_lent(self, run_id: str | None = None) -> None:
        """Read now what results that somebody still has would read later."""
        for result in list(self._lent):
            if run_id is None or result.run_id == run_id:
                with suppress(GostageError):  # who asks for the records is told again
                    _ = result.steps

    def _steps(self, run_id: str, error: BaseException | None) -> list[StepRecord]:
        row = self._holder.require(run_id)
        plan, rows = self.database.plan(row.plan), self.database.log(run_id)
        return stored_steps(plan, rows, run_id, error)

    def delete(self, run_id: str) -> None:
        """Forget a run that nobody has."""
        self._read_lent(run_id)
        row = self.database.delete(run_id, lambda row: not self._holder.is_held(row))
        if row is None:
            raise self._holder.unknown(run_id)
        if self._holder.is_held(row):
            raise owned_error(row)

    def purge(self, before: float) -> int:
        """Forget the runs that ended before a time, some at a time; gives how many."""
        self._read_lent()
        count = 0
        while True:
            found = self.database.purge(before, PURGED)
            count += found
            if found < PURGED:
                return count

    def _check_signal(self, row: RunRow, name: str) -> None:
        """Refuse a signal that no step of the run would ever take."""
        text = self.database.plan(row.plan)
        rows = [] if text is None else from_text(text)["structure"]
        names = {path.rpartition("/")[2] for path, kind in rows if kind == "receive"}
        if name in names:
            return
        stored = self.database.stored(row.run_id)
        branches = {} if stored is None else from_text(stored.position_json)["branches"]
        names |= {
            each["at"].rpartition("/")[2] for each in branches.values() if each["do"] == "listen"
        }
        if name not in names:
            raise unheard_error(row.workflow, name, sorted(names))
