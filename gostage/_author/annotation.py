"""Annotations as data and back: classes by reference, anything made of classes by its parts."""

from __future__ import annotations

import functools
import operator
import types
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ForwardRef, Literal

from gostage._author.coding import CODEC
from gostage._author.record import Record
from gostage._author.reference import require_reference

if TYPE_CHECKING:
    # Any: JSON-able data of any shape.
    Data = dict[str, Any]


def dump_type(annotation: object, what: str) -> object:
    """Write an annotation; what it is made of must be found again by another process."""
    if annotation is None or annotation is type(None):
        return "builtins:None"
    if annotation is Any:
        return "typing:Any"
    if annotation is ...:
        return "builtins:Ellipsis"
    if isinstance(annotation, list):  # the parameters of a Callable
        return {"list": [dump_type(each, what) for each in annotation]}
    if isinstance(annotation, (str, ForwardRef)):
        return {"text": getattr(annotation, "__forward_arg__", annotation)}
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    return _dump_made(origin, args, what) if args else require_reference(annotation, what)


def _dump_made(origin: object, args: tuple[object, ...], what: str) -> object:
    if origin is Annotated:
        return dump_type(args[0], what)  # the rest says nothing about values
    if origin is Literal:
        return {"literal": [CODEC.get().encode(each) for each in args]}
    parts = [dump_type(each, what) for each in args]
    if origin is typing.Union or origin is types.UnionType:
        return {"any_of": parts}
    return {"of": require_reference(origin, what), "args": parts}


# Any: annotations have no static type.
def load_type(data: object, record: Record) -> Any:  # noqa: ANN401
    """Read an annotation; the modules that it names are imported."""
    if data == "builtins:None":
        return None
    if data == "typing:Any":
        return Any
    if not isinstance(data, Mapping):
        return record.find(data, "a type")
    parts = Record(data, f"a type of {record.place}")
    made = _load_made(parts)
    parts.close("a type")
    return made


# Any: as above.
def _load_made(parts: Record) -> Any:  # noqa: ANN401
    if "text" in parts:
        return parts.take("text")
    if "list" in parts:
        return [load_type(each, parts) for each in parts.rows("list")]
    if "literal" in parts:
        return Literal.__getitem__(tuple(parts.decode(each) for each in parts.rows("literal")))
    if "any_of" in parts:
        choices = [load_type(each, parts) for each in parts.rows("any_of")]
        if any(isinstance(each, str) for each in choices):
            return typing.Union[tuple(choices)]  # noqa: UP007 - texts know no |
        return functools.reduce(operator.or_, choices)
    origin: Any = parts.find(parts.take("of"), "a type")
    args = tuple(load_type(each, parts) for each in parts.rows("args"))
    return origin[args]
