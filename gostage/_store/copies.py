"""Copies that belong to the one who asked for them, and whether two values look alike."""

from __future__ import annotations

import copy
from datetime import date, datetime, time, timedelta, timezone
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final, TypeVar

__all__ = ["FIXED", "alike", "is_fixed", "own_copy"]

T = TypeVar("T")

# Types whose values nobody can change, by exact class: a subclass may carry attributes.
FIXED: Final[frozenset[type]] = frozenset(
    {
        type(None),
        bool,
        int,
        float,
        complex,
        str,
        bytes,
        range,
        date,
        datetime,
        time,
        timedelta,
        timezone,
        type,
        type(...),
        FunctionType,
        BuiltinFunctionType,
        ModuleType,
    }
)


def is_fixed(value: object) -> bool:
    """Whether the value can surely not be changed in place, so that sharing it is harmless."""
    kind = type(value)
    if kind in FIXED:
        return True
    if kind is tuple or kind is frozenset:
        return all(is_fixed(item) for item in value)  # type: ignore[attr-defined]
    return False


def own_copy(value: T) -> T:
    """Copy a value through and through; what cannot be copied (a lock, a socket) is shared."""
    if is_fixed(value):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - a class may refuse to be copied in any way it likes
        shared: T = _shallow(value)
        return shared


def _shallow(value: Any) -> Any:  # noqa: ANN401 - the type of the argument
    # One part that cannot be copied must not make all the others shared.
    if type(value) is list:
        return [own_copy(item) for item in value]
    if type(value) is dict:
        return {key: own_copy(item) for key, item in value.items()}
    if type(value) is tuple:
        return tuple(own_copy(item) for item in value)
    return value


def alike(one: object, other: object) -> bool:
    """Whether two values are the same all the way down, types and order of keys included.

    Unlike `==` it tells 1 from True and 1.0, finds nan like nan, and calls no code of a user's
    class but what copying it calls.
    """
    try:
        return _alike(one, other, {})
    except RecursionError:
        return False


def _alike(one: Any, other: Any, seen: dict[tuple[int, int], tuple[object, object]]) -> bool:  # noqa: ANN401, PLR0911 - any two values; one return for each kind
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is float or kind is complex:
        return repr(one) == repr(other)
    if kind in FIXED:
        return bool(one == other)
    pair = (id(one), id(other))
    if pair in seen:
        return True
    seen[pair] = (one, other)  # kept, so that no id is given to another value meanwhile
    if kind is list or kind is tuple:
        return len(one) == len(other) and all(
            _alike(a, b, seen) for a, b in zip(one, other, strict=True)
        )
    if kind is dict:
        return _alike(list(one.items()), list(other.items()), seen)
    if kind is set or kind is frozenset or kind is bytearray:
        return bool(one == other)
    return _alike_objects(one, other, seen)


def _alike_objects(
    one: object, other: object, seen: dict[tuple[int, int], tuple[object, object]]
) -> bool:
    # How an object takes itself apart for a copy says all there is to compare.
    try:
        parts, others = one.__reduce_ex__(4), other.__reduce_ex__(4)
    except Exception:  # noqa: BLE001 - refuses to be taken apart, in whatever way
        return True  # it cannot be copied either, so the two are one shared value
    if isinstance(parts, str) or isinstance(others, str):
        return parts == others
    return _alike([_parts(p) for p in parts], [_parts(p) for p in others], seen)


def _parts(part: object) -> object:
    # The fourth and fifth parts of a reduced value are iterators over its items.
    return list(part) if hasattr(part, "__next__") else part  # type: ignore[call-overload]
