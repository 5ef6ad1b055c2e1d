"""Middleware: generator functions around a run, a stage, an action or a child; none is entered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gostage._author.signature import body_of, name_of_function
from gostage.errors import DefinitionError, did_you_mean

Level = Literal["run", "workflow", "stage", "action", "spawn"]
# Any: a middleware takes what it names, and yields and returns what goes through it.
Middleware = Callable[..., Iterator[Any]]
"""What an author writes: a generator function, annotated as loosely as they like."""
GeneratorFunction = Callable[..., Generator[Any, Any, Any]]
"""What it is once it was checked."""

ALLOWED: Final[dict[Level, tuple[str, ...]]] = {
    "run": ("run", "workflow", "store"),
    "workflow": ("run", "workflow", "stage", "store"),
    "stage": ("run", "workflow", "stage", "store"),
    "action": ("run", "workflow", "stage", "action", "ctx", "store"),
    "spawn": ("spawn",),
}
"""What a middleware may ask for by name, at each level."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One middleware at one level, and the names to call it with."""

    fn: GeneratorFunction
    names: tuple[str, ...]
    level: Level
    make: Callable[[Any], Generator[Any, Any, Any]] = field(compare=False, repr=False)
    """Makes its generator, given what has the names as attributes; `ctx` is the given itself."""

    @classmethod
    def of(cls, fn: object, level: Level) -> Layer:
        """Check a middleware where it is registered: its form, and every name it asks for."""
        if isinstance(fn, Layer) and fn.level == level:
            return fn
        middleware = fn.fn if isinstance(fn, Layer) else _check_form(fn)
        names = tuple(_names(middleware, level))
        return cls(middleware, names, level, _maker(middleware, names))

    # Any: what the pickle protocol says.
    def __reduce__(self) -> tuple[Any, ...]:
        """Make it again from its function, since `make` cannot be pickled."""
        return Layer.of, (self.fn, self.level)

    @property
    def name(self) -> str:
        """The name of the function."""
        return name_of_function(self.fn)

    def blame(self, _given: object) -> str:
        """Say where an error was raised that comes from this middleware."""
        return f"in middleware {self.name!r} of {_an(self.level)}"


def layers_of(middleware: object, level: Level) -> tuple[Layer, ...]:
    """Check several middleware of one level; the first is the outermost."""
    if not isinstance(middleware, (list, tuple)):
        raise DefinitionError(
            f"use= of {_an(level)} must be a list of middleware, not {middleware!r}",
            hint="write use=[timing]",
        )
    return tuple(Layer.of(each, level) for each in middleware)


# Any: whatever has the attributes that the middleware asks for by name.
def _maker(
    fn: GeneratorFunction, names: tuple[str, ...]
) -> Callable[[Any], Generator[Any, Any, Any]]:
    """Make the call with those names; made once, since some are made for every action."""
    if not names:
        return lambda _: fn()
    if names == ("ctx",) and _takes_first(fn, "ctx"):
        return fn
    return lambda given: fn(
        **{name: given if name == "ctx" else getattr(given, name) for name in names}
    )


def _takes_first(fn: GeneratorFunction, name: str) -> bool:
    first = next(iter(inspect.signature(fn).parameters.values()))
    return first.name == name and first.kind is first.POSITIONAL_OR_KEYWORD


def _check_form(fn: object) -> GeneratorFunction:
    if isinstance(fn, type):
        raise DefinitionError(
            f"middleware {fn.__name__!r} is a class", hint=f"give an instance: {fn.__name__}()"
        )
    if not callable(fn):
        raise DefinitionError(
            f"{fn!r} is no middleware: it cannot be called",
            hint="a middleware is a generator function: def m(run): … yield …",
        )
    body = body_of(fn)
    if inspect.isasyncgenfunction(body) or inspect.iscoroutinefunction(body):
        raise DefinitionError(
            f"middleware {name_of_function(fn)!r} is async",
            hint="write it as a plain generator function; it works around async actions too",
        )
    if not inspect.isgeneratorfunction(body):
        raise DefinitionError(
            f"middleware {name_of_function(fn)!r} is not a generator function",
            hint="run what is inside with a yield: return (yield)",
        )
    return fn


def _names(fn: GeneratorFunction, level: Level) -> list[str]:
    allowed = ALLOWED[level]
    names = []
    for each in inspect.signature(fn).parameters.values():
        by_name = each.kind in {each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}
        if by_name and each.name in allowed:
            names.append(each.name)
        elif each.default is each.empty and each.kind not in {
            each.VAR_POSITIONAL,
            each.VAR_KEYWORD,
        }:
            raise _unknown(fn, level, each)
    return names


def _unknown(fn: GeneratorFunction, level: Level, parameter: inspect.Parameter) -> DefinitionError:
    allowed = ALLOWED[level]
    close = did_you_mean(parameter.name, allowed)
    if parameter.name in allowed:
        close = "take the / out of its signature: it is called by name"
    return DefinitionError(
        f"middleware {name_of_function(fn)!r} asks for {parameter.name!r}, which "
        f"{_an(level)} middleware cannot have",
        hint=close or f"it can have {', '.join(allowed)}, and parameters with a default",
    )


def _an(level: Level) -> str:
    return f"an {level}" if level == "action" else f"a {level}"
