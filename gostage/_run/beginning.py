"""Beginnings: what a run has around it and in its store when it starts; nothing here goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gostage._run.clock import SystemClock
from gostage._run.compiled import program_of
from gostage._run.execution import Execution
from gostage._run.messages import Hub
from gostage._run.scoping import put_initial
from gostage._run.surroundings import Surroundings
from gostage._store.store import Store
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    import logging

    from gostage._author.workflow import WorkflowDefinition
    from gostage._run.clock import Clock


def surroundings(clock: Clock | None = None) -> Surroundings:
    """What a run has around it when no runner gives more."""
    return Surroundings(clock or SystemClock(), Hub(), default_log)


def new_execution(workflow: WorkflowDefinition, around: Surroundings, run_id: str) -> Execution:
    """Make a run that has not begun; what cannot run is refused."""
    store = Store(clock=around.clock.now, codec=around.codec)
    return Execution(run_id, workflow, program_of(workflow), store, around)


def start_store(run: Execution, initial: Mapping[str, object] | None) -> None:
    """Fill the store a run begins with: the workflow's values, then the caller's."""
    put_initial(run.store, run.workflow.initial)
    if initial is not None and not isinstance(initial, Mapping):
        raise DefinitionError(
            f"initial= must be a dict, not {initial!r}",
            hint='it maps store keys to values: initial={"name": "Ada"}',
        )
    for key, value in (initial or {}).items():
        run.store[key] = value
    run.lines[0].commit()


def default_log() -> logging.Logger:
    """The logger of runs that are given none."""
    import logging  # 6 ms, and many runs never log

    return logging.getLogger("gostage")
