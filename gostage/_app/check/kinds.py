"""Kinds: whether a value of one annotation may satisfy another; what is not certain may."""

from __future__ import annotations

import collections.abc
import enum
import inspect
import types
import typing
from datetime import date, datetime
from typing import Any, Final, Union

from gostage._store.types import satisfies

# Any, in the whole module: annotations have no static type.

_UNIONS: Final = (Union, types.UnionType)
_WRAPPERS: Final = frozenset({"Annotated", "ClassVar", "Final", "Required", "NotRequired"})
# A run tells these apart by their exact class, and nobody derives from them to mean another.
_SCALARS: Final = (bool, int, float, complex, str, bytes, date, datetime, type(None))
# What a checker lets pass where the wider type is declared.
_PROMOTED: Final[dict[type, tuple[type, ...]]] = {
    int: (bool,),
    float: (int, bool),
    complex: (float, int, bool),
    date: (datetime,),
}
_CONTAINERS: Final = (list, dict, set, frozenset, tuple)
_NUMBERS: Final = (bool, int, float, complex)


class Fit(enum.IntEnum):
    """How a value of one annotation goes with another."""

    NEVER = 0
    EMPTY = 1
    """Only if it is a container with nothing in it."""
    MAY = 2


def fit(offered: Any, wanted: Any) -> Fit:  # noqa: ANN401
    """Whether some value that the offered annotation allows satisfies the wanted one."""
    try:
        return _fit(_plain(offered), _plain(wanted))
    except (TypeError, ValueError, AttributeError, RecursionError):
        return Fit.MAY  # an annotation of a kind that is not known here


def are_apart(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Whether two annotations of one key have no value in common; numbers are all alike."""
    if _is_placeholder(one) or _is_placeholder(other):
        return False
    if all(isinstance(each, type) and issubclass(each, _NUMBERS) for each in (one, other)):
        return False
    return fit(one, other) is Fit.NEVER and fit(other, one) is Fit.NEVER


def element(annotation: Any) -> Any:  # noqa: ANN401
    """The annotation of the items of a container; `Any` if it does not say."""
    annotation = _plain(annotation)
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if not isinstance(origin, type) or not args:
        return Any
    if origin is tuple:
        return args[0] if len(args) == 2 and args[1] is ... else Any
    is_iterable = issubclass(origin, collections.abc.Iterable)
    return args[0] if is_iterable and (len(args) == 1 or origin is dict) else Any


def _is_placeholder(annotation: Any) -> bool:  # noqa: ANN401
    return annotation is None or annotation is type(None)


def _plain(annotation: Any) -> Any:  # noqa: ANN401
    """Take off what says nothing about the value."""
    while True:
        if annotation is None:
            return type(None)
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated or getattr(origin, "_name", None) in _WRAPPERS:
            annotation = typing.get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):  # NewType
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation


def _fit(offered: Any, wanted: Any) -> Fit:  # noqa: ANN401
    if offered in (Any, object) or wanted in (Any, object):
        return Fit.MAY
    for parts, of_one in (
        (_parts(offered), lambda each: fit(each, wanted)),
        (_parts(wanted), lambda each: fit(offered, each)),
    ):
        if parts is not None:
            return max(map(of_one, parts), default=Fit.MAY)
    if typing.get_origin(offered) is typing.Literal:
        return _literals(typing.get_args(offered), wanted)
    if typing.get_origin(wanted) is typing.Literal:
        return max(fit(offered, type(each)) for each in typing.get_args(wanted))
    outer = _classes(_class_of(offered), _class_of(wanted))
    return Fit.NEVER if outer is Fit.NEVER else min(outer, _inside(offered, wanted))


def _parts(annotation: Any) -> tuple[Any, ...] | None:  # noqa: ANN401
    return typing.get_args(annotation) if typing.get_origin(annotation) in _UNIONS else None


def _literals(values: tuple[Any, ...], wanted: Any) -> Fit:  # noqa: ANN401
    return Fit.MAY if any(satisfies(each, wanted) for each in values) else Fit.NEVER


def _class_of(annotation: Any) -> type | None:  # noqa: ANN401
    """The class of the values, if it is a real one and does not only describe them."""
    kind = typing.get_origin(annotation) or annotation
    if typing.is_typeddict(kind) or type(kind).__name__ == "_TypedDictMeta":
        return dict
    if not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return None
    return kind


def _classes(offered: type | None, wanted: type | None) -> Fit:
    if offered is None or wanted is None:
        return Fit.MAY
    if offered in _SCALARS or wanted in _SCALARS:
        return _scalars(offered, wanted)
    if issubclass(offered, wanted) or issubclass(wanted, offered):
        return Fit.MAY
    if offered in _CONTAINERS and _is_open(wanted):
        return Fit.NEVER  # it would count as that already
    if _is_open(offered) or _is_open(wanted) or _have_heirs(offered, wanted):
        return Fit.MAY
    return Fit.NEVER


def _scalars(offered: type, wanted: type) -> Fit:
    """A run asks for scalars by their exact class: an int is no float, a bool no int."""
    if offered in _SCALARS and wanted in _SCALARS:
        may = offered is wanted or wanted in _PROMOTED.get(offered, ())
    elif offered in _SCALARS:
        may = issubclass(offered, wanted)
    else:
        may = issubclass(wanted, offered)
    return Fit.MAY if may else Fit.NEVER


def _is_open(cls: type) -> bool:
    """Whether classes that are not derived from it may count as it."""
    return inspect.isabstract(cls) or "__subclasshook__" in vars(cls)


def _have_heirs(one: type, other: type) -> bool:
    """Whether some class is derived from both."""
    todo, seen = [one], {one}
    while todo:
        heirs: list[type] = type.__subclasses__(todo.pop())
        for heir in heirs:
            if issubclass(heir, other):
                return True
            if heir not in seen:
                seen.add(heir)
                todo.append(heir)
    return False


def _inside(offered: Any, wanted: Any) -> Fit:  # noqa: ANN401
    """How the parts of containers go together."""
    mine, theirs = typing.get_args(offered), typing.get_args(wanted)
    one, other = _class_of(offered), _class_of(wanted)
    if not mine or not theirs or one is None or other is None:
        return Fit.MAY
    if one is tuple or other is tuple:
        return _tuples(mine, theirs) if one is other else Fit.MAY
    containers = (collections.abc.Mapping, collections.abc.Collection)
    is_known = any(issubclass(one, each) and issubclass(other, each) for each in containers)
    if not is_known or len(mine) != len(theirs):
        return Fit.MAY
    inner = min(map(fit, mine, theirs))
    return Fit.MAY if inner is Fit.MAY else Fit.EMPTY


def _tuples(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> Fit:
    if ... in mine or ... in theirs:
        return Fit.MAY
    if len(mine) != len(theirs):
        return Fit.NEVER
    return min(map(fit, mine, theirs), default=Fit.MAY)
