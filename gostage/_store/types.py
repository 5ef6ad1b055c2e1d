"""Whether a value satisfies an annotation, and how an annotation is called in a message.

Nothing is converted, nothing is consumed, and what cannot be understood is accepted.
"""

from __future__ import annotations

import collections
import collections.abc
import sys
import types
import typing
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Check = Callable[[object], bool]

__all__ = ["is_annotation", "kind_of", "satisfies", "type_name"]

# bool is not int, int is not float, a datetime is not a date: these are asked for by exact class.
_EXACT: Final[frozenset[type]] = frozenset({bool, int, float, complex, str, bytes, date, datetime})
# Containers that can be looked into any number of times without using them up.
_SOLID: Final = (list, tuple, set, frozenset, dict, collections.deque)
_UNIONS: Final = (Union, types.UnionType)
_WRAPPERS: Final = {"Annotated", "ClassVar", "Final", "Required", "NotRequired", "ReadOnly"}


def satisfies(value: object, annotation: object) -> bool:
    """Whether the value is what the annotation asks for, all the way down."""
    try:
        check = _cached_check(annotation)
    except TypeError:  # an annotation that cannot be hashed, such as Annotated[int, []]
        check = _make_check(annotation)
    return check(value)


def is_annotation(thing: object) -> bool:
    """Whether the thing can be meant as a type at all, and not as a value that slipped in."""
    plain = (str, bytes, int, float, complex, list, dict, set, frozenset)
    return thing is not None and not isinstance(thing, (*plain, tuple))


# A cache: looking at an annotation costs far more than looking at a value.
@lru_cache(maxsize=1024)
def _cached_check(annotation: object) -> Check:
    return _make_check(annotation)


def _make_check(annotation: Any) -> Check:  # noqa: ANN401, PLR0911 - an annotation has no static type; one return for each kind
    if annotation is Any or annotation is object:
        return _anything
    if annotation is None or annotation is type(None):
        return lambda value: value is None
    origin = typing.get_origin(annotation)
    if origin is not None:
        return _make_generic(annotation, origin, typing.get_args(annotation))
    if isinstance(annotation, type):
        return _make_class(annotation)
    if isinstance(annotation, typing.TypeVar):
        return _make_variable(annotation)
    if hasattr(annotation, "__supertype__"):  # NewType
        return _make_check(annotation.__supertype__)
    if type(annotation).__name__ == "TypeAliasType":
        return lambda value: satisfies(value, annotation.__value__)  # it may contain itself
    return _make_special(annotation)


def _anything(_value: object) -> bool:
    return True


def _make_special(annotation: object) -> Check:
    name = getattr(annotation, "_name", None) or getattr(annotation, "__name__", None)
    if name in {"Never", "NoReturn"}:
        return lambda _value: False
    if name == "LiteralString":
        return lambda value: type(value) is str
    return _anything  # a forward reference, a ParamSpec and the like


def _make_variable(variable: typing.TypeVar) -> Check:
    if variable.__constraints__:
        return _any_of(variable.__constraints__)
    return _anything if variable.__bound__ is None else _make_check(variable.__bound__)


def _make_class(cls: Any) -> Check:  # noqa: ANN401 - any class, with the marks typing leaves on it
    if cls in _EXACT:
        return lambda value: type(value) is cls
    if typing.is_typeddict(cls) or type(cls).__name__ == "_TypedDictMeta":
        return _make_typed_dict(cls)
    if getattr(cls, "_is_protocol", False):
        return _make_protocol(cls)
    return lambda value: _is_instance(value, cls)


def _is_instance(value: object, cls: type) -> bool:
    try:
        return isinstance(value, cls)
    except TypeError:
        return True


def _make_generic(annotation: Any, origin: Any, args: tuple[Any, ...]) -> Check:  # noqa: ANN401, PLR0911
    if origin in _UNIONS:
        return _any_of(args)
    if origin is typing.Literal:
        return lambda value: any(type(value) is type(arg) and value == arg for arg in args)
    if origin is typing.Annotated or getattr(origin, "_name", None) in _WRAPPERS:
        return _make_check(args[0])
    if origin is collections.abc.Callable:
        return callable
    if origin is type:
        return _make_type_of(args)
    if type(origin).__name__ == "TypeAliasType":
        return lambda value: satisfies(value, origin.__value__)
    if origin is tuple:
        return _make_tuple(args)
    if not isinstance(origin, type):
        return _anything
    return _make_container(origin, args)


def _any_of(annotations: Iterable[object]) -> Check:
    checks = tuple(_make_check(each) for each in annotations)
    return lambda value: any(check(value) for check in checks)


def _make_type_of(args: tuple[Any, ...]) -> Check:
    wanted = args[0] if args else Any
    options = typing.get_args(wanted) if typing.get_origin(wanted) in _UNIONS else (wanted,)
    classes = tuple(option for option in options if isinstance(option, type))
    if len(classes) < len(options) or Any in classes:  # Any is a class from Python 3.11 on
        return lambda value: isinstance(value, type)
    return lambda value: isinstance(value, type) and issubclass(value, classes)


def _make_tuple(args: tuple[Any, ...]) -> Check:
    if len(args) == 2 and args[1] is ...:
        each = _make_check(args[0])
        return lambda value: isinstance(value, tuple) and all(each(item) for item in value)
    if any(typing.get_origin(arg) is not None and "Unpack" in str(arg) for arg in args):
        return lambda value: isinstance(value, tuple)
    checks = () if args == ((),) else tuple(_make_check(arg) for arg in args)

    def check(value: object) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) == len(checks)
            and all(each(item) for each, item in zip(checks, value, strict=True))
        )

    return check


