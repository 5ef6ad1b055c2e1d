"""The result of a run: what became of it, its store and the record of every item."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gostage.errors import RunFailed, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gostage._run.records import StepRecord
    from gostage._store.store import Store

Status = Literal[
    "completed",
    "failed",
    "bailed",
    "cancelled",
    "waiting",
    "sleeping",
    "running",
    "pending",
    "interrupted",
    "blocked",
]


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why a run does not go on: its step said so, it waits for a signal, or it sleeps.

    The data is the step's own, or has `signal`, or `until`.
    """

    reason: str
    # Any: the step's own data.
    data: Mapping[str, Any] = field(default_factory=dict)


class Result:
    """What became of one run."""

    __slots__ = (
        "__weakref__",
        "_list_steps",
        "_steps",
        "bail_reason",
        "duration",
        "error",
        "exit_code",
        "pid",
        "run_id",
        "status",
        "store",
        "suspended",
        "text",
        "where",
        "workflow_id",
    )

    def __init__(
        self,
        *,
        run_id: str,
        workflow_id: str,
        status: Status,
        store: Store,
        duration: float,
        list_steps: Callable[[], Sequence[StepRecord]],
        error: BaseException | None = None,
        text: str = "",
        where: Where | None = None,
        bail_reason: str | None = None,
        suspended: Suspension | None = None,
        pid: int | None = None,
        exit_code: int | None = None,
    ) -> None:
        self.run_id = run_id
        self.workflow_id = workflow_id
        self.status: Status = status
        self.store = store
        self.duration = duration
        self.error = error
        self.bail_reason = bail_reason
        self.suspended = suspended
        self.text = text
        self.pid = pid
        """The process of the last child that carried out a part of it, if any did."""
        self.exit_code = exit_code
        self.where = where or Where(run=run_id)
        self._list_steps = list_steps
        self._steps: tuple[StepRecord, ...] | None = None

    @property
    def ok(self) -> bool:
        """Whether the run completed, or ended early on purpose."""
        return self.status in ("completed", "bailed")

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """A record of every item of the run, in workflow order."""
        if self._steps is None:
            self._steps = tuple(self._list_steps())
        return self._steps

    def with_steps(self, list_steps: Callable[[], Sequence[StepRecord]]) -> Result:
        """The same result, with records that come from elsewhere."""
        self._list_steps, self._steps = list_steps, None
        return self

    def raise_for_error(self) -> Result:
        """Raise RunFailed, with the original error as its cause, unless the run is fine."""
        if self.error is not None:
            hint = getattr(self.error, "hint", "")
            raise RunFailed(self.text, hint=hint, where=self.where) from self.error
        return self

    def __repr__(self) -> str:
        return f"<result {self.status} of {self.workflow_id!r} run={self.run_id!r}>"


def format_results(results: Sequence[Result]) -> str:
    """Show several results as text: a line for each and a summary."""
    if not results:
        return "No workflows executed"
    lines = []
    for number, result in enumerate(results, 1):
        word = "SUCCESS" if result.ok else result.status.upper()
        lines.append(f"Workflow {number}: {result.workflow_id} - {word} ({result.duration:.3f}s)")
        if result.error is not None:
            lines.append(f"  Error: {result.text or result.error}")
    done = sum(result.ok for result in results)
    return "\n".join([*lines, f"Summary: {done}/{len(results)} workflows succeeded"])
