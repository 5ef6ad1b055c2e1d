"""States: a flow between two single steps, as a small JSON value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gostage._engine import position
from gostage._run.execution import Execution
from gostage._run.kept import FOREIGN, Kept
from gostage._run.packing import StorePacking
from gostage._store.store import Store
from gostage._store.transaction import export_changes, fork_with
from gostage.errors import StoreError, UnknownState

if TYPE_CHECKING:
    from gostage._author.workflow import WorkflowDefinition
    from gostage._engine.program import Program
    from gostage._run.surroundings import Surroundings

# Any: JSON-able data.
State = dict[str, Any]
_FORMAT = 1
_PACKING = StorePacking()


def check(state: object, flow: str) -> State | None:
    """Refuse what is not a state of this flow; None is the state before the first step."""
    if state is None:
        return None
    if not isinstance(state, Mapping) or "workflow" not in state or "store" not in state:
        raise UnknownState(f"this is no state of a flow: {_short(state)}")
    if state.get("gostage") != _FORMAT:
        raise UnknownState(
            f"the state has format {state.get('gostage')!r}, and this version reads {_FORMAT}"
        )
    if not isinstance(state.get("run"), str):
        raise UnknownState("the state does not say which run it is of")
    if state["workflow"] != flow:
        raise UnknownState(f"the state is of flow {state['workflow']!r}, not of {flow!r}")
    if "ended" not in state and "position" not in state:
        raise UnknownState("the state says neither where the flow stands nor that it has ended")
    return dict(state)


def store_of(state: State, around: Surroundings) -> Store:
    """Load the store of a state."""
    try:
        return Store.load(state["store"], clock=around.clock.now)
    except StoreError as error:
        raise UnknownState(f"the state's store does not read: {error}") from error


def load(
    state: State, workflow: WorkflowDefinition, program: Program, around: Surroundings
) -> Execution:
    """Stand where the state says."""
    run = Execution(state["run"], workflow, program, store_of(state, around), around)
    run.machine = position.load(run.plan, state["position"], _PACKING)
    try:
        load_lines(run, state.get("branches") or {})
        _load_parts(run, state.get("parts") or {})
        for name, waiting in (state.get("signals") or {}).items():
            run.signals[name] = [(0, _PACKING.unpack_value(signal)) for signal in waiting]
    except UnknownState:
        raise
    except (StoreError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnknownState(f"the stores of the state's branches do not read: {error}") from error
    return run


def dump(run: Execution) -> State:
    """Write down where the run stands, or how it ended."""
    state: State = {
        "gostage": _FORMAT,
        "workflow": run.workflow.id,
        "run": run.run_id,
        "store": run.store.export(),
    }
    end = run.machine.end
    if end is not None:
        return {**state, "ended": "completed" if end.error is None else "bailed"}
    state["position"] = position.dump(run.machine, _PACKING)
    if run.signals:
        state["signals"] = {
            n: [_PACKING.pack_value(s) for _, s in each] for n, each in run.signals.items()
        }
    parts = {str(key): kept.to_data() for key, kept in run.parts.items() if kept.position}
    if parts:
        state["parts"] = parts
    branches = {str(key): export_changes(line.store) for key, line in run.lines.items() if key}
    return {**state, "branches": branches} if branches else state


def _load_parts(run: Execution, data: Mapping[str, Any]) -> None:
    """Know what was kept of the children that carried out parts."""
    for branch in run.machine.branches.values():
        for id_, frame in branch.frames.items():
            op = run.plan.find(id_, branch.zone) if "part" in frame else None
            if op is not None:
                kept = run.parts[branch.key] = Kept.from_data(op, frame["part"])
                kept.fill(data[str(branch.key)])
                run.foreign = max(run.foreign, *kept.numbers.values(), FOREIGN)


def load_lines(run: Execution, data: Mapping[str, Any]) -> None:
    """Give the branches of a run the stores that were exported."""
    parents = {b.key: b.parent for b in run.machine.branches.values()}
    ended = {
        key: branch
        for branch in run.machine.branches.values()
        for frame in branch.frames.values()
        for key in frame.get("ended", {}).values()
    }
    for text, changes in sorted(data.items(), key=lambda pair: int(pair[0])):
        key = int(text)
        parent = parents.get(key) or ended.get(key)
        if parent is None:
            raise UnknownState(f"the state has a store for branch {key}, which is not there")
        run.lines[key] = run.new_line(fork_with(run.line(parent).store, changes))


def _short(value: object) -> str:
    text = repr(value)
    limit = 60
    return text if len(text) <= limit else f"{text[:limit]}…"
