"""Calls: actions, as attempts that count wholly or not at all.

Whatever a failing attempt assigned, deleted, inserted or disabled is taken back.
"""

from __future__ import annotations

from time import perf_counter
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._plugins.scopes import Ended, Layers
from gostage._run.context import Context
from gostage._run.deadlines import attempt_timed_out
from gostage._run.functions import invoke, is_users_own, itself
from gostage._run.notes import add_note
from gostage._run.requests import Await, Invoke, OutOfTime
from gostage._run.scoping import maker
from gostage._store.keys import name_of
from gostage._store.types import type_name
from gostage.errors import Bailed, Suspended, TypeMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gostage._author.action import Action
    from gostage._engine.branch import Branch
    from gostage._run.execution import Execution, Line
    from gostage._run.requests import Flow


class Attempt:
    """One attempt of an action: begun, carried out, and settled wholly or not at all."""

    __slots__ = ("action", "ctx", "line", "run", "started")

    def __init__(self, ctx: Context, action: Action[..., Any], line: Line, started: float) -> None:
        self.run = ctx.execution
        self.action = action
        self.line = line
        self.ctx = ctx
        self.started = started

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
    line = run.line(branch)
    ctx = Context(run, branch, op, line.store, branch.frames.get(op.id))
    started = perf_counter()
    if action.use:
        attempt = Attempt(ctx, action, line, started)
        value, error, handled = yield from _wrapped(attempt)
        return attempt.end(value, error, handled)
    mark = len(line.written)
    function = action.function
    takes = function.takes
    if takes == "more" or function.is_async or action.timeout is not None:
        value, error = yield from _timed(ctx, action)
    else:
        value, error = yield Invoke(function.fn, (ctx,) if takes == "ctx" else ())
        if type(value) is CoroutineType:
            value, error = yield Await(itself, (value,), branch=branch)
    if error is None and not line.written and action.provides is None:
        run.records.rows[op.id] = (
            "completed",
            ctx.attempt,
            started,
            perf_counter() - started,
            None,
        )
        return fx.DONE if value is None else fx.Done(value)
    attempt = Attempt(ctx, action, line, started)
    error = attempt.settle(mark, value, error)
    return attempt.end(value, error, None)


def _failure(ctx: Context, error: BaseException) -> tuple[str, BaseException | None, fx.Outcome]:
    if isinstance(error, Suspended):
        return "waiting", None, fx.Suspend(error.reason, error.data)
    if isinstance(error, Bailed):
        return "completed", None, fx.Stopped(error)
    if isinstance(error, Exception) or is_users_own(error):
        add_note(error, f"in {_place(ctx)}")
        return "failed", error, fx.Failed(error)
    return "cancelled", error, fx.Stopped(error)


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
        value, inner = yield from _timed(attempt.ctx, attempt.action)
        inner = attempt.settle(mark, value, inner)
        state = layers.close(None if inner else value, inner)
        if inner is not None and not isinstance(inner, Exception):
            layers.abandon()  # an interrupt: nothing can hold it, or run the inside again
            return None, inner, None
    error = state.error
    if (
        error is None
        and (state.value is not value or inner is not None)
        and not (state.skipped and state.value is None)
    ):
        error = attempt.keep(state.value)
    attempt.line.undo.commit()
    return state.value, error, SKIPPED if state.skipped else inner


def _timed(ctx: Context, action: Action[..., Any]) -> Flow:
    run = ctx.execution
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
