"""Carrying: what a run asks of whoever has its parts carried out in children; it starts none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from gostage._author.isolate import Isolate
    from gostage._author.workflow import WorkflowDefinition
    from gostage._engine.branch import Branch
    from gostage._engine.effects import Outcome
    from gostage._engine.forks import ForEach
    from gostage._run.execution import Execution
    from gostage._run.parts import Part
    from gostage._run.requests import Drive
    from gostage._run.result import Result
    from gostage._run.workflow import Workflow


class Carrier(Protocol):
    """Has parts carried out in children; each call blocks its thread."""

    def __call__(self, part: Part) -> Outcome | None:
        """Carry out a part; nothing comes of it yet if it waits for the outside world."""

    def driver(self, op: ForEach) -> Drive | None:
        """What drives the items of a for-each in one thread, if that is the way to do it."""

    def spawn(
        self,
        workflow: Workflow | Mapping[str, Any],  # Any: JSON-able data
        initial: Mapping[str, object] | None,
        backend: str | Isolate | None,
        timeout: timedelta | float | None,
    ) -> Result:
        """Run a whole workflow in a child, with a store of its own."""

    def check(self, workflow: WorkflowDefinition) -> None:
        """Refuse a workflow that asks for children of a backend that is not there."""

    def release(
        self, run: Execution, op: ForEach | None = None, branch: Branch | None = None
    ) -> None:
        """Let go of the children kept warm for a for-each of a branch, or for the whole run."""

    def close(self) -> None:
        """End all children."""


class _None:
    """Where there is no runner, nobody starts children."""

    def __call__(self, part: Part) -> NoReturn:
        raise _refusal(part.label)

    def driver(self, op: ForEach) -> None:
        pass

    # Any: it takes what a carrier takes.
    def spawn(self, *_: Any) -> NoReturn:  # noqa: ANN401 - as above
        raise _refusal("spawn()")

    def check(self, workflow: WorkflowDefinition) -> None:
        pass

    def release(
        self, run: Execution, op: ForEach | None = None, branch: Branch | None = None
    ) -> None:
        pass

    def close(self) -> None:
        pass


def _refusal(what: str) -> DefinitionError:
    return DefinitionError(
        f"{what} asks for a child process, and there is no runner to start one",
        hint="run it with Runner().run(workflow), or take out isolate= or spawn()",
    )


NO_CARRIER: Final[Carrier] = _None()
