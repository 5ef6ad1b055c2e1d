"""The signature of a callable: what it asks for by name; it may not call the callable."""

from __future__ import annotations

import enum
import functools
import inspect
import sys
import types
import typing
from typing import TYPE_CHECKING, Any, Final, Literal
from weakref import WeakKeyDictionary

from gostage._engine.value import Value
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Takes = Literal["nothing", "ctx", "more"]


class Empty(enum.Enum):
    """The type of `EMPTY`."""

    EMPTY = "no default"


EMPTY: Final = Empty.EMPTY
"""The default of a parameter that has none."""


class Raw(Value):
    """A parameter as its function declares it, the annotation not yet resolved."""

    __slots__ = ("default", "is_ctx", "name")

    def __init__(self, name: str, is_ctx: bool, default: object) -> None:
        self.name: Final = name
        self.is_ctx: Final = is_ctx
        self.default: Final = default


class Signature:
    """What one function asks for; all that is made from the function shares it."""

    __slots__ = ("file", "hints", "is_async", "is_generator", "line", "raw", "takes")

    def __init__(
        self,
        *,
        raw: tuple[Raw, ...],
        takes: Takes,
        is_async: bool,
        is_generator: bool,
        file: str | None,
        line: int | None,
    ) -> None:
        self.raw: Final = raw
        self.takes: Final = takes
        self.is_async: Final = is_async
        self.is_generator: Final = is_generator
        self.file: Final = file
        self.line: Final = line
        self.hints: dict[str, Any] | None = None  # Any: annotations have no static type


# Read again for each of a hundred thousand actions made from one function, a signature costs
# seconds; it depends on the function alone, and goes when the function does.
_FUNCTIONS: Final[WeakKeyDictionary[types.FunctionType, Signature]] = WeakKeyDictionary()
_METHODS: Final[WeakKeyDictionary[types.FunctionType, Signature]] = WeakKeyDictionary()


def signature_of(fn: Callable[..., object], what: str) -> Signature:
    """Read what a callable asks for; `what` is the word for it in messages."""
    if type(fn) is types.FunctionType:
        cache, key = _FUNCTIONS, fn
    elif type(fn) is types.MethodType and type(fn.__func__) is types.FunctionType:
        cache, key = _METHODS, fn.__func__
    else:  # others need not be hashable, and are rarely shared
        return _read(fn, what)
    found = cache.get(key)
    if found is None:
        found = cache[key] = _read_plain(key, bound=key is not fn) or _read(fn, what)
    return found


def _read_plain(fn: types.FunctionType, *, bound: bool) -> Signature | None:
    """Read a function of nothing, or of `ctx` alone: most are, and `inspect` takes 10 µs."""
    code = fn.__code__
    names = code.co_varnames[bound : code.co_argcount]
    is_plain = not (fn.__dict__ or fn.__defaults__ or code.co_kwonlyargcount)
    if not is_plain or names not in ((), ("ctx",)) or bound > code.co_argcount:
        return None
    flags = code.co_flags
    return Signature(
        raw=tuple(Raw(name, is_ctx=True, default=EMPTY) for name in names),
        takes="ctx" if names else "nothing",
        is_async=bool(flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR)),
        is_generator=bool(flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR)),
        file=code.co_filename,
        line=code.co_firstlineno,
    )


def _read(fn: Callable[..., object], what: str) -> Signature:
    try:
        declared = list(inspect.signature(fn).parameters.values())
    except (ValueError, TypeError):
        declared = None  # a builtin does not say what it takes
    takes: Takes
    raw, takes = ((), "ctx") if declared is None else _roles(fn, declared, what)
    body = body_of(fn)
    code = getattr(inspect.unwrap(body), "__code__", None)
    return Signature(
        raw=raw,
        takes=takes,
        is_async=inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body),
        is_generator=inspect.isgeneratorfunction(body) or inspect.isasyncgenfunction(body),
        file=getattr(code, "co_filename", None),
        line=getattr(code, "co_firstlineno", None),
    )


def _roles(
    fn: Callable[..., object], declared: list[inspect.Parameter], what: str
) -> tuple[tuple[Raw, ...], Takes]:
    fixed = _fixed_by_partials(fn)
    ctx = _ctx_of(fn, declared)
    named = [each for each in declared if _is_fillable(each, fixed)]
    required = [each for each in named if each.default is each.empty]
    if len(named) == 1 and named[0] is ctx and ctx.kind is not ctx.KEYWORD_ONLY:
        return (_raw(ctx, ctx),), "ctx"
    for each in required:
        if each.kind is each.POSITIONAL_ONLY:
            raise DefinitionError(
                f"{what} {name_of_function(fn)!r} takes {each.name!r} by position only, and "
                "parameters are filled by name",
                hint="take the / out of its signature, or wrap it in a function of your own",
            )
    filled = [each for each in named if each.kind is not each.POSITIONAL_ONLY]
    return tuple(_raw(each, ctx) for each in filled), "more" if filled else "nothing"


