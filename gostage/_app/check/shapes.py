"""Shapes: conditions without an answer, handlers that cannot be called, results that are none."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any, cast

from gostage._app.check.findings import Finding
from gostage._app.check.guess import own_nodes, results, returned
from gostage._app.check.subject import called_at
from gostage._engine import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._app.check.findings import Level
    from gostage._app.check.source import Code
    from gostage._app.check.subject import Subject
    from gostage._app.check.tour import Stop

_ONLY_IN_ACTIONS = frozenset({"suspend", "add_action", "add_stage", "add_action_to"})


def conditions(subject: Subject) -> Iterator[Finding]:
    """Find conditions that never answer, or do what only an action can."""
    for stop, called in subject.callers:
        code = subject.code(called.fn)
        if stop is None or code is None or called.kind != "condition":
            continue
        why = _no_answer(code)
        if why:
            yield Finding(
                code="no-answer",
                level="error",
                message=f"{called.what} {why}, and a condition has to give a bool",
                hint="return true or false; is there a return missing?",
            ).at(stop, *code.place)
        for call in subject.effects(called).calls:
            if call.name in _ONLY_IN_ACTIONS:
                message = f"{called.what} calls ctx.{call.name}(), which only an action can"
                hint = "do it in an action before this step; .receive() waits for an answer"
                level: Level = "error" if call.is_sure else "warning"
                made = Finding(code="only-in-actions", level=level, message=message, hint=hint)
                yield made.at(stop, code.file, call.node.lineno)


def handlers(subject: Subject) -> Iterator[Finding]:
    """Find retry handlers that cannot be called as they are, or never try again."""
    for stop, called in subject.callers:
        if stop is None or called.kind != "handler":
            continue
        code = subject.code(called.fn)
        place = () if code is None else code.place
        if not _takes_three(called.fn):
            yield Finding(
                code="handler-shape",
                level="error",
                message=f"{called.what} of {stop.what} cannot be called with (ctx, error, attempt)",
                hint="write def handler(ctx, error, attempt): …",
            ).at(stop, *place)
        elif code is not None and _gives_nothing(code):
            yield Finding(
                code="no-answer",
                level="warning",
                message=f"{called.what} of {stop.what} returns nothing, so it always gives up",
                hint="return true, or a number of seconds, to try again",
            ).at(stop, *place)


def results_of_actions(subject: Subject) -> Iterator[Finding]:
    """Find actions that provide keys and return nothing for them, or not as many values."""
    for stop in subject.stops:
        action = stop.action
        code = None if action is None else subject.code(action.function.fn)
        if stop.is_off or action is None or code is None or action.use:
            continue
        if action.provides is not None:
            count = len(action.provides) if isinstance(action.provides, tuple) else 0
            yield from _provided(subject, stop, code, count)
        elif _is_collected(stop) and _gives_nothing(code) and not _leaves(subject, stop):
            yield Finding(
                code="no-result",
                level="warning",
                message=f"{stop.what} returns nothing, and its for_each collects what it returns",
                hint="return the value for each item, or leave into= out",
            ).at(stop, *code.place)


def stages_of_actions(subject: Subject) -> Iterator[Finding]:
    """Find actions that add a stage behind theirs and stand in none."""
    for stop, called in subject.callers:
        if stop is None or called.kind != "action" or stop.stage is not None:
            continue
        code = subject.code(called.fn)
        for call in subject.effects(called).calls:
            if call.name == "add_stage" and code is not None:
                yield Finding(
                    code="no-current-stage",
                    level="error" if call.is_sure else "warning",
                    message=f"{called.what} calls ctx.add_stage(), and stands in no stage",
                    hint="put it into a stage, or add an action with ctx.add_action()",
                ).at(stop, code.file, call.node.lineno)


def _provided(subject: Subject, stop: Stop, code: Code, count: int) -> Iterator[Finding]:
    action = stop.action
    if action is None or _leaves(subject, stop):
        return
    if _gives_nothing(code):
        yield Finding(
            code="no-result",
            level="error" if count else "warning",
            message=f"{stop.what} provides {_keys(action.provides)}, and returns nothing",
            hint="return the value, or leave provides= out",
        ).at(stop, *code.place)
        return
    kind: Any = returned(action.function.fn, code)  # Any: an annotation
    args = getattr(kind, "__args__", ())
    is_fixed = getattr(kind, "__origin__", None) is tuple and ... not in args
    if count and is_fixed and len(args) != count:
        yield Finding(
            code="no-result",
            level="error",
            message=f"{stop.what} provides {_keys(action.provides)}, "
            f"and returns a tuple of {len(args)}",
            hint="return one value for each key",
        ).at(stop, *code.place)


def _keys(provides: object) -> str:
    keys = provides if isinstance(provides, tuple) else (provides,)
    return ", ".join(repr(str(key)) for key in keys)


def _is_collected(stop: Stop) -> bool:
    owner = stop.parent
    if owner is None or not isinstance(owner.node, nodes.ForEach) or owner.node.into is None:
        return False
    return stop.arm.stops[-1] is stop


def _leaves(subject: Subject, stop: Stop) -> bool:
    """Whether an action never comes to its end: it suspends or ends the run."""
    (called,) = [each for each in called_at(stop) if each.kind == "action"]
    calls = subject.effects(called).calls
    return any(each.name in {"suspend", "bail"} and each.is_sure for each in calls)


def _gives_nothing(code: Code) -> bool:
    """Whether it surely returns `None`, by its end or a bare return; stubs are let through."""
    if code.is_wrapped or isinstance(code.node, ast.Lambda) or _is_stub(code):
        return False
    kinds = (ast.Yield, ast.YieldFrom, ast.Raise)
    if any(isinstance(node, kinds[:2]) for node in own_nodes(code.body)):
        return False
    if code.body and isinstance(code.body[-1], ast.Raise | ast.While):
        return False  # it may well end in no other way
    return all(each is None or _is_none(each) for each in results(code))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_stub(code: Code) -> bool:
    return any(
        isinstance(each, ast.Expr)
        and isinstance(each.value, ast.Constant)
        and each.value.value is ...
        for each in code.body
    )


def _no_answer(code: Code) -> str:
    if _gives_nothing(code):
        return "returns nothing"
    found = results(code)
    texts = [
        each
        for each in found
        if isinstance(each, ast.JoinedStr)
        or (isinstance(each, ast.Constant) and isinstance(each.value, str | bytes))
    ]
    is_text = bool(found) and len(texts) == len(found) and not code.is_wrapped
    return "returns a text" if is_text else ""


def _takes_three(fn: object) -> bool:
    try:
        signature = inspect.signature(cast("Callable[..., object]", fn))
    except (TypeError, ValueError):  # a builtin does not say what it takes
        return True
    try:
        signature.bind(None, None, 1)
    except TypeError:
        return False
    return True
