"""The run as middleware, actions and handlers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from gostage._author.workflow import WorkflowDefinition
    from gostage._run.execution import Execution
    from gostage._store.store import Store


class RunView:
    """One run: who it is, its store and its log; `deadline` limits everything inside the caller."""

    __slots__ = ("_execution", "_limit", "store")

    def __init__(
        self, execution: Execution, store: Store, limit: Callable[[float], None] | None = None
    ) -> None:
        self._execution = execution
        self._limit = limit
        self.store = store

    @property
    def id(self) -> str:
        """The run's id."""
        return self._execution.run_id

    @property
    def workflow(self) -> WorkflowDefinition:
        """The workflow that runs."""
        return self._execution.workflow

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
