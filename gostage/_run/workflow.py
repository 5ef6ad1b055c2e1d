"""The workflow with its single steps: a definition that can be applied to a state.

What runs it is imported when something is run: most of the modules that define one run nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._author.workflow import WorkflowDefinition
from gostage._store.keys import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gostage._engine.describe import Transition
    from gostage._run.state import State
    from gostage._store.store import Store


class Workflow(WorkflowDefinition):
    """Stages and steps in order; run it with a runner, or step by step with `apply`."""

    def apply(
        self,
        state: Mapping[str, Any] | None = None,
        initial: Mapping[str, object] | None = None,
        *,
        data: object = MISSING,
        signals: Mapping[str, object] | None = None,
    ) -> State:
        """Do one step (at most one action or one condition) and give the new state.

        An error leaves the caller's state as it is, so the step may be applied again. A step that
        suspended stays so until it is given `data`; a `receive` takes its signal from `signals`.
        """
        from gostage._run import single  # 20 ms, here and below: what runs workflows

        return single.apply(self, state, initial, data, signals)

    async def aapply(
        self,
        state: Mapping[str, Any] | None = None,
        initial: Mapping[str, object] | None = None,
        *,
        data: object = MISSING,
        signals: Mapping[str, object] | None = None,
    ) -> State:
        """Do one step in the running event loop; see `apply`."""
        from gostage._run import single  # 20 ms

        return await single.aapply(self, state, initial, data, signals)

    def is_completed(self, state: Mapping[str, Any] | None) -> bool:
        """Whether nothing is left to do; a state of another flow is an error."""
        from gostage._run import single  # 20 ms

        return single.is_completed(self, state)

    def delay(self, state: Mapping[str, Any] | None) -> float:
        """How many seconds to wait before the next step; 0 if there is no need to."""
        from gostage._run import single  # 20 ms

        return single.delay(self, state)

    def awaited(self, state: Mapping[str, Any] | None) -> list[str]:
        """What the flow cannot go on without: names of signals, reasons of suspended steps."""
        from gostage._run import single  # 20 ms

        return single.awaited(self, state)

    def store(self, state: Mapping[str, Any] | None) -> Store:
        """The store of a state."""
        from gostage._run import single  # 20 ms

        return single.store(self, state)

    def transitions(self) -> tuple[Transition, ...]:
        """Every way through the flow, so that it can be drawn and inspected."""
        from gostage._engine.describe import transitions  # 1 ms
        from gostage._run.compiled import program_of  # 12 ms

        return transitions(program_of(self))
