"""Whole workflows in a child: what runs them is a workflow with that one step."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gostage._engine.policy import as_seconds
from gostage._run import session
from gostage._run.beginning import new_execution, start_store
from gostage._run.drive import Shell
from gostage._run.workflow import Workflow
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from datetime import timedelta

    from gostage._author.isolate import Isolate
    from gostage._run.result import Result
    from gostage._run.surroundings import Surroundings


class Alone(Workflow):
    """A workflow that only runs another one in a child; it ends as that one does."""

    is_alone = True


def alone(
    workflow: Workflow | Mapping[str, Any],  # Any: JSON-able data
    backend: str | Isolate | None,
    timeout: timedelta | float | None,
) -> Alone:
    """Make the workflow that runs it in a child."""
    whole = Workflow.from_dict(workflow) if isinstance(workflow, Mapping) else workflow
    if not isinstance(whole, Workflow):
        raise DefinitionError(
            f"spawn() takes a workflow or a definition, not {workflow!r}",
            hint="give a Workflow, or the dict that its to_dict() gave",
        )
    seconds = None if timeout is None else as_seconds(timeout, what="timeout of spawn()")
    made = Alone(whole.id, name=whole.name, tags=whole.tags)
    return made.spawn(whole.id, whole, backend=backend, timeout=seconds)


def spawn(around: Surroundings, alone: Alone, initial: Mapping[str, object] | None) -> Result:
    """Run it to its end, in memory, from inside an action."""
    run = new_execution(alone, around, uuid.uuid4().hex)
    start_store(run, initial)
    result: Result = Shell(run).drive(session.journey(run))
    return result
