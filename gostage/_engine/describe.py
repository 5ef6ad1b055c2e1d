"""Describing a program: every transition it can make, so that it can be drawn and inspected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gostage._engine import forks, guards, ops
from gostage._engine.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._engine.ops import Op
    from gostage._engine.program import Program


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a transition may lead, and why."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class Transition:
    """From one event to the events that may follow; exclusive ones call user code."""

    source: str
    destinations: tuple[Destination, ...]
    exclusive: bool


def transitions(program: Program) -> tuple[Transition, ...]:
    """All transitions, in the order of the definition."""
    plan = Plan(program)
    shown = [op for op in plan.walk() if not op.hidden]
    first = _first_inside(plan, program.root)
    begin = _start(first) if first else f"completed:{program.id}"
    found = [Transition(f"start:{program.id}", (Destination(begin, "static"),), exclusive=False)]
    for op in shown:
        found.extend(_of(plan, op))
    return tuple(found)


def _of(plan: Plan, op: Op) -> Iterator[Transition]:
    source = _start(op)
    done = Destination(_end(op), "completed")
    if isinstance(op, guards.Choice):
        yield Transition(source, (*_arms(plan, op), *_again(plan, op)), exclusive=True)
    elif isinstance(op, forks.Parallel):
        begin = tuple(Destination(_start(branch), "branch") for branch in op.branches)
        yield Transition(source, begin, exclusive=False)
    elif isinstance(op, ops.Wait):
        met = Destination(_end(op), "condition is met")
        not_met = Destination(source, "condition is not met")
        yield Transition(source, (met, not_met, *_again(plan, op)), exclusive=True)
    elif isinstance(op, guards.Loop) and op.asks_first:
        yield Transition(source, tuple(_decisions(plan, op)), exclusive=True)
    elif isinstance(op, forks.ForEach):
        yield Transition(source, (*_items(plan, op), *_again(plan, op)), exclusive=False)
    elif isinstance(op, (ops.Do, ops.Sleep, ops.Receive, ops.Spawn)):
        reasons = (done, *_again(plan, op), *_skips(op))
        yield Transition(source, reasons, exclusive=isinstance(op, (ops.Do, ops.Spawn)))
    else:
        again = _again(plan, op) if _asks(op) else ()
        yield Transition(source, (_into(plan, op), *_skips(op), *again), exclusive=_asks(op))
    yield _onward(plan, op)


def _asks(op: Op) -> bool:
    return isinstance(op, guards.Stage) and op.when is not None


def _skips(op: Op) -> Iterator[Destination]:
    if isinstance(op, (ops.Do, guards.Stage)) and op.when is not None:
        yield Destination(_end(op), "skipped")


def _again(plan: Plan, op: Op) -> Iterator[Destination]:
    """Say where a failure of the op may lead, but for the end of the run."""
    if isinstance(op, ops.Do) and op.retry is not None:
        yield Destination(_start(op), "retry")
    place = op.parent
    while place is not None:
        if isinstance(place, guards.Retry):
            yield Destination(_start(_visible(place)), "retry")
        elif isinstance(place, forks.ForEach) and place.keeps_going:
            yield from (to for to in _items(plan, place) if to.reason == "item")
        place = place.parent


def _into(plan: Plan, op: Op) -> Destination:
    first = _first_inside(plan, op)
    return Destination(_end(op) if first is None else _start(first), "static")


def _items(plan: Plan, op: forks.ForEach) -> Iterator[Destination]:
    first = None if op.body is None else _first_inside(plan, op.body)
    if first is not None:
        yield Destination(_start(first), "item")
    yield Destination(_end(op), "no item is left")


def _arms(plan: Plan, op: guards.Choice) -> Iterator[Destination]:
    for number, arm in enumerate(op.arms, 1):
        reason = "condition is met" if len(op.arms) == 1 else f"condition {number} is met"
        yield Destination(_begin(plan, arm, op), reason)
    reason = "condition is not met" if len(op.arms) == 1 else "no condition is met"
    rest = _end(op) if op.otherwise is None else _begin(plan, op.otherwise, op)
    yield Destination(rest, reason)


def _decisions(plan: Plan, op: guards.Loop) -> Iterator[Destination]:
    ends, goes_on = ("is met", "is not met") if op.ends_on else ("is not met", "is met")
    yield Destination(_end(op), f"condition {ends}")
    yield Destination(_begin(plan, op, op), f"condition {goes_on}")
    yield from _again(plan, op)


def _onward(plan: Plan, op: Op) -> Transition:
    following = plan.next(op)
    place = op
    while following is None and place.parent is not None and place.parent.hidden:
        place = place.parent
        if isinstance(place.parent, (guards.Choice, forks.ForEach)):
            break
        following = plan.next(place)
    if following is not None:
        to = Destination(_start(following), "static")
        return Transition(_end(op), (to,), exclusive=False)
    parent = place.parent
    if isinstance(parent, guards.Loop):
        return Transition(_end(op), tuple(_decisions(plan, parent)), exclusive=True)
    if isinstance(parent, forks.ForEach):
        to_items = (*_items(plan, parent), *_again(plan, parent))
        return Transition(_end(op), to_items, exclusive=False)
    target = f"completed:{plan.program.id}" if parent is None or not parent.id else _end(parent)
    return Transition(_end(op), (Destination(target, "static"),), exclusive=False)


def _begin(plan: Plan, inside: Op, owner: Op) -> str:
    first = _first_inside(plan, inside)
    return _end(owner) if first is None else _start(first)


def _first_inside(plan: Plan, op: Op) -> Op | None:
    first = plan.first(op)
    while first is not None and first.hidden:
        first = plan.first(first)
    return first


def _visible(op: Op) -> Op:
    while op.hidden and op.parent is not None:
        op = op.parent
    return op


def _start(op: Op) -> str:
    return f"start:{op.id}"


def _end(op: Op) -> str:
    return f"completed:{op.id}"
