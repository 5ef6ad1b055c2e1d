"""Calls: actions, conditions, retry handlers and item lists, as attempts that count wholly or not.

Whatever a failing attempt assigned, deleted, inserted or disabled is taken back.
"""

from __future__ import annotations

from time import perf_counter
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from gostage._author.function import Function
from gostage._engine import effects as fx
from gostage._engine import forks, guards, ops
from gostage._plugins.scopes import Ended, Layers
from gostage._run.context import Context
from gostage._run.deadlines import attempt_timed_out, out_of_time
from gostage._run.inputs import gather
from gostage._run.notes import add_note
from gostage._run.requests import Await, Invoke, OutOfTime
from gostage._run.resources import Pool, Resources
from gostage._run.scoping import maker
from gostage._store.keys import name_of
from gostage._store.types import type_name
from gostage.errors import (
    Bailed,
    DefinitionError,
    MissingInput,
    Suspended,
    TypeMismatch,
    did_you_mean,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gostage._author.action import Action
    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._run.execution import Execution
    from gostage._run.requests import Flow
    from gostage._store.transaction import UndoLog


def is_step(effect: fx.Effect) -> bool:
    """Whether carrying it out calls an action, a condition or an item function."""
    if isinstance(effect, fx.Items):
        op = effect.op
        return isinstance(op, forks.ForEach) and isinstance(op.over, Function)
    return isinstance(effect, (fx.Call, fx.Ask))


# -------------------------------------------------------------------- actions


class Attempt:
    """One attempt of an action: begun, carried out, and settled wholly or not at all."""

    __slots__ = ("action", "ctx", "line", "run", "started")

    def __init__(self, run: Execution, branch: Branch, op: Op, action: Action[..., Any]) -> None:
        self.line = line = run.lines.get(branch.key) or run.line(branch)
        self.run = run
        self.action = action
        self.ctx = Context(run, branch, op, line.store, branch.frames.get(op.id))
        self.started = perf_counter()

    def settle(self, mark: int, value: object, error: BaseException | None) -> BaseException | None:
        """Keep what the attempt did, or take it back."""
        if error is None and self.action.provides is not None:
            error = self.keep(value)
        if error is None or isinstance(error, (Suspended, Bailed)):
            self.line.undo.commit()
        else:
            self.line.undo.rollback(mark)
            self.ctx.undo_edits()
        return error

    def keep(self, value: object) -> BaseException | None:
        """Put what the action returned under the keys it provides."""
        keys = self.action.provides
        store = self.ctx.store
        try:
            if isinstance(keys, tuple):
                for key, each in zip(keys, self._unpacked(keys, value), strict=True):
                    store[key] = each
            elif keys is not None:
                store[keys] = value
        except Exception as error:  # noqa: BLE001  # a typed key refuses; it fails the step
            return error
        return None

    def end(self, value: object, error: BaseException | None, handled: object) -> fx.Outcome:
        """Enter the record and say how it went; `handled` is an error swallowed, or SKIPPED."""
        ctx = self.ctx
        duration = perf_counter() - self.started
        if error is None:
            status = "completed"
            if handled is SKIPPED:
                status, handled = "skipped", None
            row = (status, ctx.attempt, self.started, duration, handled)
            self.run.records.rows[ctx.op.id] = row  # type: ignore[assignment]  # no SKIPPED here
            return fx.DONE if value is None else fx.Done(value)
        status, shown, outcome = _failure(ctx, error)
        self.run.records.rows[ctx.op.id] = (status, ctx.attempt, self.started, duration, shown)
        return outcome

    def _unpacked(self, keys: Sequence[Any], value: object) -> Sequence[object]:
        name = self.action.name
        names = ", ".join(repr(name_of(key)) for key in keys)
        what = type_name(type(value))
        if isinstance(value, (tuple, list)):
            if len(value) == len(keys):
                return value
            what = f"{len(value)} values"
        raise TypeMismatch(
            f"action {name!r} provides {names}, but returned {what}",
            hint="return a tuple with one value for each key",
            where=self.ctx.where,
        )


SKIPPED = object()


def call(run: Execution, branch: Branch, effect: fx.Call) -> Flow:
    """Call an action once, inside the middleware of its level."""
    op: Any = effect.op  # Any: what stands in a Do is opaque to the engine
    action: Action[..., Any] = op.action
    attempt = Attempt(run, branch, op, action)
    if action.use:
        value, error, handled = yield from _wrapped(attempt)
        return attempt.end(value, error, handled)
    function = action.function
    written = attempt.line.written
    mark = len(written)
    takes = function.takes
    if takes == "more" or function.is_async or action.timeout is not None:
        value, error = yield from _timed(attempt)
    else:
        value, error = yield Invoke(function.fn, (attempt.ctx,) if takes == "ctx" else ())
        if type(value) is CoroutineType:
            value, error = yield Await(_itself, (value,), branch=branch)
    if error is not None or action.provides is not None or written:
        error = attempt.settle(mark, value, error)
    return attempt.end(value, error, None)


def _failure(
    ctx: Context, error: BaseException
) -> tuple[str, BaseException | None, fx.Outcome]:
    if isinstance(error, Suspended):
        return "waiting", None, fx.Suspend(error.reason, error.data)
    if isinstance(error, Bailed):
        return "completed", None, fx.Stopped(error)
    if isinstance(error, Exception) or _is_users_own(error):
        add_note(error, f"in {_place(ctx)}")
        return "failed", error, fx.Failed(error)
    return "cancelled", error, fx.Stopped(error)


def _is_users_own(error: BaseException) -> bool:
    # asyncio's CancelledError reaches this place only when user code let it out itself.
    return type(error).__module__ == "asyncio.exceptions"


def _place(ctx: Context) -> str:
    stage = ctx.stage
    owner = "" if stage is None else f" of stage {stage.id!r}"
    return f"action {ctx.op.name!r}{owner}, run {ctx.execution.run_id!r}"


# Any: the values a middleware asks for by name.
def _given(ctx: Context) -> dict[str, Any]:
    return {
        "run": ctx.run,
        "workflow": ctx.workflow,
        "stage": ctx.stage,
        "action": ctx.action,
        "ctx": ctx,
        "store": ctx.store,
    }


def _wrapped(attempt: Attempt) -> Flow:
    """Attempt the action inside its layers; gives its value, its error, and what was handled."""
    layers = Layers([maker(layer, _given(attempt.ctx)) for layer in attempt.action.use])
    value: object = None
    inner: BaseException | None = None
    state = layers.open()
    while not isinstance(state, Ended):
        mark = attempt.line.undo.mark()
        value, inner = yield from _timed(attempt)
        inner = attempt.settle(mark, value, inner)
        state = layers.close(None if inner else value, inner)
        if inner is not None and not isinstance(inner, Exception):
            layers.abandon()  # an interrupt: nothing can hold it, or run the inside again
            return None, inner, None
    error = state.error
    if error is None and (state.value is not value or inner is not None) and not (
        state.skipped and state.value is None
    ):
        error = attempt.keep(state.value)
    attempt.line.undo.commit()
    return state.value, error, SKIPPED if state.skipped else inner


def _timed(attempt: Attempt) -> Flow:
    run, ctx, action = attempt.run, attempt.ctx, attempt.action
    timeout = action.timeout
    what = f"action {action.name!r}"
    if timeout is None:
        reply = yield from invoke(run, ctx, action.function, what)
        return reply
    started = perf_counter()
    ctx.set_deadline(run.clock.now() + timeout)
    reply = yield from invoke(run, ctx, action.function, what, timeout)
    late = perf_counter() - started > timeout
    if isinstance(reply[1], OutOfTime) or (late and reply[1] is None):
        return None, attempt_timed_out(action.name, timeout, ctx.where)
    return reply


# -------------------------------------------------------------------- functions


def invoke(
    run: Execution, ctx: Context, function: Function, what: str, timeout: float | None = None
) -> Flow:
    """Call a function with what it asks for; gives `(value, error)`."""
    if function.takes != "more":
        arguments = (ctx,) if function.takes == "ctx" else ()
        reply = yield from _perform(run, ctx, function, timeout, arguments, {})
        return reply
    pool = Pool("action")
    pools = (pool, *run.pools_at(ctx.branch, ctx.op))
    resources = Resources(pools, run.around.resources, run.bell.ring)
    try:
        found = yield from gather(function, ctx, resources, what)
    except Exception as error:  # noqa: BLE001  # an input that cannot be had fails the step
        value, failed = None, error
    else:
        value, failed = yield from _perform(run, ctx, function, timeout, (), found)
    torn = yield from pool.close()
    return value, failed or torn


# Any: what a user's function takes is the user's business.
def _perform(
    run: Execution,
    ctx: Context,
    function: Function,
    timeout: float | None,
    args: Sequence[Any],
    kwargs: dict[str, Any],
) -> Flow:
    value, error = None, None
    if not function.is_async:
        value, error = yield Invoke(function.fn, args, kwargs)
        if type(value) is not CoroutineType:
            return value, error
    limit = _limit(run, ctx, timeout)
    if function.is_async:
        value, error = yield Await(function.fn, args, kwargs, limit, ctx.branch)
    else:  # a plain function that gave a coroutine
        value, error = yield Await(_itself, (value,), {}, limit, ctx.branch)
    if isinstance(error, OutOfTime) and limit != timeout:
        deadline = run.deadline(ctx.branch, ctx.op)
        error = out_of_time(run, deadline[1] if deadline else ctx.op)
    return value, error


def _limit(run: Execution, ctx: Context, timeout: float | None) -> float | None:
    deadline = run.deadline(ctx.branch, ctx.op)
    if deadline is None:
        return timeout
    left = max(0.0, deadline[0] - run.clock.now())
    return left if timeout is None else min(left, timeout)


# Any: a coroutine of the user's.
async def _itself(value: Any) -> Any:  # noqa: ANN401
    return await value


# -------------------------------------------------------------------- conditions


def ask(run: Execution, branch: Branch, effect: fx.Ask) -> Flow:
    """Evaluate a condition."""
    op = effect.op
    function = _condition(op, effect.arm)
    ctx = Context(run, branch, op, run.line(branch).store)
    undo = run.line(branch).undo
    mark = undo.mark()
    value, error = yield from invoke(run, ctx, function, f"condition {function.name!r}")
    if error is None and value is None:
        error = _no_answer(function, ctx)
    if isinstance(error, Suspended):
        error = DefinitionError(
            f"condition {function.name!r} cannot suspend the run",
            hint="suspend in an action, or use .receive()",
        )
    if error is None:
        if undo:
            undo.commit()
        return fx.Answer(bool(value), run.clock.now())
    undo.rollback(mark)
    if isinstance(error, Exception) or _is_users_own(error):
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


def _no_answer(function: Function, ctx: Context) -> TypeMismatch:
    return TypeMismatch(
        f"condition {function.name!r} returned None instead of a bool",
        hint="does it lack a return?",
        where=ctx.where,
    )


# -------------------------------------------------------------------- retries


def judge(run: Execution, branch: Branch, effect: fx.Judge) -> Flow:
    """Ask the retry policy whether the branch's error is worth another attempt."""
    op: Any = effect.op  # Any: policies are opaque to the engine
    policy = op.retry if isinstance(op, ops.Do) else op.policy
    error = branch.error or DefinitionError("nothing to retry")
    attempt = branch.frames.get(op.id, {}).get("attempt", 1)
    deadline = run.deadline(branch, op)
    if deadline is not None and run.clock.now() >= deadline[0]:
        return fx.GiveUp(error)
    if policy.handler is not None:
        outcome = yield from _handle(run, branch, op, policy, error, attempt)
        return outcome
    if not isinstance(error, policy.on) or attempt >= policy.attempts:
        return fx.GiveUp(error)
    return fx.Again(policy.backoff(attempt) if policy.backoff else 0.0)


# Any: as above.
def _handle(
    run: Execution, branch: Branch, op: Op, policy: Any, error: BaseException, attempt: int
) -> Flow:
    ctx = Context(run, branch, op, run.line(branch).store, branch.frames.get(op.id))
    value, raised = yield Invoke(policy.handler, (ctx, error, attempt))
    if type(value) is CoroutineType:
        value, raised = yield Await(_itself, (value,), branch=branch)
    if raised is not None:
        return fx.GiveUp(raised) if isinstance(raised, Exception) else fx.Stopped(raised)
    if value is True:
        return fx.Again(policy.backoff(attempt) if policy.backoff else 0.0)
    if value is None or value is False:
        return fx.GiveUp(error)
    if isinstance(value, (int, float)) and value >= 0:
        return fx.Again(float(value))
    return fx.GiveUp(
        TypeMismatch(
            f"the handler of {op.name!r} returned {value!r}",
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
            hint=did_you_mean(name_of(key), list(ctx.store)) or "provide it before this step",
            where=ctx.where,
        )
    return ctx.store[key]


def _listed(op: forks.ForEach, value: object, ctx: Context) -> fx.Outcome:
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
