"""The fit of a loaded position: whether a run could stand like this; it looks and changes nothing.

A state comes back from a file or a database, and anything may have happened to it there. What would
make a run fail later, or do the wrong thing, is refused before the first step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._engine import effects as fx
from gostage._engine import forks, guards, ops
from gostage.errors import UnknownState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gostage._engine.branch import Branch
    from gostage._engine.machine import Machine
    from gostage._engine.ops import Op

_WHOLE: Final = ("attempt", "pass", "next", "index", "by", "turn")
_REAL: Final = ("since", "deadline")
_NEEDED: Final = {
    guards.Scope: (),
    guards.Loop: ("pass",),
    forks.Parallel: ("ended",),
    forks.ForEach: ("ended", "items", "next", "results", "failures", "spots"),
}
"""What guards remember while a branch is inside; a scope's frame says that it is open."""


def check(machine: Machine) -> None:
    """Refuse a machine that no run could have brought to where it stands."""
    for branch in machine.branches.values():
        _check_effect(branch)
        _check_frames(branch)
        _check_around(branch)
        _check_children(branch)
    taken = max(key for branch in machine.branches.values() for key in _keys(branch))
    if len(machine.branches) > 1 and machine.keys < taken:
        raise UnknownState(f"the state has a branch {taken}, and counts {machine.keys} of them")


def _keys(branch: Branch) -> Iterator[int]:
    yield branch.key
    for frame in branch.frames.values():
        yield from frame.get("ended", {}).values()


def _check_effect(branch: Branch) -> None:
    effect = branch.effect
    if branch.interrupted and branch.error is None:
        raise UnknownState("the state was interrupted, and does not say by what")
    if isinstance(effect, fx.Judge):
        tries = not isinstance(effect.op, ops.Do) or effect.op.retry is not None
        if branch.error is None or not tries:
            raise UnknownState(f"the state has nothing to try again at {effect.op.id!r}")
    elif isinstance(effect, fx.Pause):
        _check_pause(effect)
    elif isinstance(effect, fx.Listen):
        _check_number(effect.op, "until", effect.until)


def _check_pause(effect: fx.Pause) -> None:
    op = effect.op
    kinds = {ops.Wait: "wait", ops.Sleep: "sleep"}
    waits = kinds.get(type(op), "backoff")
    if effect.why != waits or (isinstance(op, ops.Do) and op.retry is None):
        raise UnknownState(f"the state pauses for {effect.why!r} at {op.id!r}, a {op.kind} step")
    if effect.seconds is None:
        raise UnknownState(f"the state does not say how long {op.id!r} pauses")
    _check_number(op, "seconds", effect.seconds)
    _check_number(op, "until", effect.until)


def _check_frames(branch: Branch) -> None:
    for id_, frame in branch.frames.items():
        for key in _WHOLE:
            _check_number(id_, key, frame.get(key), whole=True)
        for key in _REAL:
            _check_number(id_, key, frame.get(key))


def _check_number(op: Op | str, key: str, value: object, *, whole: bool = False) -> None:
    kinds = (int,) if whole else (int, float)
    if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
        where = op if isinstance(op, str) else op.id
        raise UnknownState(f"the state has {value!r} as {key!r} of {where!r}, which is no number")


def _check_around(branch: Branch) -> None:
    """Look at all that is around the branch, from its step out to where it began."""
    effect = branch.effect
    if effect is None:
        return
    if isinstance(effect, _INSIDE) and not isinstance(effect.op, guards.Choice):
        _check_remembered(branch, effect.op)
    place = effect.op
    while place is not branch.root:
        if place.parent is None:
            raise UnknownState(f"the state has {effect.op.id!r} in a branch of {branch.root.id!r}")
        place = place.parent
        is_part = isinstance(place, ops.Part) and place is not branch.root
        if isinstance(place, forks.Parallel) or is_part or _is_side_by_side(place):
            raise UnknownState(f"the state is inside {place.id!r} without a branch of its own")
        _check_remembered(branch, place)


_INSIDE: Final = (fx.Close, fx.Fork, fx.Join, fx.Ask)
"""What an op wants after it has begun; before it, only a wait or the like asks."""


def _is_side_by_side(op: Op) -> bool:
    return isinstance(op, forks.ForEach) and op.concurrency > 1


def _check_remembered(branch: Branch, op: Op) -> None:
    kind = next((kind for kind in _NEEDED if isinstance(op, kind)), None)
    if kind is None:
        return
    frame = branch.frames.get(op.id)
    if frame is None or any(frame.get(key) is None for key in _NEEDED[kind]):
        raise UnknownState(f"the state is inside {op.id!r} and does not say how far it is there")
    if isinstance(op, forks.ForEach):
        _check_outcomes(op, frame)
        if branch.effect is not op.join:
            _check_item(branch, op, frame)


# Any: see Branch.frames.
def _check_outcomes(op: forks.ForEach, frame: Mapping[str, Any]) -> None:
    items, spots = range(len(frame["items"])), frame["spots"]
    known = {*frame["ended"], *frame["results"], *frame["failures"]}
    if not known.issubset(items):
        raise UnknownState(f"the state has an item of {op.id!r} that is not there")
    if not isinstance(spots, list) or not all(isinstance(spot, str) for spot in spots):
        raise UnknownState(f"the state does not say where items of {op.id!r} failed")


# Any: see Branch.frames.
def _check_item(branch: Branch, op: forks.ForEach, frame: Mapping[str, Any]) -> None:
    count = len(frame["items"])
    here = frame["index"]
    forked = branch.effect is op.fork
    begun = range(count + 1) if forked else range(1, count + 1)
    repeats = here is not None and "again" in frame and here < frame["next"]
    at_work = forked or repeats or (here is not None and frame["next"] == here + 1)
    if frame["next"] not in begun or not at_work:
        raise UnknownState(f"the state is at no item of {op.id!r}, which has {count}")


def _check_children(branch: Branch) -> None:
    effect = branch.effect
    if isinstance(effect, fx.Fork) != bool(branch.children):
        raise UnknownState(f"the state forks into nothing, or from nowhere, in branch {branch.key}")
    if effect is None or not branch.children:
        return
    op = effect.op
    bodies = op.branches if isinstance(op, forks.Parallel) else None
    for index, child in branch.children.items():
        fits = child.root.parent is op and child.index == index
        if not fits or (bodies is not None and bodies.index(child.root) != index):
            raise UnknownState(f"the state has a branch {child.key} that {op.id!r} does not have")
    _check_none_is_lost(branch, op)


def _check_none_is_lost(branch: Branch, op: Op) -> None:
    frame = branch.frames[op.id]
    if frame["error"] is not None or frame["interrupt"] is not None:
        return  # then it is not remembered who else has ended
    begun = len(op.branches) if isinstance(op, forks.Parallel) else frame["next"]
    outcomes = (frame["ended"], frame.get("failures", ()), frame.get("again", ()))
    known = {*branch.children}.union(*outcomes)
    if known != set(range(begun)):
        raise UnknownState(f"the state does not say how all branches of {op.id!r} stand")
