"""The workflow with its single steps: a definition that can be applied to a state."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gostage._author.action import Action
from gostage._author.edits import EDITS
from gostage._author.tree import Flow, bodies_of
from gostage._author.workflow import WorkflowDefinition
from gostage._engine import effects as fx
from gostage._engine import position
from gostage._engine.describe import transitions
from gostage._engine.plan import Plan
from gostage._engine.program import compile_definition
from gostage._run import session, state
from gostage._run.clock import SystemClock
from gostage._run.drive import Shell
from gostage._run.execution import Execution, Surroundings
from gostage._run.messages import Hub
from gostage._run.packing import StorePacking
from gostage._run.scoping import put_initial
from gostage._store.keys import MISSING
from gostage._store.store import Store
from gostage.errors import Bailed, DefinitionError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

    from gostage._engine.describe import Transition
    from gostage._engine.program import Program
    from gostage._run.clock import Clock
    from gostage._run.state import State


class Workflow(WorkflowDefinition):
    """Stages and steps in order; run it with a runner, or step by step with `apply`."""

    _compiled: Compiled | None = None

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
        run = self._stand(state, initial, data, signals)
        if run is None:
            return dict(state or {})
        return _stepped(run, state, Shell(run).drive(session.stretch(run)))

    async def aapply(
        self,
        state: Mapping[str, Any] | None = None,
        initial: Mapping[str, object] | None = None,
        *,
        data: object = MISSING,
        signals: Mapping[str, object] | None = None,
    ) -> State:
        """Do one step in the running event loop; see `apply`."""
        from gostage._run.adrive import AsyncShell  # 40 ms: only async callers need asyncio

        run = self._stand(state, initial, data, signals)
        if run is None:
            return dict(state or {})
        return _stepped(run, state, await AsyncShell(run).drive(session.stretch(run)))

    def is_completed(self, state: Mapping[str, Any] | None) -> bool:
        """Whether nothing is left to do; a state of another flow is an error."""
        checked = self._checked(state)
        return checked is not None and "ended" in checked

    def delay(self, state: Mapping[str, Any] | None) -> float:
        """How many seconds to wait before the next step; 0 if there is no need to."""
        checked = self._checked(state)
        if checked is None or "ended" in checked:
            return 0.0
        machine = position.load(Plan(program_of(self)), checked["position"], StorePacking())
        now = _CLOCK.now()
        waits = [_wait(b.effect, now) for b in machine.branches.values() if not b.children]
        return min(waits, default=0.0)

    def awaited(self, state: Mapping[str, Any] | None) -> list[str]:
        """What the flow cannot go on without: names of signals, reasons of suspended steps."""
        checked = self._checked(state)
        if checked is None or "ended" in checked:
            return []
        machine = position.load(Plan(program_of(self)), checked["position"], StorePacking())
        leaves = [b.effect for b in machine.branches.values() if not b.children]
        names = [effect.op.name for effect in leaves if isinstance(effect, fx.Listen)]
        names += [effect.reason for effect in leaves if isinstance(effect, fx.Hold)]
        return names if len(names) == len(leaves) else []

    def store(self, state: Mapping[str, Any] | None) -> Store:
        """The store of a state."""
        checked = self._checked(state)
        return Store() if checked is None else _load_store(checked)

    def transitions(self) -> tuple[Transition, ...]:
        """Every way through the flow, so that it can be drawn and inspected."""
        return transitions(program_of(self))

    def _checked(self, value: Mapping[str, Any] | None) -> State | None:
        checked = state.check(value, self.id)
        if checked is not None and "position" in checked:
            position.load(Plan(program_of(self)), checked["position"], StorePacking())
        return checked

    def _stand(
        self,
        value: Mapping[str, Any] | None,
        initial: Mapping[str, object] | None,
        data: object,
        signals: Mapping[str, object] | None,
    ) -> Execution | None:
        checked = state.check(value, self.id)
        if checked is not None and "ended" in checked:
            return None
        if checked is None:
            run = new_execution(self, surroundings(), uuid.uuid4().hex)
            start_store(run, initial)
        else:
            run = state.load(checked, self, program_of(self), surroundings())
        run.left = 1
        for name, signal in (signals or {}).items():
            session.check_signal(run, name)
            run.deliver(name, signal)
        if data is not MISSING:
            run.resume_with(data)
        return run


def surroundings(clock: Clock | None = None) -> Surroundings:
    """What a run has around it when no runner gives more."""
    return Surroundings(clock or _CLOCK, Hub(), default_log)


def program_of(workflow: WorkflowDefinition) -> Program:
    """The compiled workflow; compiled again only when the definition has changed."""
    if not isinstance(workflow, Workflow):
        return Compiled(workflow).program
    made = workflow._compiled  # noqa: SLF001 - this module keeps it there
    if made is None or not made.is_current():
        made = workflow._compiled = Compiled(workflow)  # noqa: SLF001 - as above
    return made.program


def new_execution(workflow: WorkflowDefinition, around: Surroundings, run_id: str) -> Execution:
    """Make a run that has not begun; what cannot run is refused."""
    return Execution(run_id, workflow, program_of(workflow), Store(clock=around.clock.now), around)


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
    run.lines[0].undo.commit()


def default_log() -> logging.Logger:
    """The logger of runs that are given none."""
    import logging  # 6 ms, and many runs never log

    return logging.getLogger("gostage")


_CLOCK = SystemClock()


def _stepped(run: Execution, before: Mapping[str, Any] | None, torn: BaseException | None) -> State:
    end = run.machine.end
    error = torn if end is None else end.error
    if error is not None and not isinstance(error, Bailed):
        raise error
    after = state.dump(run)
    is_idle = run.left == 1 and before is not None
    if is_idle and before and all(after.get(k) == before.get(k) for k in ("position", "signals")):
        return dict(before)  # nothing was due
    return after


def _wait(effect: fx.Effect | None, now: float) -> float:
    if not isinstance(effect, fx.Pause):
        return 0.0
    if effect.until is None:
        return effect.seconds
    return max(0.0, effect.until - now)


def _load_store(checked: State) -> Store:
    return state.store_of(checked, surroundings())


class Compiled:
    """A program and the form of the definition it was made from."""

    __slots__ = ("_edits", "_form", "program")

    def __init__(self, definition: WorkflowDefinition) -> None:
        self._edits = EDITS.count
        self._form = [(flow, len(flow.items), flow.changes) for flow in _flows(definition)]
        self.program = compile_definition(definition)
        session.check_runnable(self.program)

    def is_current(self) -> bool:
        """Whether nothing was added to the definition, replaced or changed in it since."""
        return self._edits == EDITS.count and all(
            len(flow.items) == length and flow.changes == changes
            for flow, length, changes in self._form
        )


def _flows(flow: Flow) -> Iterator[Flow]:
    todo = [flow]
    while todo:
        each = todo.pop()
        yield each
        for item in each.items:
            if not isinstance(item, Action):  # most items are, and they hold no body
                todo.extend(bodies_of(item))
