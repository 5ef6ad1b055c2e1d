"""Timeouts: those that nothing can enforce, and what blocks the loop of async code."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import time
from typing import TYPE_CHECKING, Final

from gostage._app.check.findings import Finding
from gostage._app.check.guess import own_nodes, results
from gostage._app.check.subject import called_at
from gostage._app.check.tour import below
from gostage._engine import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.check.source import Code
    from gostage._app.check.subject import Subject
    from gostage._app.check.tour import Stop

_BLOCKING: Final = {
    time.sleep: "await asyncio.sleep(…) instead",
    subprocess.run: "await asyncio.create_subprocess_exec(…) instead",
    subprocess.call: "await asyncio.create_subprocess_exec(…) instead",
    subprocess.check_call: "await asyncio.create_subprocess_exec(…) instead",
    subprocess.check_output: "await asyncio.create_subprocess_exec(…) instead",
    os.system: "await asyncio.create_subprocess_shell(…) instead",
    input: "suspend the run, or receive a signal",
}
_REQUESTS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "request"})


def not_enforced(subject: Subject) -> Iterator[Finding]:
    """Find timeouts that are only noticed when it is over."""
    for stop in subject.stops:
        if stop.is_off:
            continue
        action = stop.action
        if action is not None and action.timeout is not None:
            if _is_unstoppable(subject, stop):
                yield _of_action(subject, stop, action.timeout)
        elif isinstance(stop.node, nodes.Stage) and stop.node.timeout is not None:
            slow = next((each for each in below(stop) if _is_unstoppable(subject, each)), None)
            if slow is not None:
                yield _of_stage(stop, slow, stop.node.timeout)


def blocking(subject: Subject) -> Iterator[Finding]:
    """Find async functions that call what blocks: nothing else goes on, and no timeout holds."""
    for stop, called in subject.callers:
        code = subject.code(called.fn)
        if code is None or stop is None or not isinstance(code.node, ast.AsyncFunctionDef):
            continue
        for node in own_nodes(code.body):
            advice = _advice(code, node) if isinstance(node, ast.Call) else None
            if advice is not None and isinstance(node, ast.Call):
                yield Finding(
                    code="async-blocking",
                    level="warning",
                    message=f"{called.what} is async and calls {ast.unparse(node.func)}(), which "
                    "keeps everything else waiting",
                    hint=f"{advice}, or make it a plain function",
                ).at(stop, code.file, node.lineno)


def _advice(code: Code, node: ast.Call) -> str | None:
    called = code.value_of(node.func)
    if getattr(called, "__module__", None) == "requests.api":
        is_one = getattr(called, "__name__", None) in _REQUESTS
        return "use an async client" if is_one else None
    return next((advice for fn, advice in _BLOCKING.items() if fn is called), None)


def _of_action(subject: Subject, stop: Stop, timeout: float) -> Finding:
    action = stop.action
    code = None if action is None else subject.code(action.function.fn)
    return Finding(
        code="timeout-not-enforced",
        level="warning",
        message=f"the timeout of {stop.what}, {timeout:g} s, is only noticed when it has returned: "
        "a plain function cannot be stopped from outside",
        hint="call ctx.check() in its loops, give what it calls a timeout=, or make it async",
    ).at(stop, None if code is None else code.file, None if code is None else code.line)


def _of_stage(stop: Stop, slow: Stop, timeout: float) -> Finding:
    return Finding(
        code="timeout-not-enforced",
        level="note",
        message=f"the timeout of {stop.what}, {timeout:g} s, is looked at between its steps: "
        f"{slow.what} is a plain function and may take longer",
        hint="call ctx.check() in its loops, or make it async",
    ).at(stop)


def _is_unstoppable(subject: Subject, stop: Stop) -> bool:
    """Whether a stop is an action that runs to its end, however long that takes."""
    action = stop.action
    if action is None or action.isolate is not False or stop.is_off or action.function.is_async:
        return False
    (called,) = [each for each in called_at(stop) if each.kind == "action"]
    code = subject.code(called.fn)
    if code is None or code.is_wrapped or subject.effects(called).looks_at_time:
        return False
    return not (_is_quick(code, set(called.roles)) or _has_limit(code) or _gives_coroutine(code))


def _is_quick(code: Code, roles: set[str]) -> bool:
    """Whether it calls nothing that takes time, and repeats nothing."""
    slow = (ast.While, ast.For, ast.comprehension, ast.With)
    everything = [node for statement in code.body for node in ast.walk(statement)]
    calls = [node.func for node in everything if isinstance(node, ast.Call)]
    is_slow = any(isinstance(node, slow) for node in everything)
    return not is_slow and all(_is_quick_call(code, each, roles) for each in calls)


def _is_quick_call(code: Code, function: ast.expr, roles: set[str]) -> bool:
    root = function
    while isinstance(root, ast.Attribute):
        root = root.value
    if isinstance(root, ast.Name) and root.id in roles:
        return True
    called = code.value_of(function)
    return called is not input and getattr(called, "__module__", None) == "builtins"


def _has_limit(code: Code) -> bool:
    """Whether it limits what it calls itself."""
    words = {"timeout", "deadline", "time_limit"}
    return any(
        isinstance(node, ast.keyword) and node.arg in words
        for statement in code.body
        for node in ast.walk(statement)
    )


def _gives_coroutine(code: Code) -> bool:
    """Whether what it returns may be awaited by the run."""
    annotations = getattr(code.function, "__annotations__", None) or {}
    declared = str(annotations.get("return", "Any"))
    if "Any" not in declared:
        return "Awaitable" in declared or "Coroutine" in declared
    called = [value.func for value in results(code) if isinstance(value, ast.Call)]
    return any(_may_be_async(code.value_of(each)) for each in called)


def _may_be_async(target: object) -> bool:
    is_known = inspect.isroutine(target) or isinstance(target, type)
    return not is_known or inspect.iscoroutinefunction(target)
