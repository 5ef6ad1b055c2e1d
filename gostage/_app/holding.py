"""Holding: a run in a database becomes an execution of this process, and is given back.

It owns and compares; what a run does is written by its journal.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gostage._app import again, forking
from gostage._author.loading import being_loaded
from gostage._db.lease import is_over, owned_error
from gostage._db.owner import is_alive, this_process
from gostage._db.protocol import DONE, OWNED, Commit, NewRun, RunRow, Stop, Stored
from gostage._engine.policy import as_seconds
from gostage._run import stored as storing
from gostage._run.beginning import new_execution, start_store
from gostage._run.journal import Journal
from gostage._run.planned import plan_of
from gostage._run.text import from_text, to_text
from gostage.errors import (
    DatabaseError,
    DefinitionError,
    NotFound,
    RunBlocked,
    UnknownState,
    Where,
    did_you_mean,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from gostage._db.protocol import Database, Lease, Plan
    from gostage._plugins.manager import Plugins
    from gostage._run.execution import Execution
    from gostage._run.surroundings import Surroundings
    from gostage._run.workflow import Workflow

    # Any: JSON-able data.
    Json = Any


class Holder:
    """What takes runs of one database into this process."""

    def __init__(
        self, database: Database, around: Surroundings, lease: float, plugins: Plugins | None
    ) -> None:
        self.database = database
        self._around = around
        self._lease = lease
        self._plugins = plugins
        self._known: dict[str, Workflow] = {}
        self._stuck: dict[str, Lease] = {}
        """Leases that could not be given back, as the database did not take anything."""

    def _until(self) -> float:
        """Until when a lease that is given now counts."""
        return time.time() + self._lease

    # ---------------------------------------------------------------- looking

    def require(self, run_id: str) -> RunRow:
        """The run of this id; an unknown one is an error."""
        row = self.database.find(run_id)
        if row is None:
            raise self.unknown(run_id)
        return row

    def unknown(self, run_id: str) -> NotFound:
        """Say that there is no such run, and which one may be meant."""
        close = did_you_mean(str(run_id), self.database.ids(str(run_id)[:3], 50))
        return NotFound(
            f"no run {run_id!r} in {self.database.url}",
            hint=close or "`gostage runs` lists those there are",
        )

    # ---------------------------------------------------------------- beginning

    def begin(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None,
        run_id: str,
        timeout: timedelta | float | None,
        *,
        is_held: bool = True,
    ) -> Execution | None:
        """Keep a new run, and hold it; nothing if there is a run of this id."""
        _check_not_loading(workflow)
        execution = new_execution(workflow, self._around, run_id)
        if timeout is not None:
            execution.timeout = as_seconds(timeout, what=f"timeout of run {run_id!r}")
        journal = Journal(execution, self.database)
        execution.save_to(journal)
        start_store(execution, initial)
        source = self._around.source or again.source_of(workflow)
        plan = plan_of(workflow, self._around.codec, is_held=source is not None)
        about = {
            "source": source,
            "root": self._around.root,
            "timeout": execution.timeout,
        }
        new = NewRun(
            run_id,
            workflow.id,
            tuple(workflow.tags),
            execution.clock.now(),
            plan,
            to_text(about),
            # Whoever announces it begins it soon; a worker does so if that process dies before.
            due=None if is_held else execution.clock.now() + self._lease,
        )
        owner = this_process() if is_held else None
        lease = self.database.create(new, journal.first(), owner, self._until())
        if lease is None:
            return None
        self._known[workflow.id] = workflow
        journal.lease = lease
        return execution

    # ---------------------------------------------------------------- taking and giving

    def reopen(
        self,
        run_id: str,
        workflow: Workflow | None = None,
        *,
        accepts: bool = False,
        only_due: bool = False,
    ) -> Execution:
        """Hold a run and stand where it stood; a run that failed tries again there."""
        row, lease = self._take(run_id, only_due=only_due)
        try:
            execution = self._restored(row, lease, workflow, accepts=accepts)
        except (RunBlocked, UnknownState) as error:
            outcome = {"text": error.message, "hint": error.hint}
            stop = Stop("blocked", None, to_text(outcome), known=self._known_signal(run_id))
            self.database.release(lease, stop)
            if isinstance(error, RunBlocked):
                raise
            raise _misfit(row, error) from error
        except BaseException:
            self._give_back(row, lease)
            raise
        return execution

    def let_go(self, lease: Lease) -> None:
        """Give a run back that was given up half way; it stands where it was last written."""
        try:
            self.database.release(lease, Stop("pending", self._around.clock.now()))
        except DatabaseError:
            self._stuck[lease.run_id] = lease

    def close(self) -> None:
        """Try again to give back what could not be given back."""
        while self._stuck:
            self.let_go(self._stuck.popitem()[1])
            if self._stuck:
                return  # the database is still not to be had

    def _give_back(self, row: RunRow, lease: Lease) -> None:
        is_left = row.status == OWNED
        status = "pending" if is_left else row.status
        due = self._around.clock.now() if is_left else row.due
        has_ended = row.ended is not None
        known = self._known_signal(row.run_id)
        stop = Stop(status, due, row.outcome_json, has_ended, known)
        self.database.release(lease, stop)

    def _known_signal(self, run_id: str) -> int:
        """The last signal that was left so far: it did not help, and a newer one may."""
        found = [each for box in self.database.inbox([(run_id, 0)]) for each in box.signals]
        return max((each.number for each in found), default=0)

    def _take(self, run_id: str, *, only_due: bool = False) -> tuple[RunRow, Lease]:
        """Hold a run; gives it as it was in that very moment."""
        me = this_process()
        until = self._until()
        now = until - self._lease
        seen: list[RunRow] = []
        stuck = self._stuck.pop(run_id, None)
        if stuck is not None:
            self.let_go(stuck)

        def is_free(row: RunRow) -> bool:
            seen[:] = [row]
            is_wanted = self._is_due(row) if only_due else row.status not in DONE
            return is_wanted and is_over(row, me, now, is_alive)

        taken = self.database.take(run_id, me, until, is_free)
        if taken is None:
            raise self.unknown(run_id)
        if isinstance(taken, RunRow):
            raise owned_error(taken)
        return seen[0], taken

    def _is_due(self, row: RunRow) -> bool:
        """Whether somebody should look after a run: it is left behind, or its time has come."""
        due = row.due
        return row.held is not None or (due is not None and due <= self._around.clock.now())

    def _restored(
        self, row: RunRow, lease: Lease, workflow: Workflow | None, *, accepts: bool
    ) -> Execution:
        stored = self.database.stored(row.run_id)
        text = self.database.plan(row.plan)
        if stored is None or text is None:
            raise DatabaseError(
                f"what is stored of run {row.run_id!r} is not complete",
                hint="`gostage runs` shows the others; a backup may have this one",
            )
        about = from_text(row.json)
        plan = from_text(text)
        found = again.workflow_for(
            row, plan, self._finder(row, workflow, about), self._around.codec
        )
        now = self._plan(found, about)
        changes = again.compare(row, plan, now, stored, accepts=accepts)
        execution = storing.restore(row.run_id, found, stored, self._around, self.database)
        execution.timeout = about.get("timeout")
        if row.ended is not None:
            storing.revive(execution)
        elif row.seq == 1 and about.get("parent") is not None:
            storing.renew(execution)
        journal = execution.journal
        if journal is not None:
            journal.lease = lease
            if now.digest != row.plan:
                journal.plan = now
            for kind, data in changes:
                journal.tell(kind, **data)
            if row.status == OWNED and row.held is not None:
                owner = row.held.owner
                journal.tell("run_taken_over", host=owner.host, pid=owner.pid)
        self._known[found.id] = found
        if row.is_cancelled:
            execution.cancel()
        return execution

    def _finder(
        self, row: RunRow, workflow: Workflow | None, about: Json
    ) -> Callable[[], Workflow | None]:
        def find() -> Workflow | None:
            known = workflow or self._known.get(row.workflow)
            if known is not None and (
                known is workflow or self._plan(known, about).digest == row.plan
            ):
                return known
            return again.find_again(about.get("source"), about.get("root"), self._plugins)

        return find

    def _plan(self, workflow: Workflow, about: Json) -> Plan:
        """The plan as it is now; what is found again by its source may hold any code."""
        is_held = about.get("source") is not None
        return plan_of(workflow, self._around.codec, is_held=is_held)

    def import_code(self, row: RunRow) -> None:
        """Import what a run is of, for the classes of the values in its store."""
        about = from_text(row.json)
        with suppress(Exception):  # whatever is wrong there, the values say what they miss
            again.find_again(about.get("source"), about.get("root"), self._plugins)

    def fork(self, run_id: str, step: str) -> str:
        """Make a run that stands where another one stood before a step, with the code as it is."""
        row = self.require(run_id)
        seq, position = forking.before(self.database, row, step)
        plan = from_text(self.database.plan(row.plan) or "{}")
        about = from_text(row.json)
        found = again.workflow_for(row, plan, self._finder(row, None, about), self._around.codec)
        now = self._plan(found, about)
        place = Stored(seq, position, (), (), (), ())
        again.compare(row, plan, now, place, accepts=True)  # the place must still be there
        first = forking.first_commit(self.database, row, place, step, self._around.clock.now())
        new = forking.new_run(row, now, step, first.at)
        self.database.create(new, first, None, 0.0)
        return new.run_id

    def is_held(self, row: RunRow) -> bool:
        """Whether somebody has a run, who is not known to be dead."""
        return row.held is not None and not is_over(row, this_process(), time.time(), is_alive)

    def end(self, row: RunRow) -> None:
        """End a run as cancelled without its code: what was open in it is left as it is."""
        _, lease = self._take(row.run_id)
        outcome = {"text": "", "error": None, "duration": 0.0}
        self.database.commit(
            lease,
            Commit(self._around.clock.now()),
            Stop("cancelled", None, to_text(outcome), has_ended=True),
        )


def _check_not_loading(workflow: Workflow) -> None:
    """Refuse to begin a run that would begin again in every process that imports the module."""
    what = being_loaded()
    if what is not None:
        raise DefinitionError(
            f"{what!r} runs workflow {workflow.id!r} while it is imported",
            hint='put the call under: if __name__ == "__main__":',
            where=Where(file=what),
        )


def _misfit(row: RunRow, error: UnknownState) -> RunBlocked:
    """Say that a run cannot stand where it stands with the steps as they are set up now."""
    return RunBlocked(
        f"run {row.run_id!r} is blocked: where it stands does not fit workflow {row.workflow!r} "
        f"any more: {error.message}",
        hint="put the step back as it was, or start over from a step: `gostage fork`",
        where=Where(run=row.run_id),
    )
