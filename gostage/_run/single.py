"""Single steps: a workflow applied to a state, which gives the next one; no run stays behind."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._engine import position
from gostage._engine.plan import Plan
from gostage._run import session, state
from gostage._run.beginning import new_execution, start_store, surroundings
from gostage._run.clock import SystemClock
from gostage._run.compiled import program_of
from gostage._run.drive import Shell
from gostage._run.packing import StorePacking
from gostage._store.keys import MISSING
from gostage._store.store import Store
from gostage.errors import Bailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gostage._author.workflow import WorkflowDefinition
    from gostage._run.execution import Execution
    from gostage._run.state import State

    # Any: JSON-able data.
    Given = Mapping[str, Any] | None


def apply(
    workflow: WorkflowDefinition,
    before: Given,
    initial: Mapping[str, object] | None,
    data: object,
    signals: Mapping[str, object] | None,
) -> State:
    """Do one step, and give the new state."""
    run = _stand(workflow, before, initial, data, signals)
    if run is None:
        return dict(before or {})
    return _stepped(run, before, Shell(run).drive(session.stretch(run)))


async def aapply(
    workflow: WorkflowDefinition,
    before: Given,
    initial: Mapping[str, object] | None,
    data: object,
    signals: Mapping[str, object] | None,
) -> State:
    """Do one step in the running event loop."""
    from gostage._run.adrive import AsyncShell  # 40 ms: only async callers need asyncio

    run = _stand(workflow, before, initial, data, signals)
    if run is None:
        return dict(before or {})
    return _stepped(run, before, await AsyncShell(run).drive(session.stretch(run)))


def is_completed(workflow: WorkflowDefinition, value: Given) -> bool:
    """Whether nothing is left to do."""
    checked = _checked(workflow, value)
    return checked is not None and "ended" in checked


def delay(workflow: WorkflowDefinition, value: Given) -> float:
    """How many seconds to wait before the next step."""
    now = SystemClock().now()
    return min((_wait(effect, now) for effect in _outstanding(workflow, value)), default=0.0)


def awaited(workflow: WorkflowDefinition, value: Given) -> list[str]:
    """What the flow cannot go on without; nothing as long as some branch can go on."""
    effects = _outstanding(workflow, value)
    names = [effect.op.name for effect in effects if isinstance(effect, fx.Listen)]
    names += [effect.reason for effect in effects if isinstance(effect, fx.Hold)]
    return names if len(names) == len(effects) else []


def store(workflow: WorkflowDefinition, value: Given) -> Store:
    """The store of a state."""
    checked = _checked(workflow, value)
    return Store() if checked is None else state.store_of(checked, surroundings())


def _outstanding(workflow: WorkflowDefinition, value: Given) -> list[fx.Effect | None]:
    """What each branch that could go on needs next."""
    checked = _checked(workflow, value)
    if checked is None or "ended" in checked:
        return []
    machine = position.load(Plan(program_of(workflow)), checked["position"], StorePacking())
    return [branch.effect for branch in machine.branches.values() if not branch.children]


def _checked(workflow: WorkflowDefinition, value: Given) -> State | None:
    checked = state.check(value, workflow.id)
    if checked is not None and "position" in checked:
        position.load(Plan(program_of(workflow)), checked["position"], StorePacking())
    return checked


def _stand(
    workflow: WorkflowDefinition,
    value: Given,
    initial: Mapping[str, object] | None,
    data: object,
    signals: Mapping[str, object] | None,
) -> Execution | None:
    checked = state.check(value, workflow.id)
    if checked is not None and "ended" in checked:
        return None
    if checked is None:
        run = new_execution(workflow, surroundings(), uuid.uuid4().hex)
        start_store(run, initial)
    else:
        run = state.load(checked, workflow, program_of(workflow), surroundings())
    run.left = 1
    for name, signal in (signals or {}).items():
        session.check_signal(run, name)
        run.deliver(name, signal)
    if data is not MISSING:
        run.resume_with(data)
    return run


def _stepped(run: Execution, before: Given, torn: BaseException | None) -> State:
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
