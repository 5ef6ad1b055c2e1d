"""Inputs: fills a function's parameters by name, from resources, the item and the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._author.function import EMPTY
from gostage._store.copies import own_copy
from gostage._store.keys import MISSING
from gostage._store.types import kind_of, satisfies, type_name
from gostage.errors import MissingInput, TypeMismatch, Where, did_you_mean

if TYPE_CHECKING:
    from gostage._author.function import Function, Parameter
    from gostage._author.resource import Resource
    from gostage._run.context import Context
    from gostage._run.requests import Flow
    from gostage._run.resources import Resources

    # Any: what a user's function takes is the user's business.
    Arguments = dict[str, Any]


_ABSENT: Final = object()
_OF_CONTEXT: Final = ("store", "log", "run", "workflow", "stage", "action", "attempt")


def gather(function: Function, ctx: Context, resources: Resources, what: str) -> Flow:
    """Find a value for every parameter; resources are made on the way, hence a flow."""
    found: Arguments = {}
    for parameter in function.parameters:
        if parameter.role == "ctx":
            found[parameter.name] = ctx
        elif parameter.role == "params-bound":
            found[parameter.name] = own_copy(function.params[parameter.name])
        else:
            is_of_item = _of_item(parameter.key, ctx) is not MISSING
            resource = None if is_of_item else resources.find(function, parameter.key)
            if resource is None:
                value = _from_run(parameter, ctx, what)
            else:
                value = yield from resources.make(resource, ctx)
            if value is not MISSING:
                found[parameter.name] = value
    return found


def _from_run(parameter: Parameter, ctx: Context, what: str) -> object:
    value = _of_item(parameter.key, ctx)
    if value is MISSING:
        value = ctx.store.get(parameter.key, default=_ABSENT)
        value = MISSING if value is _ABSENT else value
    if value is MISSING:
        if parameter.default is EMPTY:
            raise _missing(parameter, ctx, what)
        return MISSING  # the function's own default
    if not satisfies(value, parameter.annotation):
        raise _mismatch(parameter, ctx, what, value)
    return value


def _of_item(key: str, ctx: Context) -> object:
    if key not in ("item", "index") or ctx.item_index is None:
        return MISSING
    return ctx.item if key == "item" else ctx.item_index


def _missing(parameter: Parameter, ctx: Context, what: str) -> MissingInput:
    known = [*ctx.store, *(("item", "index") if ctx.item_index is not None else ())]
    if parameter.key in _OF_CONTEXT:
        hint = f"take the context, `ctx: Context`, and use ctx.{parameter.key}"
    elif ctx.execution.keys is not None and parameter.key not in ctx.execution.keys:
        crossed = ", ".join(map(repr, ctx.execution.keys)) or "nothing"
        hint = f"only {crossed} crossed to this child: name {parameter.key!r} in keys= as well"
    else:
        held = ", ".join(map(repr, known[:5])) or "nothing"
        hint = did_you_mean(parameter.key, known) or (
            f"the store holds {held}; provide it before this step, or give the parameter a default"
        )
    return MissingInput(
        f"{what} needs {parameter.name!r}{_renamed(parameter)}, "
        "and no resource, store key or default provides it",
        hint=hint,
        where=ctx.where,
    )


def _mismatch(parameter: Parameter, ctx: Context, what: str, value: object) -> TypeMismatch:
    return TypeMismatch(
        f"{what} takes {parameter.name!r}{_renamed(parameter)} as "
        f"{type_name(parameter.annotation)}, but it is {kind_of(value)}",
        hint="nothing is converted silently; store the right type, or annotate what comes in",
        where=ctx.where,
    )


def _renamed(parameter: Parameter) -> str:
    return "" if parameter.key == parameter.name else f" (the key {parameter.key!r})"


def where_of(function: Function | None, run: str, stage: str | None, action: str) -> Where:
    """The place of a step, as errors carry it."""
    if function is None:
        return Where(run=run, stage=stage, action=action)
    return Where(run=run, stage=stage, action=action, file=function.file, line=function.line)


def describe(resource: Resource) -> str:
    """A resource as messages call it."""
    return f"resource {resource.name!r}"
