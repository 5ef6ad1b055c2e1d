"""Joins: children of a branch, side by side, and what they leave put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._engine import forks
from gostage._plugins.notes import add_note, text_of
from gostage._store.transaction import join as join_stores
from gostage.errors import GostageError, ItemFailure, ItemsFailed

if TYPE_CHECKING:
    from gostage._engine.branch import Branch
    from gostage._run.execution import Execution
    from gostage._run.requests import Flow


def ready_children(run: Execution, branch: Branch) -> list[Branch]:
    """Children that can go on, the one whose turn it is first."""
    frame = branch.frames[branch.effect.op.id] if branch.effect is not None else {}
    turn = frame.get("turn", -1)
    children = [b for b in branch.children.values() if not is_parked(run, b)]
    return sorted(children, key=lambda b: (b.index <= turn, b.index))


def is_parked(run: Execution, branch: Branch) -> bool:
    """Whether the branch waits, and all below it do."""
    if branch.children:
        return all(is_parked(run, child) for child in branch.children.values())
    return branch.key in run.parked


def next_turn(branch: Branch, child: Branch) -> None:
    """Remember whose turn it was, so that single steps are dealt out evenly."""
    if branch.effect is not None:
        branch.frames[branch.effect.op.id]["turn"] = child.index


def join(run: Execution, branch: Branch, effect: fx.Join) -> Flow:
    """Put together what the children left, or say what stopped them."""
    op = effect.op
    frame = branch.frames[op.id]
    if isinstance(op, forks.ForEach):
        outcome = _join_items(run, branch, op, frame)
    else:
        outcome = _join_branches(run, branch, op, frame)
    if run.around.carrier is not None and isinstance(op, forks.ForEach) and op.isolate:
        run.around.carrier.release(run, op, branch)
    for key in frame["ended"].values():
        run.lines.pop(key, None)
    return outcome
    yield  # a flow, like all that carries out an effect


# Any: see Branch.frames.
def _join_branches(run: Execution, branch: Branch, op: Any, frame: dict[str, Any]) -> fx.Outcome:  # noqa: ANN401
    if frame["interrupt"] is not None:
        return fx.Stopped(frame["interrupt"])
    if frame["error"] is not None:
        add_note(frame["error"], f"in branch {op.branches[frame['by']].name!r} of {op.name!r}")
        return fx.Failed(frame["error"])
    names = {index: root.name for index, root in enumerate(op.branches)}
    return _merge(run, branch, op.name, frame, names)


# Any: see Branch.frames.
def _join_items(
    run: Execution, branch: Branch, op: forks.ForEach, frame: dict[str, Any]
) -> fx.Outcome:
    if frame["interrupt"] is not None:
        return fx.Stopped(frame["interrupt"])
    names = {index: f"item {index}" for index in frame["ended"]}
    outcome = _merge(run, branch, op.name, frame, names)
    if frame["error"] is not None:
        add_note(frame["error"], f"in item {frame['by']} of {op.name!r}")
        if frame["at"] is not None:
            run.records.mark(frame["at"], "failed")  # an item beside it may have got through
        return fx.Failed(frame["error"])
    if outcome is not fx.DONE:
        return outcome
    return _finish_items(run, branch, op, frame)


# Any: see Branch.frames.
def _finish_items(
    run: Execution, branch: Branch, op: forks.ForEach, frame: dict[str, Any]
) -> fx.Outcome:
    items, results, failures = frame["items"], frame["results"], frame["failures"]
    into: Any = op.into  # Any: opaque to the engine; it is a key
    values = [results.get(index) for index in range(len(items))]
    if into is not None:
        line = run.line(branch)
        try:
            line.store[into] = values
        except GostageError as error:
            return fx.Failed(error)
        line.commit()
    if not failures:
        return fx.Done(values)
    for place in frame["spots"]:
        run.records.mark(place, "failed")  # a later item may have got through
    failed = [ItemFailure(i, items[i], failures[i]) for i in sorted(failures)]
    first = failed[0]
    return fx.Failed(
        ItemsFailed(
            f"{len(failed)} of {len(items)} items of {op.name!r} failed; "
            f"the first is item {first.index}: {text_of(first.error)}",
            failures=failed,
            hint="`failures` of this error has index, item and error of each",
        )
    )


# Any: see Branch.frames.
def _merge(
    run: Execution, branch: Branch, name: str, frame: dict[str, Any], names: dict[int, str]
) -> fx.Outcome:
    line = run.line(branch)
    ended = sorted(frame["ended"].items())
    stores = [(names[i], run.lines[key].store) for i, key in ended if key in run.lines]
    try:
        join_stores(line.store, stores)
    except GostageError as error:
        add_note(error, f"while joining {name!r}")
        return fx.Failed(error)
    line.commit()
    return fx.DONE
