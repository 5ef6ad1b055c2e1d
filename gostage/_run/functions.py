"""Functions: a user's function called with what it asks for, whatever its kind."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from gostage._run.deadlines import attempt_timed_out, out_of_time
from gostage._run.inputs import gather
from gostage._run.requests import Await, Invoke, OutOfTime
from gostage._run.resources import Pool, Resources

if TYPE_CHECKING:
    from gostage._author.function import Function
    from gostage._run.context import Context
    from gostage._run.execution import Execution
    from gostage._run.requests import Flow
    from gostage.errors import TimedOut


def invoke(
    run: Execution, ctx: Context, function: Function, what: str, timeout: float | None = None
) -> Flow:
    """Call a function with what it asks for; gives `(value, error)`."""
    if function.takes != "more":
        arguments = (ctx,) if function.takes == "ctx" else ()
        reply = yield from _perform(ctx, function, timeout, Invoke(function.fn, arguments))
        return reply
    pool = Pool("action")
    pools = (pool, *run.pools_at(ctx.branch, ctx.op))
    resources = Resources(pools, run.around.resources, run.bell.ring)
    try:
        found = yield from gather(function, ctx, resources, what)
    except Exception as error:  # noqa: BLE001  # an input that cannot be had fails the step
        reply = None, error
    else:
        reply = yield from _perform(ctx, function, timeout, Invoke(function.fn, (), found))
    torn = yield from pool.close()
    return reply if torn is None or reply[1] is not None else (None, torn)


def _perform(ctx: Context, function: Function, timeout: float | None, request: Invoke) -> Flow:
    run, branch = ctx.execution, ctx.branch
    if function.is_async:
        limit = _limit(run, ctx, timeout)
        await_ = Await(request.fn, request.args, request.kwargs or {}, limit, branch)
        value, error = yield from _watched(ctx, await_, limit, timeout)
    else:
        limit = None if run.watchdog is None else _limit(run, ctx, timeout)
        value, error = yield from _watched(ctx, request, limit, timeout)
        if type(value) is CoroutineType:  # a plain function that gave a coroutine
            limit = _limit(run, ctx, timeout)
            await_ = Await(itself, (value,), {}, limit, branch)
            value, error = yield from _watched(ctx, await_, limit, timeout)
    if isinstance(error, OutOfTime) and limit != timeout:
        error = _too_late(ctx, None).with_traceback(error.__traceback__)
    return value, error


def _watched(
    ctx: Context, request: Invoke | Await, limit: float | None, timeout: float | None
) -> Flow:
    """Have a call made; in a child it is stopped on time, whatever it does."""
    watchdog = ctx.execution.watchdog
    if watchdog is None or limit is None or ctx.op is ctx.execution.machine.home:
        reply = yield request
        return reply
    own = timeout if limit == timeout else None
    guard = watchdog.guard(
        ctx, limit, lambda: _too_late(ctx, own), can_raise=isinstance(request, Invoke)
    )
    value, error = yield request
    guard.lift()
    if error is guard.interrupt:
        error = OutOfTime().with_traceback(guard.place())
    return value, error


def _too_late(ctx: Context, own: float | None) -> TimedOut:
    """The error of a call that had so much time of its own, or that of what is around."""
    action = ctx.action
    if own is not None and action is not None and action.timeout == own:
        return attempt_timed_out(action.name, own, ctx.where)
    deadline = ctx.execution.deadline(ctx.branch, ctx.op)
    return out_of_time(ctx.execution, deadline[1] if deadline and own is None else ctx.op)


def _limit(run: Execution, ctx: Context, timeout: float | None) -> float | None:
    deadline = run.deadline(ctx.branch, ctx.op)
    if deadline is None:
        return timeout
    left = max(0.0, deadline[0] - run.clock.now())
    return left if timeout is None else min(left, timeout)


# Any: a coroutine of the user's.
async def itself(value: Any) -> Any:  # noqa: ANN401
    """Await what a plain function gave back."""
    return await value


def is_users_own(error: BaseException) -> bool:
    """Whether user code let asyncio's CancelledError out itself; any other is an interrupt."""
    # Cancelled from outside, the shell says so; what reaches this place came from the function.
    return type(error).__module__ == "asyncio.exceptions"
