"""Reducing: of what a thing consists, where dill would take it in another way; it packs nothing.

Both sides have it: what is made again of the parts is made here.
"""

from __future__ import annotations

import enum
import io
import sys
import types
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from gostage._author.script import MAIN
from gostage._author.workflow import WorkflowDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping


# Any, here and below: what the pickle protocol says.
def reduced(thing: Any) -> Any:  # noqa: ANN401
    """Say what something is made of again, or `NotImplemented` where dill knows."""
    if isinstance(thing, types.ModuleType):
        return import_module, (thing.__name__,)
    if isinstance(thing, WorkflowDefinition):
        return _without(thing, "_compiled")
    if isinstance(thing, enum.EnumMeta) and not _is_imported(thing):
        return _enum_parts(thing)
    if isinstance(thing, (TypeVar, ParamSpec)) and is_of(thing, MAIN):
        return _variable_parts(thing)
    if isinstance(thing, io.IOBase):
        return getattr, (sys, _stream_of(thing))
    if isinstance(thing, type) and not _is_imported(thing):
        _own_bases(thing)
    return NotImplemented


def _stream_of(file: io.IOBase) -> str:
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is file:
            return name
    raise TypeError(f"it holds an open file: {file!r}")


def _without(thing: object, name: str) -> tuple[Any, ...]:
    """What an object consists of, but for one attribute."""
    reduced: Any = thing.__reduce_ex__(4)
    made, arguments, state, *rest = reduced
    kept = {key: value for key, value in state.items() if key != name}
    return made, arguments, kept, *rest


def _own_bases(cls: type) -> None:
    """Have a class say what it was written with: dill takes what it inherits for its own."""
    if hasattr(cls, "__orig_bases__") and "__orig_bases__" not in vars(cls):
        cls.__orig_bases__ = cls.__bases__


def _enum_parts(cls: enum.EnumMeta) -> tuple[Any, ...]:
    """An enumeration by its members: dill knows those of modules only."""
    if _is_own(vars(cls).get("_new_member_")):
        raise TypeError(f"enumeration {cls.__name__} has a __new__ of its own")
    named: Mapping[str, Any] = cls.__members__
    members = {name: each.value for name, each in named.items()}
    own = {name: each for name, each in vars(cls).items() if _is_own(each)}
    about = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    return _made_enum, (cls.__name__, cls.__bases__, members, about), own, None, None, _equip


def _variable_parts(variable: TypeVar | ParamSpec) -> tuple[Any, ...]:
    """A variable of types: by its name it would only be found where the script has run."""
    names = ("bound", "covariant", "contravariant")
    options = {each: getattr(variable, f"__{each}__") for each in names}
    of = getattr(variable, "__constraints__", ())
    return _made_variable, (type(variable), variable.__name__, of, options)


def _is_own(value: object) -> bool:
    """Whether it is a method that the author of an enumeration wrote."""
    code = getattr(value, "fget", None) or getattr(value, "__func__", value)
    return isinstance(code, types.FunctionType) and code.__module__ != "enum"


def is_of(code: object, module: str) -> bool:
    """Whether something says that it was defined in a module."""
    return getattr(code, "__module__", None) == module


def _is_imported(cls: type) -> bool:
    """Whether importing the module of a class gives the class."""
    home = None if cls.__module__ == MAIN else sys.modules.get(cls.__module__)
    return at(home, cls.__qualname__) is cls


def at(thing: object, path: str) -> object:
    """What stands at a path of attributes, or `None`."""
    for name in path.split("."):
        thing = getattr(thing, name, None)
    return thing


# ---------------------------------------------------------------------- made again


# Any: the value of each member.
def _made_enum(
    name: str, bases: tuple[type, ...], members: dict[str, Any], about: dict[str, str]
) -> type:
    def fill(space: dict[str, Any]) -> None:
        for each, value in {**about, **members}.items():
            space[each] = value  # noqa: PERF403 - update() goes past the rules of an enumeration

    return types.new_class(name, bases, {}, fill)


# Any: as above.
def _made_variable(
    kind: type[TypeVar | ParamSpec], name: str, of: tuple[Any, ...], options: dict[str, Any]
) -> TypeVar | ParamSpec:
    made = kind(name, *of, **options)
    made.__module__ = MAIN
    return made


def _equip(cls: type, methods: Mapping[str, object]) -> None:
    for name, each in methods.items():
        setattr(cls, name, each)
