"""Constants: conditions whose answer is known, or depends on nothing but a few keys."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any, Final

from gostage._app.check.source import UNKNOWN
from gostage._store.keys import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.check.source import Code
    from gostage._app.check.subject import Called, Subject

_PURE: Final = frozenset(
    vars(builtins)[name]
    for name in ("len", "any", "all", "sum", "min", "max", "abs", "bool", "int", "str", "float")
)
_PLAIN: Final = (
    *(ast.Return, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.IfExp, ast.Constant),
    *(ast.cmpop, ast.boolop, ast.unaryop, ast.operator, ast.expr_context, ast.keyword),
)


def answer_of(subject: Subject, called: Called) -> bool | None:
    """What a condition always answers; `None` if that is not known."""
    code = subject.code(called.fn)
    if code is None or code.is_wrapped or len(code.body) != 1:
        return None
    (only,) = code.body
    if not isinstance(only, ast.Return) or not isinstance(only.value, ast.Constant):
        return None
    value = only.value.value
    return bool(value) if isinstance(value, (bool, int)) else None


def keys_of(subject: Subject, called: Called) -> dict[str, Any] | None:  # Any: annotations
    """The keys that a condition's answer depends on, each with the annotation it is taken as.

    `None` if the answer may depend on more.
    """
    code, effects = subject.code(called.fn), subject.effects(called)
    function = called.function
    if code is None or code.is_wrapped or function is None or effects.is_open:
        return None
    if len(code.body) != 1 or not all(map(_Purity(code, set(called.roles)).holds, code.body)):
        return None
    keys = {each.key: each.type for each in effects.reads}
    for parameter in function.parameters:
        if parameter.role == "value":
            is_live = subject.resource(function, parameter.key) is not None
            if is_live or parameter.key in ("item", "index"):
                return None
            keys[parameter.key] = parameter.annotation
    return keys


class _Purity:
    """Whether code only compares and counts what it is given."""

    def __init__(self, code: Code, roles: set[str]) -> None:
        self._code = code
        self._roles = roles
        self._parameters = {each.arg for each in code.parameters} - roles

    def holds(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self._parameters or self._is_constant(node)
        if isinstance(node, ast.Subscript):
            return (self._is_store(node.value) or self.holds(node.value)) and self.holds(node.slice)
        if isinstance(node, ast.Call):
            return self._is_pure_call(node)
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            return all(self._is_store(each) or self.holds(each) for each in parts)
        return isinstance(node, _PLAIN) and all(map(self.holds, ast.iter_child_nodes(node)))

    def _is_constant(self, node: ast.expr) -> bool:
        value = self._code.value_of(node)
        return value is not UNKNOWN and isinstance(value, (int, float, str, bytes, Key, type))

    def _is_store(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Attribute) or node.attr != "store":
            return False
        return isinstance(node.value, ast.Name) and node.value.id in self._roles

    def _is_pure_call(self, node: ast.Call) -> bool:
        function = node.func
        called = self._code.value_of(function)
        is_known = any(called is each for each in _PURE)
        if isinstance(function, ast.Attribute) and function.attr == "get":
            is_known = self._is_store(function.value)
        return is_known and all(map(self.holds, self._arguments(node)))

    @staticmethod
    def _arguments(node: ast.Call) -> Iterator[ast.AST]:
        yield from node.args
        yield from node.keywords
