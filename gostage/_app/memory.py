"""The books in memory: runs for as long as the process lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from gostage._app.books import check_same, check_workflow, checked_id, new_id
from gostage._app.runs import Entry, Runs
from gostage._engine.policy import as_seconds
from gostage._run import session
from gostage._run.beginning import new_execution, start_store
from gostage._run.deadlines import give_time
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from gostage._app.runs import RunInfo
    from gostage._run.events import Event
    from gostage._run.result import Result, Status
    from gostage._run.surroundings import Surroundings
    from gostage._run.workflow import Workflow


class Memory:
    """The runs of one runner that has no database."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._runs = Runs()

    def close(self) -> None:
        """Let go of everything."""

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
            return known.result if known.has_ended and known.result is not None else known
        id_ = new_id() if run_id is None else checked_id(run_id)
        check_workflow(workflow)
        execution = new_execution(workflow, self._around, id_)
        if timeout is not None:
            execution.timeout = as_seconds(timeout, what=f"timeout of run {id_!r}")
        start_store(execution, initial)
        return Entry(id_, workflow, execution)

    def announce(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None,
        run_id: str,
        timeout: timedelta | float | None,
    ) -> None:
        """Raise a mistake here."""
        self.open(workflow, initial, run_id, timeout)

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
        """Make a run ready to go on; the step that suspended first gets the data."""
        entry = self._runs.require(run_id)
        if entry.has_ended and entry.result is not None:
            return entry.result
        if entry.status == "waiting":
            entry.execution.resume_with(data)
        if timeout is not None:
            give_time(entry.execution, as_seconds(timeout, what=f"timeout of run {run_id!r}"))
        return entry

    def wake(self, run_id: str) -> Entry | Result:
        """Make a run ready to go on because its time has come."""
        return self._runs.require(run_id)

    # Any: whatever the `receive` expects.
    def signal(
        self,
        run_id: str,
        name: str,
        data: Any,  # noqa: ANN401
        *,
        run: bool,
    ) -> Entry | Result:
        """Give a run a signal; gives the run if it can go on with that here."""
        entry = self._runs.require(run_id)
        session.check_signal(entry.execution, name)
        if entry.has_ended and entry.result is not None:
            return entry.result
        entry.execution.deliver(name, data)
        if entry.owner is not None:
            return session.conclude(entry.execution, 0.0, status="running")
        return entry if run else session.conclude(entry.execution, 0.0)

    def cancel(self, run_id: str) -> Entry | bool:
        """Have a run stop; gives the run if somebody has to clean up after it here."""
        entry = self._runs.require(run_id)
        if not entry.execution.cancel():
            return False
        return True if entry.owner is not None else entry

    def doom(self, run_id: str) -> bool:
        """Have a run stop as soon as it begins; false if it has begun."""
        return self._runs.doom(run_id)

    def spare(self, run_id: str) -> None:
        """Forget that a run was to stop: whoever started it has come to an end."""
        self._runs.spare(run_id)

    def take(self, entry: Entry) -> None:
        """Have the calling thread go on with a run."""
        self._runs.take(entry)

    def release(self, entry: Entry) -> None:
        """Give a run back that goes on here no more."""
        self._runs.release(entry)

    def is_called_for(self, result: Result) -> bool:
        """Whether something came for a run in the moment when it left: it would be on its way."""
        return False

    def let_go(self) -> None:
        """Have every run come back after its current step."""
        self._runs.let_go()

    # ---------------------------------------------------------------- looking

    def status(self, run_id: str) -> Status:
        """How a run stands, or "pending" if it is not there yet."""
        entry = self._runs.find(run_id)
        return "pending" if entry is None else entry.status

    def listed(
        self,
        status: Status | None,
        workflow: str | None,
        tag: str | None,
        limit: int | None,
        after: str | None,
    ) -> list[RunInfo]:
        """The runs that fit, newest first."""
        infos = [entry.info() for entry in self._runs.newest_first()]
        if after is not None:
            ids = [info.run_id for info in infos]
            infos = infos[ids.index(self._runs.require(after).run_id) + 1 :]
        found = [
            info
            for info in infos
            if status in (None, info.status)
            and workflow in (None, info.workflow_id)
            and (tag is None or tag in info.tags)
        ]
        return found[:limit]

    def info(self, run_id: str) -> RunInfo:
        """One run."""
        return self._runs.require(run_id).info()

    def result(self, run_id: str) -> Result | None:
        """What became of a run so far."""
        return self._runs.require(run_id).result

    def history(self, run_id: str) -> list[Event]:
        """Nothing of the kind is kept in memory."""
        _need_database("history()")

    def fork(self, run_id: str, step: str) -> str:
        """Nobody knows any more where a run stood."""
        _need_database("fork()")

    # ---------------------------------------------------------------- forgetting

    def delete(self, run_id: str) -> None:
        """Forget a run that is not going on."""
        self._runs.drop(self._runs.require(run_id))

    def purge(self, before: float) -> int:
        """Forget the runs that ended before a time; gives how many."""
        old = [e for e in self._runs.newest_first() if e.has_ended and e.updated <= before]
        for entry in old:
            self._runs.drop(entry)
        return len(old)


def _need_database(what: str) -> NoReturn:
    raise DefinitionError(
        f"{what} needs a database, and this runner keeps its runs in memory",
        hint='give it one: Runner(db="runs.db")',
    )
