"""A lane: drives one branch, effect by effect, until it ends or can go no further for now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._engine.forks import ForEach
from gostage._run import asks, calls, joins, parts, pauses, scoping
from gostage._run.deadlines import out_of_time
from gostage._run.requests import Together
from gostage._run.telling import tell_begin, tell_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._engine.branch import Branch
    from gostage._run.execution import Execution
    from gostage._run.requests import Drive, Flow

# Any: each function takes its own kind of effect; the table keeps them together.
_PERFORM: dict[type[fx.Effect], Callable[..., Any]] = {
    fx.Call: calls.call,
    fx.Ask: asks.ask,
    fx.Judge: asks.judge,
    fx.Items: asks.items,
    fx.Open: scoping.open_,
    fx.Close: scoping.close,
    fx.Pause: pauses.pause,
    fx.Listen: pauses.listen,
    fx.Hold: pauses.hold,
    fx.Join: joins.join,
    fx.Start: parts.start,
    fx.CallApart: parts.start,
}
_ALWAYS = frozenset((fx.Close, fx.Judge, fx.Join))
"""What is carried out even when the branch was told to stop, or has no steps left."""


def lane(run: Execution, branch: Branch) -> Flow:  # noqa: C901, PLR0912 - every step passes through
    """Drive a branch, and whatever takes its place when it ends; the caller has counted it in."""
    error = scoping.reenter(run, branch)
    current: Branch | None = branch
    if error is not None:
        current = run.feed(branch, fx.Failed(error))
    while current is not None:
        effect = current.effect
        if effect is None:
            current = run.begin(current)
            continue
        kind = type(effect)
        if run.left is not None and not _has_step(run, effect):
            break
        if kind is fx.Fork:
            yield from fork(run, current)
            if current.effect is effect:
                break
            continue
        outcome = _stop(run, current, effect) if run.timed or current.cancelled else None
        is_performed = outcome is None
        if outcome is None:
            is_told = run.teller is not None
            if is_told:
                tell_begin(run, current, effect)
            try:
                outcome = yield from _PERFORM[kind](run, current, effect)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run cleans up
                outcome = fx.Failed(error)
            if is_told and run.journal is None:  # else told in the moment in which it is written
                tell_end(run, current, effect, outcome)
            if outcome is None:
                break
        current = run.feed(current, outcome, is_performed=is_performed)
    if current is not None:
        run.parked.add(current.key)
        if current.parent is not None:
            run.leave_branch(current)  # what is set in a context is reset in the same one
    run.count_lanes(-1)
    run.bell.ring()


def fork(run: Execution, branch: Branch) -> Flow:
    """Drive a branch's children until none of them can go on."""
    effect = branch.effect
    while branch.effect is effect:
        ready = joins.ready_children(run, branch)
        if not ready:
            break
        if run.left is not None:
            joins.next_turn(branch, ready[0])
            ready = ready[:1]
        run.count_lanes(len(ready) - 1)  # this lane only waits for them
        yield Together([lane(run, child) for child in ready], _driver(run, effect))
        run.count_lanes(1)
        if run.left == 0:
            break


def _driver(run: Execution, effect: fx.Effect | None) -> Drive | None:
    """Who drives the items of a for-each that children do, unless they may wait for the world."""
    op, carrier = None if effect is None else effect.op, run.around.carrier
    if carrier is None or run.waits or not isinstance(op, ForEach) or not op.isolate:
        return None
    return carrier.driver(op)


def _stop(run: Execution, branch: Branch, effect: fx.Effect) -> fx.Outcome | None:
    if type(effect) in _ALWAYS:
        return None
    if branch.cancelled:
        return fx.Stopped(run.cancellation())
    deadline = run.deadline(branch, effect.op)
    if deadline is None or run.clock.now() < deadline[0]:
        return None
    return fx.Failed(out_of_time(run, deadline[1]))


def _has_step(run: Execution, effect: fx.Effect) -> bool:
    if type(effect) in _ALWAYS:
        return True
    if not run.left:
        pauses.settle(run, effect)
        return False
    if asks.is_step(effect):
        run.left -= 1
    return True
