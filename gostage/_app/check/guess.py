"""Guesses: of which type an expression or a returned value is, where the code says it."""

from __future__ import annotations

import ast
import collections.abc
import inspect
import types
import typing
from typing import TYPE_CHECKING, Any, Final, Union

from gostage._app.check.source import UNKNOWN, plain_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gostage._app.check.source import Code

# Any, in the whole module, is an annotation like others: that of a value nothing is known of.

_DISPLAYS: Final[dict[type[ast.expr], type]] = {
    ast.JoinedStr: str,
    ast.ListComp: list,
    ast.Dict: dict,
    ast.DictComp: dict,
    ast.SetComp: set,
    ast.Tuple: tuple,
}
_BUILTINS: Final[dict[Callable[..., object], type]] = {
    len: int,
    sorted: list,
    repr: str,
    any: bool,
    all: bool,
    isinstance: bool,
    hash: int,
    id: int,
}
_AWAITED: Final = (
    collections.abc.Awaitable,
    collections.abc.Coroutine,
    types.CoroutineType,
)


def guess(code: Code, node: ast.expr | None) -> Any:  # noqa: ANN401
    """The annotation that the value of an expression satisfies; `Any` if nothing is certain."""
    if isinstance(node, ast.IfExp):
        return _either(guess(code, node.body), guess(code, node.orelse))
    if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
        return _called(code.value_of(node.value.func), is_awaited=True)
    if isinstance(node, ast.Call):
        return _called(code.value_of(node.func), is_awaited=False)
    return Any if node is None else _written(node)


def _written(node: ast.expr) -> Any:  # noqa: ANN401
    """The type of what is written out."""
    if isinstance(node, ast.Constant):
        return Any if node.value is ... else type(node.value)
    if isinstance(node, ast.List | ast.Set):
        return _listed(type(node), node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return bool
    return _DISPLAYS.get(type(node), Any)


def returned(fn: object, code: Code | None) -> Any:  # noqa: ANN401
    """The annotation of what a function gives to its caller, once awaited."""
    function, is_wrapped = plain_function(fn)
    if function is None or is_wrapped:
        return Any
    declared = _declared(function)
    if declared is not UNKNOWN:
        return Any if typing.get_origin(declared) in _AWAITED else declared
    if code is None:
        return Any
    found = [guess(code, value) for value in results(code)]
    # Without an annotation only what is written out at the very end is trusted.
    return found[0] if len(found) == 1 and ends_with_return(code) else Any


def results(code: Code) -> list[ast.expr | None]:
    """What stands behind each `return` of a function, of none inside it."""
    return [node.value for node in own_nodes(code.body) if isinstance(node, ast.Return)]


def ends_with_return(code: Code) -> bool:
    """Whether its last statement returns."""
    return bool(code.body) and isinstance(code.body[-1], ast.Return)


def own_nodes(body: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """Every node of some statements, but not those of functions and classes inside them."""
    todo = list(body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(node))


def _listed(kind: type[ast.expr], items: list[ast.expr]) -> Any:  # noqa: ANN401
    outer = list if kind is ast.List else set
    kinds = {type(each.value) if isinstance(each, ast.Constant) else Any for each in items}
    if len(kinds) != 1:
        return outer
    inner: Any = kinds.pop()
    return outer if inner is Any else types.GenericAlias(outer, (inner,))


def _either(one: Any, other: Any) -> Any:  # noqa: ANN401
    return Any if one is Any or other is Any else Union[one, other]  # noqa: UP007 - they are values here


def _called(what: object, *, is_awaited: bool) -> Any:  # noqa: ANN401
    if isinstance(what, type):
        return Any if is_awaited or issubclass(what, type) else what
    if isinstance(what, types.FunctionType):
        is_async = inspect.iscoroutinefunction(what)
        is_plain = not (inspect.isgeneratorfunction(what) or inspect.isasyncgenfunction(what))
        declared = _declared(what) if is_plain and is_async is is_awaited else UNKNOWN
        return Any if declared is UNKNOWN or hasattr(what, "__wrapped__") else declared
    try:
        return Any if is_awaited else _BUILTINS.get(what, Any)  # type: ignore[call-overload]  # any callable may be asked for
    except TypeError:  # a callable that cannot be hashed
        return Any


def _declared(function: types.FunctionType) -> Any:  # noqa: ANN401
    """The annotation of what a function returns, resolved; `UNKNOWN` if it has none."""
    annotations = getattr(function, "__annotations__", None) or {}
    if "return" not in annotations:
        return UNKNOWN
    holder = types.SimpleNamespace(__annotations__={"return": annotations["return"]})
    try:
        hints = typing.get_type_hints(holder, function.__globals__, include_extras=True)
    except Exception:  # noqa: BLE001 - evaluating a user's annotation may raise anything
        return Any
    return hints["return"]
