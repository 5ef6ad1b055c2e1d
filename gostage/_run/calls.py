"""Calls: actions, as attempts that count wholly or not at all.

Whatever a failing attempt assigned, deleted, inserted or disabled is taken back.
"""

from __future__ import annotations

from time import perf_counter
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._plugins.notes import add_note
from gostage._plugins.scopes import INSIDE, Layers
from gostage._run.context import Context
from gostage._run.deadlines import attempt_timed_out, out_of_time
from gostage._run.functions import invoke, is_users_own, itself
from gostage._run.requests import Await, Invoke, OutOfTime
from gostage._store.keys import name_of
from gostage._store.types import type_name
from gostage.errors import Bailed, NotStorable, Suspended, TypeMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gostage._author.action import Action
    from gostage._engine.branch import Branch
    from gostage._plugins.scopes import Ended
    from gostage._run.execution import Execution
    from gostage._run.records import Row
    from gostage._run.requests import Flow


def call(run: Execution, branch: Branch, effect: fx.Call) -> Flow:  # noqa: C901, PLR0912 - as `lane`
    """Call an action once, inside the middleware of its level."""
    op: Any = effect.op  # Any: what stands in a Do is opaque to the engine
    action: Action[..., Any] = op.action
    line = run.line(branch)
    ctx = Context(run, branch, op, line.store, branch.frames.get(op.id))
    started = perf_counter()
    layers: Layers | None = None
    ended: Ended | None = INSIDE
    limit: float | None = None
    makers = run.wrappers + action.use if run.wrappers else action.use
    if makers:
        ctx.around = layers = Layers(makers, ctx)
        ended = layers.open()
    function = action.function
    takes = function.takes
    is_timed = action.timeout is not None or run.watchdog is not None
    value: object = None
    error: BaseException | None = None
    while ended is None:
        mark = len(line.written)
        if layers is not None and layers.limits is not None:
            limit = layers.deadline
        if is_timed or takes == "more" or function.is_async or limit is not None:
            value, error = yield from _timed(ctx, action, limit)
        else:
            value, error = yield Invoke(function.fn, (ctx,) if takes == "ctx" else ())
            if type(value) is CoroutineType:
                value, error = yield Await(itself, (value,), branch=branch)
        if error is not None or line.written or action.provides is not None:
            error = _settle(ctx, action, mark, value, error)
        if layers is None:
            break
        ended = layers.close(value, error)
        if error is not None and not isinstance(error, Exception):
            layers.abandon()  # an interrupt: nothing can hold it, or run the inside again
            ended = None
            break
        if ended is None:
            stop = _begin_again(ctx, layers)
            if stop is not None:
                return _end_failed(ctx, started, stop)
    if ended is not None and (error is not ended[1] or ended[0] is not value or ended[2]):
        return _end_wrapped(ctx, action, started, ended, (value, error))
    if error is not None:
        return _end_failed(ctx, started, error)
    if line.written:
        line.commit()  # what middleware wrote on its way out
    _enter(ctx, ("completed", ctx.attempt, started, perf_counter() - started, None))
    return fx.DONE if value is None else fx.Done(value)


def _begin_again(ctx: Context, layers: Layers) -> BaseException | None:
    """Begin from the declaration; gives why that may not be, whatever its middleware wants."""
    ctx.undo_edits()
    run, branch = ctx.execution, ctx.branch
    deadline = run.deadline(branch, ctx.op)
    is_late = deadline is not None and run.clock.now() >= deadline[0]
    if not branch.cancelled and not is_late:
        return None
    layers.abandon()
    if branch.cancelled or deadline is None:
        return run.cancellation()
    return out_of_time(run, deadline[1])


def _settle(
    ctx: Context,
    action: Action[..., Any],
    mark: int,
    value: object,
    error: BaseException | None,
) -> BaseException | None:
    """Keep what an attempt did, or take it back; gives the error it ends with."""
    if error is None and action.provides is not None:
        error = _keep(ctx, action, value)
    line = ctx.execution.line(ctx.branch)
    if error is None or isinstance(error, (Suspended, Bailed)):
        try:
            line.stage()
            if line.staged is not None and isinstance(error, Suspended):
                ctx.execution.around.codec.encode(error.data)
        except NotStorable as failed:
            error = failed
        else:
            line.undo.forget()
            return error
    line.undo.rollback(mark)
    ctx.undo_edits()
    return error


