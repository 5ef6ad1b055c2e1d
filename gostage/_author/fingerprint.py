"""Fingerprints: whether code is still what it was, told from what is compiled; it calls nothing.

A fingerprint changes with the body of a function and with its defaults, not when the function is
moved, commented or given another docstring, and hardly ever when it is laid out in another way.
Other functions that it calls by name are not followed. Two versions of Python compile differently,
so only fingerprints of the same version can be compared.
"""

from __future__ import annotations

import functools
import inspect
import opcode
import sys
from operator import itemgetter
from types import BuiltinFunctionType, CodeType, FunctionType, MappingProxyType, MethodType
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakKeyDictionary

from gostage._author.action import Action
from gostage._author.function import Function
from gostage._author.mentions import mentions
from gostage._author.middleware import Layer
from gostage._author.reference import find

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import CellType

_FLAGS: Final = (
    inspect.CO_VARARGS
    | inspect.CO_VARKEYWORDS
    | inspect.CO_GENERATOR
    | inspect.CO_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
)
_CONSTANTS: Final = frozenset(opcode.hasconst)
_STORE_NAME: Final = opcode.opmap["STORE_NAME"]
_ABOUT_TEXT: Final = ("__firstlineno__", "__static_attributes__")
"""What the body of a class notes about its text."""
_PLAIN: Final = (type(None), bool, int, float, complex, str, bytes, type(...))
_CONTAINERS: Final = (list, tuple, dict, set, frozenset)

# What was read of each code object; it goes when the code does.
_READ: Final[WeakKeyDictionary[CodeType, str]] = WeakKeyDictionary()


def fingerprint(thing: object) -> str:
    """A short text that is another one when the code of a function, action or class is."""
    return digest(repr(_of(thing, ())))