def _make_container(origin: type, args: tuple[Any, ...]) -> Check:
    outer = _make_class(origin)
    if len(args) == 2 and issubclass(origin, collections.abc.Mapping):
        key, item = _make_check(args[0]), _make_check(args[1])
        return lambda value: (
            outer(value)
            and (not isinstance(value, dict) or all(key(k) and item(v) for k, v in value.items()))
        )
    if len(args) == 1 and issubclass(origin, collections.abc.Iterable):
        each = _make_check(args[0])
        return lambda value: (
            outer(value) and (not isinstance(value, _SOLID) or all(each(item) for item in value))
        )
    return outer  # a class of the user's: what its parameters mean is not known here


def _make_typed_dict(cls: Any) -> Check:  # noqa: ANN401 - a TypedDict class has no common base
    required = frozenset(cls.__required_keys__)
    hints = hints_of(cls)

    def check(value: object) -> bool:  # asks again for each item: the class may contain itself
        return (
            isinstance(value, dict)
            and required <= value.keys()
            and all(satisfies(value[name], hint) for name, hint in hints.items() if name in value)
        )

    return check


def hints_of(cls: type) -> dict[str, Any]:  # Any: annotations have no static type
    """The annotations of a class, resolved; those that cannot be resolved accept anything."""
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception:  # noqa: BLE001 - a name only known to type checkers, or worse
        return _hints_one_by_one(cls)


def _hints_one_by_one(cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        space = vars(sys.modules.get(base.__module__, types))
        for name, hint in getattr(base, "__annotations__", {}).items():
            probe = type("probe", (), {"__annotations__": {name: hint}})
            try:
                found[name] = typing.get_type_hints(probe, space, include_extras=True)[name]
            except Exception:  # noqa: BLE001 - as above, for this name alone
                found[name] = Any
    return found


_NOT_MEMBERS: Final = frozenset(
    """
    __abstractmethods__ __annotate__ __annotate_func__ __annotations__ __annotations_cache__
    __callable_proto_members_only__ __class_getitem__ __dict__ __doc__ __firstlineno__ __init__
    __match_args__ __module__ __new__ __non_callable_proto_members__ __orig_bases__
    __orig_class__ __parameters__ __protocol_attrs__ __qualname__ __slots__
    __static_attributes__ __subclasshook__ __type_params__ __weakref__ _abc_impl _is_protocol
    _is_runtime_protocol
    """.split()  # noqa: SIM905 - a list of forty lines would say no more
)


def _make_protocol(cls: type) -> Check:
    names = frozenset(
        name
        for base in cls.__mro__
        if getattr(base, "_is_protocol", False) and base.__module__ != "typing"
        for name in (*vars(base), *getattr(base, "__annotations__", {}))
        if name not in _NOT_MEMBERS and not name.startswith("_abc_")
    )
    if not names:  # a protocol of the standard library, such as SupportsInt
        return lambda value: _is_instance(value, cls)
    return lambda value: all(_has(value, name) for name in names)


def _has(value: object, name: str) -> bool:
    # Looked up without running properties; only a class that makes attributes up is asked.
    kind = type(value)
    for base in kind.__mro__:
        if name in vars(base):
            return vars(base)[name] is not None
    if name in getattr(value, "__dict__", ()):
        return True
    return hasattr(kind, "__getattr__") and hasattr(value, name)


def type_name(annotation: object) -> str:
    """How an annotation is called in a message: `list[int]`, `str | None`, `Order`."""
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is ...:
        return "..."
    origin = typing.get_origin(annotation)
    if origin is not None:
        return _generic_name(annotation, origin, typing.get_args(annotation))
    name = getattr(annotation, "__qualname__", None) or getattr(annotation, "__name__", None)
    if isinstance(name, str):
        return name.rpartition("<locals>.")[2]
    if isinstance(annotation, typing.ForwardRef):
        return annotation.__forward_arg__
    return str(annotation).replace("typing.", "")


def kind_of(value: object) -> str:
    """How a value's type is called in a message, with the types of what it holds: `list[int]`."""
    name = type_name(type(value))
    if type(value) is dict:
        inside = [_kinds(value), _kinds(value.values())]
    elif type(value) in (list, set, frozenset):
        inside = [_kinds(value)]  # type: ignore[arg-type]  # the three are iterable
    else:
        return name
    return f"{name}[{', '.join(inside)}]" if all(inside) else name


def _kinds(values: Iterable[object]) -> str:
    few = 3
    names = {type_name(type(value)) for value in values}
    return " | ".join(sorted(names)) if len(names) <= few else ""


def _generic_name(annotation: object, origin: Any, args: tuple[Any, ...]) -> str:  # noqa: ANN401
    if origin in _UNIONS:
        return " | ".join(type_name(arg) for arg in args)
    if origin is typing.Literal:
        return f"Literal[{', '.join(repr(arg) for arg in args)}]"
    if origin is typing.Annotated:
        return type_name(args[0])
    inner = ", ".join(
        f"[{', '.join(type_name(each) for each in arg)}]"
        if isinstance(arg, list)
        else type_name(arg)
        for arg in args
    )
    outer = type_name(origin)
    return f"{outer}[{inner}]" if inner else outer