def _keep(ctx: Context, action: Action[..., Any], value: object) -> BaseException | None:
    """Put what the action returned under the keys it provides."""
    keys = action.provides
    try:
        if isinstance(keys, tuple):
            for key, each in zip(keys, _unpacked(ctx, action, keys, value), strict=True):
                ctx.store[key] = each
        elif keys is not None:
            ctx.store[keys] = value
    except Exception as error:  # noqa: BLE001  # a typed key refuses; it fails the step
        return error
    return None


# Any: keys of any type.
def _unpacked(
    ctx: Context, action: Action[..., Any], keys: Sequence[Any], value: object
) -> Sequence[object]:
    names = ", ".join(repr(name_of(key)) for key in keys)
    what = type_name(type(value))
    if isinstance(value, (tuple, list)):
        if len(value) == len(keys):
            return value
        what = f"{len(value)} values"
    raise TypeMismatch(
        f"action {action.name!r} provides {names}, but returned {what}",
        hint="return a tuple with one value for each key",
        where=ctx.where,
    )


def _end_wrapped(
    ctx: Context,
    action: Action[..., Any],
    started: float,
    ended: Ended,
    inner: tuple[object, BaseException | None],
) -> fx.Outcome:
    """What the outermost layer returned is the action's value; an error it held is handled."""
    value, error, skipped = ended
    handled = inner[1]
    if error is None and (value is not inner[0] or handled is not None):
        error = None if skipped and value is None else _keep(ctx, action, value)
    line = ctx.execution.line(ctx.branch)
    if line.written:
        line.commit()
    if error is not None:
        return _end_failed(ctx, started, error)
    status = "skipped" if skipped else "completed"
    row = (status, ctx.attempt, started, perf_counter() - started, handled)
    _enter(ctx, row)
    return fx.DONE if value is None else fx.Done(value)


def _enter(ctx: Context, row: Row) -> None:
    run = ctx.execution
    run.records.rows[ctx.op.id] = row
    if run.teller is not None:
        run.records.calls[ctx.branch.key] = row


def _end_failed(ctx: Context, started: float, error: BaseException) -> fx.Outcome:
    status, shown, outcome = _failure(ctx, error)
    row = (status, ctx.attempt, started, perf_counter() - started, shown)
    _enter(ctx, row)
    return outcome


def _failure(ctx: Context, error: BaseException) -> tuple[str, BaseException | None, fx.Outcome]:
    if isinstance(error, Suspended):
        return "waiting", None, fx.Suspend(error.reason, error.data)
    if isinstance(error, Bailed):
        return "completed", None, fx.Stopped(error)
    if isinstance(error, Exception) or is_users_own(error):
        add_note(error, f"in {place_of(ctx)}")
        return "failed", error, fx.Failed(error)
    return "cancelled", error, fx.Stopped(error)


def place_of(ctx: Context) -> str:
    """Where a call is made, as notes have it."""
    stage = ctx.stage
    owner = "" if stage is None else f" of stage {stage.id!r}"
    item = "" if ctx.item_index is None else f", item {ctx.item_index}"
    return f"action {ctx.op.name!r}{owner}{item}, run {ctx.execution.run_id!r}"


def _timed(ctx: Context, action: Action[..., Any], limit: float | None) -> Flow:
    """Call it with all it asks for, until its timeout or the limit its middleware has set."""
    run, timeout = ctx.execution, action.timeout
    what = f"action {action.name!r}"
    if timeout is None and limit is None:
        reply = yield from invoke(run, ctx, action.function, what)
        return reply
    now = run.clock.now()
    own = None if timeout is None else now + timeout
    deadline = min(each for each in (own, limit) if each is not None)
    ctx.set_deadline(deadline)
    left = timeout if deadline == own else max(0.0, deadline - now)
    reply = yield from invoke(run, ctx, action.function, what, left)
    late = run.clock.now() > deadline
    ctx.set_deadline(None)
    if isinstance(reply[1], OutOfTime) or (late and reply[1] is None):
        if deadline == own:
            error = attempt_timed_out(action.name, timeout, ctx.where)
        else:
            error = out_of_time(run, ctx.op)
        return None, error.with_traceback(None if reply[1] is None else reply[1].__traceback__)
    return reply
