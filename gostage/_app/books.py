"""Books: what a runner needs of the place where its runs are kept, in memory or in a database."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Protocol, get_args

from gostage._run.result import Status
from gostage._run.workflow import Workflow
from gostage.errors import DefinitionError, NotFound, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from gostage._app.runs import Entry, RunInfo
    from gostage._run.events import Event
    from gostage._run.result import Result


class Books(Protocol):
    """The runs of one runner. What gives an `Entry` gives a run that can go on, and is expected to.

    What gives a `Result` says that there is nothing to go on with.
    """

    def open(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None,
        run_id: str | None,
        timeout: timedelta | float | None,
    ) -> Entry | Result:
        """Begin a run, or go on with that of the same id; one that has ended gives its result."""

    def announce(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None,
        run_id: str,
        timeout: timedelta | float | None,
    ) -> None:
        """Keep a run that is to begin soon; a mistake is raised here."""

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

    def wake(self, run_id: str) -> Entry | Result:
        """Make a run ready to go on because its time has come; a failed one is left alone."""

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

    def cancel(self, run_id: str) -> Entry | bool:
        """Have a run stop; gives the run if somebody has to clean up after it here."""

    def doom(self, run_id: str) -> bool:
        """Have a run stop as soon as it begins; false if it has begun."""

    def spare(self, run_id: str) -> None:
        """Forget that a run was to stop: whoever started it has come to an end."""

    def take(self, entry: Entry) -> None:
        """Have the calling thread go on with a run."""

    def release(self, entry: Entry) -> None:
        """Give a run back that goes on here no more."""

    def is_called_for(self, result: Result) -> bool:
        """Whether something came for a run that waits in the very moment when it left."""

    def let_go(self) -> None:
        """Have every run come back after its current step."""

    def status(self, run_id: str) -> Status:
        """How a run stands, or "pending" if it is not there yet."""

    def listed(
        self,
        status: Status | None,
        workflow: str | None,
        tag: str | None,
        limit: int | None,
        after: str | None,
    ) -> list[RunInfo]:
        """The runs that fit, newest first."""

    def info(self, run_id: str) -> RunInfo:
        """One run."""

    def result(self, run_id: str) -> Result | None:
        """What became of a run so far."""

    def history(self, run_id: str) -> list[Event]:
        """Everything that happened to a run."""

    def fork(self, run_id: str, step: str) -> str:
        """Make a run that stands where another one stood before a step; gives its id."""

    def delete(self, run_id: str) -> None:
        """Forget a run that is not going on."""

    def purge(self, before: float) -> int:
        """Forget the runs that ended before a time; gives how many."""

    def close(self) -> None:
        """Let go of everything."""


def new_id() -> str:
    """The id of a run that was given none."""
    return uuid.uuid4().hex


def checked_id(run_id: object) -> str:
    """The id that a caller chose."""
    if isinstance(run_id, str) and run_id:
        return run_id
    raise DefinitionError(f"a run's id is a text, not {run_id!r}", hint="run_id='order-17'")


def check_status(status: object) -> None:
    """Refuse a status that no run ever has."""
    known = get_args(Status)
    if status is not None and status not in known:
        raise NotFound(
            f"no run ever has the status {status!r}",
            hint=did_you_mean(str(status), known) or f"known: {', '.join(known)}",
        )


def check_workflow(workflow: object) -> None:
    """Refuse to run what is no workflow."""
    if not isinstance(workflow, Workflow):
        raise DefinitionError(
            f"a runner runs workflows, not {workflow!r}",
            hint="Workflow('id').do(…), or Workflow.from_dict(…) for a definition as data",
        )


def check_same(run_id: str, known: str, workflow: Workflow) -> None:
    """Refuse to take a run's id for another workflow's."""
    if known != workflow.id:
        raise DefinitionError(
            f"run {run_id!r} is of workflow {known!r}, not of {workflow.id!r}",
            hint="take another run_id; it is the key of one run of one workflow",
        )
