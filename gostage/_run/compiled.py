"""Compiled workflows: the program of a definition, kept with it while it stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._author.action import Action
from gostage._author.edits import EDITS
from gostage._author.tree import Flow, bodies_of
from gostage._engine.effects import CallApart
from gostage._engine.ops import Do, Part
from gostage._engine.program import compile_definition
from gostage._run.session import check_runnable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._author.workflow import WorkflowDefinition
    from gostage._db.protocol import Plan
    from gostage._engine.program import Program


class Compiled:
    """A program and the form of the definition it was made from."""

    __slots__ = ("_edits", "_form", "apart", "heads", "plan", "program")

    def __init__(self, definition: WorkflowDefinition) -> None:
        self.heads: list[object] = []
        """What the plan says beside the steps, as it was when the plan was made."""
        self.plan: Plan | None = None
        """What is stored of it, once somebody has asked for it."""
        self._edits = EDITS.count
        self._form = [(flow, len(flow.items), flow.changes) for flow in _flows(definition)]
        self.program = compile_definition(definition)
        check_runnable(self.program)
        self.apart = frozenset(_apart(self.program))
        """Where its parts are carried out that are not carried out here."""

    def flows(self) -> Iterator[Flow]:
        """The workflow and every body inside it."""
        return (flow for flow, _, _ in self._form)

    def is_current(self) -> bool:
        """Whether nothing was added to the definition, replaced or changed in it since."""
        return self._edits == EDITS.count and all(
            len(flow.items) == length and flow.changes == changes
            for flow, length, changes in self._form
        )


def _apart(program: Program) -> Iterator[Any]:  # Any: placements are opaque to the engine
    for op in program.ops.values():
        if isinstance(op, Part):
            yield op.isolate
        elif isinstance(op, Do) and isinstance(op.call, CallApart):
            action: Any = op.action  # Any: as above
            yield action.isolate


def program_of(workflow: WorkflowDefinition) -> Program:
    """The program of a workflow."""
    return compiled(workflow).program


def compiled(workflow: WorkflowDefinition) -> Compiled:
    """The compiled workflow; compiled again only when the definition has changed."""
    made = workflow._compiled  # noqa: SLF001 - it is kept there for this module
    if not isinstance(made, Compiled) or not made.is_current():
        made = workflow._compiled = Compiled(workflow)  # noqa: SLF001 - as above
    return made


def _flows(flow: Flow) -> Iterator[Flow]:
    todo = [flow]
    while todo:
        each = todo.pop()
        yield each
        for item in each.items:
            if not isinstance(item, Action):  # most items are, and they hold no body
                todo.extend(bodies_of(item))