def fingerprints_of(
    definition: Mapping[str, Any],  # Any: JSON
    held: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, str]:
    """The fingerprints of all code that a stored definition names, by reference.

    `held` is what has no reference, by the names it has there.
    """
    named = sorted({reference for step in mentions(definition) for reference in step})
    return {
        reference: fingerprint(held[reference] if reference in held else find(reference))
        for reference in named
    }


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The references of what is there as before, with other code."""
    return [each for each in old if each in new and old[each] != new[each]]


def digest(text: str, size: int = 16) -> str:
    """So many hexadecimal digits that stand for a text, whatever its length."""
    from hashlib import sha256  # 4 ms: only runs in a database need it

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:size]


# -------------------------------------------------------------------- what is called


def _of(thing: object, around: tuple[object, ...]) -> object:
    """What there is to say about something that can be called; `around` is what led to it."""
    if any(thing is each for each in around):
        return "itself"
    inside = (*around, thing)
    for kind, read in _READERS.items():
        if isinstance(thing, kind):
            return read(thing, inside)
    wrapped = getattr(thing, "__wrapped__", None)
    if wrapped is not None:  # as by functools.cache
        return _of(wrapped, inside)
    if isinstance(thing, BuiltinFunctionType) or thing is None:
        return _name(thing)
    return _of(type(thing), inside)


def _function(function: FunctionType, inside: tuple[object, ...]) -> object:
    """A function: its code and its defaults, and the functions that its closure holds."""
    held = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    wrapped = getattr(function, "__wrapped__", None)
    if not (held or wrapped or function.__defaults__ or function.__kwdefaults__):
        return _code(function.__code__)
    return (
        _code(function.__code__),
        _value(function.__defaults__, inside),
        _value(function.__kwdefaults__, inside),
        [_of(each, inside) for each in (*held, wrapped) if isinstance(each, _FOLLOWED)],
    )


def _action(action: Action[..., Any], inside: tuple[object, ...]) -> object:  # Any: any action
    """An action: its function or its class, and what it brings along to be called around it."""
    own = action.function.fn if type(action) is Action else type(action)
    handler = None if action.retry is None else action.retry.handler
    around = [action.when, handler, *action.middleware]
    return _of(own, inside), [_of(each, inside) for each in around if each is not None]


def _method(method: MethodType, inside: tuple[object, ...]) -> object:
    """A method: its function, and its class, since methods call each other."""
    owner = method.__self__
    return _of(method.__func__, inside), _of(
        owner if isinstance(owner, type) else type(owner), inside
    )


def _class(cls: type, inside: tuple[object, ...]) -> object:
    """A class: its methods, and those of its bases that are neither Python's nor gostage's."""
    own = [each for each in cls.__mro__ if not _is_foreign(each)]
    return [
        (name, _of(value, inside))
        for each in own
        for name, value in sorted(vars(each).items(), key=itemgetter(0))
        if isinstance(value, (*_FOLLOWED, staticmethod, classmethod, property))
    ]


def _is_foreign(cls: type) -> bool:
    root = cls.__module__.partition(".")[0]
    return root == "gostage" or root in sys.stdlib_module_names


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # what it is to hold is not defined yet
        return False


# Any, here and below: each reader takes its own kind of thing.
_READERS: Final[Mapping[type, Callable[[Any, tuple[object, ...]], object]]] = {
    FunctionType: _function,
    Action: _action,
    Function: lambda function, inside: _of(function.fn, inside),
    Layer: lambda layer, inside: _of(layer.fn, inside),
    MethodType: _method,
    type: _class,
    functools.partial: lambda partial, inside: (
        _of(partial.func, inside),
        _value([partial.args, partial.keywords], inside),
    ),
    staticmethod: lambda method, inside: _of(method.__func__, inside),
    classmethod: lambda method, inside: _of(method.__func__, inside),
    property: lambda each, inside: [_of(f, inside) for f in (each.fget, each.fset, each.fdel)],
}
_FOLLOWED: Final = (
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    Action,
    Function,
    functools.partial,
)


# -------------------------------------------------------------------- values and code


def _value(value: object, inside: tuple[object, ...]) -> object:
    """A default: plain values as they are, functions by their code, anything else by its type."""
    if type(value) in _PLAIN:
        return repr(value)
    if isinstance(value, _FOLLOWED):
        return _of(value, inside)
    if type(value) not in _CONTAINERS or any(value is each for each in inside):
        return _name(value if isinstance(value, type) else type(value))
    items = cast("Collection[object]", value.items() if isinstance(value, dict) else value)
    said = [_value(each, (*inside, value)) for each in items]
    return sorted(map(repr, said)) if isinstance(value, (set, frozenset)) else said


def _name(thing: object) -> str:
    return f"{getattr(thing, '__module__', '')}:{getattr(thing, '__qualname__', thing)}"


def _code(code: CodeType) -> str:
    """What a code object does, without where its text stands."""
    known = _READ.get(code)
    if known is None:
        known = _READ[code] = repr(
            (
                list(_steps(code)),
                code.co_names,
                code.co_varnames,
                code.co_freevars,
                code.co_cellvars,
                (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
                code.co_flags & _FLAGS,
                getattr(code, "co_exceptiontable", b""),  # Python 3.11 and newer
            )
        )
    return known


def _steps(code: CodeType) -> list[object]:
    """Every instruction; constants are what they are, not where they stand, as with docstrings."""
    steps: list[object] = []
    high = 0
    for op, low in zip(*[iter(code.co_code)] * 2, strict=True):
        number = high | low
        high = number << 8 if op == opcode.EXTENDED_ARG else 0
        if op in _CONSTANTS:
            steps.append((op, _constant(code.co_consts[number])))
        elif op == _STORE_NAME and code.co_names[number] in _ABOUT_TEXT:
            steps[-1] = op
        elif op != opcode.EXTENDED_ARG:
            steps.append((op, number))
    return steps


def _constant(value: object) -> object:
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, tuple):
        return tuple(_constant(each) for each in value)
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)
