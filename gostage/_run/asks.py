"""Asks: conditions, retry handlers and item lists; what a failing one wrote is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from gostage._author.function import Function
from gostage._engine import effects as fx
from gostage._engine import forks, guards, ops
from gostage._engine.policy import as_seconds
from gostage._plugins.notes import add_note
from gostage._run.context import Context
from gostage._run.deadlines import out_of_time
from gostage._run.functions import invoke, is_users_own, itself
from gostage._run.requests import Await, Invoke
from gostage._store.keys import name_of
from gostage._store.types import type_name
from gostage.errors import (
    DefinitionError,
    MissingInput,
    NotStorable,
    Suspended,
    TimedOut,
    TypeMismatch,
    did_you_mean,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._engine.policy import Retry
    from gostage._run.execution import Execution
    from gostage._run.requests import Flow


def is_step(effect: fx.Effect) -> bool:
    """Whether carrying it out calls an action, a condition or an item function."""
    if isinstance(effect, fx.Items):
        op = effect.op
        return isinstance(op, forks.ForEach) and isinstance(op.over, Function)
    return isinstance(effect, (fx.Call, fx.Ask))


def ask(run: Execution, branch: Branch, effect: fx.Ask) -> Flow:
    """Evaluate a condition."""
    op = effect.op
    function = _condition(op, effect.arm)
    ctx = Context(run, branch, op, run.line(branch).store)
    line = run.line(branch)
    mark = line.undo.mark()
    value, error = yield from invoke(run, ctx, function, f"condition {function.name!r}")
    if error is None and (value is None or isinstance(value, (str, bytes))):
        error = _no_answer(function, value, ctx)
    if isinstance(error, Suspended):
        error = DefinitionError(
            f"condition {function.name!r} cannot suspend the run",
            hint="suspend in an action, or use .receive()",
        )
    if error is None and line.undo:
        try:
            line.stage()
        except NotStorable as found:
            error = found
        else:
            line.commit()
    if error is None:
        return fx.Answer(bool(value), run.clock.now())
    line.undo.rollback(mark)
    add_note(error, f"in condition {function.name!r} of step {op.name!r}, run {run.run_id!r}")
    if isinstance(error, Exception) or is_users_own(error):
        return fx.Failed(error)
    return fx.Stopped(error)


def _condition(op: Op, arm: int | None) -> Function:
    # Any: conditions are opaque to the engine.
    found: Any
    if arm is None:
        found = op.when if isinstance(op, (ops.Do, guards.Stage)) else None
    elif isinstance(op, guards.Choice):
        found = op.conditions[arm]
    else:
        found = op.condition if isinstance(op, (ops.Wait, guards.Loop)) else None
    return Function.of(found, what="condition")


def _no_answer(function: Function, value: object, ctx: Context) -> TypeMismatch:
    return TypeMismatch(
        f"condition {function.name!r} returned {type_name(type(value))} instead of a bool",
        hint="does it lack a return?" if value is None else "any text but '' would count as true",
        where=ctx.where,
    )


# -------------------------------------------------------------------- retries


def judge(run: Execution, branch: Branch, effect: fx.Judge) -> Flow:
    """Ask the retry policy whether the branch's error is worth another attempt."""
    op: Any = effect.op  # Any: policies are opaque to the engine
    policy: Any = op.retry if isinstance(op, ops.Do) else op.policy
    error = DefinitionError("nothing to retry") if branch.error is None else branch.error
    if run.exit_first:
        return fx.GiveUp(error)
    ctx = Context(run, branch, op, run.line(branch).store, branch.frames.get(op.id))
    deadline = run.deadline(branch, op)
    if deadline is not None and run.clock.now() >= deadline[0]:
        return fx.GiveUp(_spent(run, deadline[1], error))
    if policy.handler is not None:
        outcome = yield from _handle(ctx, policy, policy.handler, error)
        return outcome
    if not isinstance(error, policy.on) or ctx.attempt >= policy.attempts:
        return fx.GiveUp(error)
    return _again(ctx, policy)


def _spent(run: Execution, op: Op, error: BaseException) -> BaseException:
    if isinstance(error, TimedOut):
        return error
    late = out_of_time(run, op)
    late.__cause__ = error
    return late


def _again(ctx: Context, policy: Retry) -> fx.Outcome:
    if policy.backoff is None:
        return fx.Again(0.0)
    try:
        pause = policy.backoff(ctx.attempt)
        what = f"what the backoff of {ctx.op.name!r} gives"
        return fx.Again(max(0.0, as_seconds(pause, what=what, any_sign=True)))
    except Exception as error:  # noqa: BLE001  # a user's backoff may raise anything
        return fx.GiveUp(error)


def _handle(
    ctx: Context, policy: Retry, handler: Callable[..., object], error: BaseException
) -> Flow:
    value, raised = yield Invoke(handler, (ctx, error, ctx.attempt))
    if type(value) is CoroutineType:
        value, raised = yield Await(itself, (value,), branch=ctx.branch)
    if raised is not None:
        return fx.GiveUp(raised) if isinstance(raised, Exception) else fx.Stopped(raised)
    if value is True:
        return _again(ctx, policy)
    if value is None or value is False:
        return fx.GiveUp(error)
    if isinstance(value, (int, float)) and value >= 0:
        return fx.Again(float(value))
    return fx.GiveUp(
        TypeMismatch(
            f"the handler of {ctx.op.name!r} returned {value!r}",
            hint="true or a number of seconds tries again; false or None gives up",
            where=ctx.where,
        )
    )


# -------------------------------------------------------------------- items


def items(run: Execution, branch: Branch, effect: fx.Items) -> Flow:
    """List the items of a for-each."""
    op: Any = effect.op  # Any: `over` is opaque to the engine
    ctx = Context(run, branch, op, run.line(branch).store)
    if isinstance(op.over, Function):
        value, error = yield from invoke(run, ctx, op.over, f"items of {op.name!r}")
        if error is not None:
            return fx.Failed(error) if isinstance(error, Exception) else fx.Stopped(error)
    else:
        try:
            value = _stored_items(ctx, op)
        except Exception as error:  # noqa: BLE001  # it fails the step
            return fx.Failed(error)
    return _listed(op, value, ctx)


def _stored_items(ctx: Context, op: forks.ForEach) -> object:
    key: Any = op.over  # Any: as above
    if key not in ctx.store:
        raise MissingInput(
            f"for_each {op.name!r} needs the key {name_of(key)!r}, which is not in the store",
            hint=did_you_mean(name_of(key), [*ctx.store]) or "provide it before this step",
            where=ctx.where,
        )
    return ctx.store[key]


def _listed(op: forks.ForEach, value: object, ctx: Context) -> fx.Outcome:
    if isinstance(value, Iterator) and not isinstance(op.over, Function):
        return fx.Failed(
            TypeMismatch(
                f"for_each {op.name!r} cannot go over {type_name(type(value))}, which is read once",
                hint="store a list of the items",
                where=ctx.where,
            )
        )
    try:
        if not isinstance(value, (str, bytes)):
            return fx.Listed(list(value))  # type: ignore[call-overload]  # the error says so
    except TypeError:
        pass
    return fx.Failed(
        TypeMismatch(
            f"for_each {op.name!r} cannot go over {type_name(type(value))}",
            hint="give it a list, or a function that returns one",
            where=ctx.where,
        )
    )