def _raw(declared: inspect.Parameter, ctx: inspect.Parameter | None) -> Raw:
    default = EMPTY if declared.default is declared.empty else declared.default
    return Raw(declared.name, declared is ctx, default)


def _is_fillable(declared: inspect.Parameter, fixed: frozenset[str]) -> bool:
    starred = declared.kind in {declared.VAR_POSITIONAL, declared.VAR_KEYWORD}
    return not starred and declared.name not in fixed


def _fixed_by_partials(fn: object) -> frozenset[str]:
    fixed: set[str] = set()
    while isinstance(fn, functools.partial):
        fixed |= set(fn.keywords)
        fn = fn.func
    return frozenset(fixed)


def _ctx_of(fn: object, declared: list[inspect.Parameter]) -> inspect.Parameter | None:
    by_name = (each for each in declared if each.name == "ctx")
    scope = getattr(inspect.unwrap(body_of(fn)), "__globals__", {})
    by_type = (each for each in declared if _is_context(each.annotation, scope))
    return next(by_name, None) or next(by_type, None)


def _is_context(annotation: object, scope: Mapping[str, object]) -> bool:
    """Whether this is the run's `Context`, which this layer knows by its name only."""
    if isinstance(annotation, str):
        dotted = annotation.strip("'\" ").split("[")[0].split(".")
        if dotted[-1] != "Context":
            return False
        found = functools.reduce(
            lambda value, name: getattr(value, name, None), dotted[1:], scope.get(dotted[0])
        )
        return not isinstance(found, type) or _is_context(found, scope)
    if not isinstance(annotation, type):
        return False
    # decimal and contextvars have a Context of their own, which is not meant.
    return any(
        cls.__name__ == "Context" and cls.__module__.lstrip("_") not in sys.stdlib_module_names
        for cls in annotation.__mro__
    )


def name_of_function(fn: object) -> str:
    """The name of a callable, without decoration: a lambda is `lambda`."""
    inner = _inner(fn)
    name = getattr(inner, "__name__", None)
    return name.strip("<>") if isinstance(name, str) and name else type(inner).__name__


def first_line(text: str | None) -> str:
    """The first line of a docstring that says something."""
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")


# Any: annotations have no static type.
def resolve_hints(fn: object) -> tuple[dict[str, Any], bool]:
    """Resolve the annotations of a callable, and say whether all could be; others are left out."""
    target = inspect.unwrap(body_of(fn))
    function = getattr(target, "__func__", target)
    raw = dict(getattr(function, "__annotations__", None) or {})
    raw.pop("return", None)
    scope = _scope_of(function)
    try:
        return _evaluated(raw, scope), True
    except Exception:  # noqa: BLE001 - evaluating a user's annotation may raise anything
        return _one_by_one(raw, scope), False


def _one_by_one(raw: dict[str, Any], scope: dict[str, Any]) -> dict[str, Any]:
    hints: dict[str, Any] = {}
    for name, annotation in raw.items():
        try:
            hints |= _evaluated({name: annotation}, scope)
        except Exception:  # noqa: BLE001, S112 - as above; what is unknown accepts anything
            continue
    return hints


def _evaluated(raw: dict[str, Any], scope: dict[str, Any]) -> dict[str, Any]:
    holder = types.SimpleNamespace(__annotations__=raw)
    return typing.get_type_hints(holder, globalns=scope, include_extras=True)


def _scope_of(function: object) -> dict[str, object]:
    scope = dict(getattr(function, "__globals__", {}))
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    for name, cell in zip(getattr(code, "co_freevars", ()), cells or (), strict=False):
        try:
            scope[name] = cell.cell_contents
        except ValueError:  # a cell that is not filled yet
            continue
    return scope


def _inner(fn: object) -> object:
    """What partials are made of."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return fn


def body_of(fn: object) -> Callable[..., object]:
    """The function or method whose body runs when this is called."""
    inner = _inner(fn)
    body: Callable[..., object] = inner if inspect.isroutine(inner) else inner.__call__  # type: ignore[operator]
    return body
