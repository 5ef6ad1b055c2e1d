"""The run as middleware, actions and handlers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from gostage._run.execution import Execution
    from gostage._run.workflow import Workflow
    from gostage._store.store import Store


class RunView:
    """One run: who it is, its store and its log; `deadline` limits everything inside the caller."""

    __slots__ = ("_execution", "_limit", "resuming", "store")

    def __init__(
        self,
        execution: Execution,
        store: Store,
        limit: Callable[[float], None] | None = None,
        *,
        resuming: bool = False,
    ) -> None:
        self._execution = execution
        self._limit = limit
        self.store = store
        self.resuming = resuming
        """Whether the run goes on after it has waited: what is inside had begun already."""

    @property
    def id(self) -> str:
        """The run's id."""
        return self._execution.run_id

    @property
    def workflow(self) -> Workflow:
        """The workflow that runs."""
        return cast("Workflow", self._execution.workflow)  # nothing else is run

    @property
    def log(self) -> logging.Logger:
        """Where the run logs to."""
        return self._execution.log

    @property
    def cancelled(self) -> bool:
        """Whether the run was told to stop."""
        return self._execution.cancelled

    def cancel(self) -> bool:
        """Tell the run to stop before its next step."""
        return self._execution.cancel()

    def deadline(self, seconds: float) -> None:
        """Give everything inside the calling middleware so many seconds from now."""
        if self._limit is not None:
            self._limit(self._execution.clock.now() + seconds)

    def __repr__(self) -> str:
        return f"<run {self.id!r} of {self.workflow.id!r}>"
