"""Changing fields inside a value by dotted paths, on a copy; nothing is converted on the way."""

from __future__ import annotations

import copy
import types
import typing
from typing import TYPE_CHECKING, Any, Union

from gostage._store.copies import own_copy
from gostage._store.models import EnumModel, Model, PydanticModel, model_of
from gostage._store.types import hints_of, satisfies, type_name
from gostage.errors import UpdateError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["updated"]


class _Misfit(Exception):
    """A path that leads nowhere, or a value that does not fit there."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def updated(value: object, changes: Mapping[str, object], *, name: str, is_secret: bool) -> object:
    """A copy of the value with all changes made; raises UpdateError if one does not fit."""
    if not hasattr(changes, "items"):
        raise UpdateError(
            f"update({name!r}, …) takes a mapping of paths to values",
            hint='write store.update("user", {"address.city": "Paris"})',
        )
    result = own_copy(value)
    for path, new in changes.items():
        try:
            result = _set(result, _steps(path), new, Any)
        except _Misfit as misfit:
            # The names inside a secret are part of it.
            hint = "" if is_secret else misfit.hint
            problem = f"cannot update {path!r} of key {name!r}: {misfit.reason}"
            raise UpdateError(problem, hint=hint) from None
    return result


def _steps(path: object) -> list[str]:
    if not isinstance(path, str) or not all(path.split(".")):
        raise _Misfit("a path is field names with dots between them")
    return path.split(".")


def _set(container: Any, steps: list[str], new: object, annotation: object) -> object:  # noqa: ANN401 - any value
    """The container with something new at the end of the path; the container is not touched."""
    if isinstance(container, dict):
        return _set_item(container, steps, new, annotation)
    model = model_of(type(container))
    if model is not None and not isinstance(model, EnumModel):
        return _set_field(model, container, steps, new)
    if isinstance(container, (list, tuple)):
        return _set_index(container, steps, new, annotation)
    raise _Misfit(
        f"{type_name(type(container))} has no field {steps[0]!r} to reach into",
        "a path leads through dicts, lists, dataclasses and models",
    )


def _child(old: object, steps: list[str], new: object, annotation: object) -> object:
    rest = steps[1:]
    if rest:
        return _set(old, rest, new, annotation)
    if not satisfies(new, annotation):
        raise _Misfit(
            f"{steps[0]!r} takes {type_name(annotation)}, not {type_name(type(new))}",
            "convert the value first; nothing is converted silently",
        )
    return new


def _set_item(
    container: dict[Any, Any],  # Any: keys and values of all types
    steps: list[str],
    new: object,
    annotation: object,
) -> object:
    key = _key_in(container, steps[0])
    if key not in container and len(steps) > 1:
        raise _Misfit(f"there is no {key!r}", did_you_mean(steps[0], map(str, container)))
    child = _child(container.get(key), steps, new, _item_hint(annotation, steps[0]))
    result = copy.copy(container)
    result[key] = child
    return result


def _key_in(container: dict[Any, Any], step: str) -> object:  # Any: as above
    # A path is text; the keys of a dict may be numbers.
    if step not in container and step.lstrip("-").isdecimal() and int(step) in container:
        return int(step)
    return step


def _item_hint(annotation: Any, step: str) -> object:  # noqa: ANN401 - an annotation has no static type
    annotation = _narrowed(annotation, dict)
    if hasattr(annotation, "__required_keys__"):
        hints = hints_of(annotation)
        if step not in hints:
            name = type_name(annotation)
            raise _Misfit(f"{name} has no key {step!r}", did_you_mean(step, hints))
        return hints[step]
    args = typing.get_args(annotation)
    return args[1] if len(args) == 2 else Any


def _set_index(
    container: list[Any] | tuple[Any, ...],  # Any: items of all types
    steps: list[str],
    new: object,
    annotation: object,
) -> object:
    if type(container) not in (list, tuple) or not steps[0].lstrip("-").isdecimal():
        raise _Misfit(f"{type_name(type(container))} has no item {steps[0]!r}", "use its index")
    index = int(steps[0])
    if not -len(container) <= index < len(container):
        raise _Misfit(f"there is no item {index} among {len(container)}")
    args = typing.get_args(_narrowed(annotation, type(container)))
    is_fixed_tuple = isinstance(container, tuple) and args[-1:] != (...,)
    hint = Any if not args else args[index] if is_fixed_tuple else args[0]
    items = list(container)
    items[index] = _child(container[index], steps, new, hint)
    return items if isinstance(container, list) else tuple(items)


def _narrowed(annotation: object, kind: type) -> object:
    """The member of a union that speaks of the container at hand; of Annotated, the inside."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _narrowed(typing.get_args(annotation)[0], kind)
    if origin not in (Union, types.UnionType):
        return annotation
    for option in typing.get_args(annotation):
        origin = typing.get_origin(option) or option
        if isinstance(origin, type) and issubclass(kind, origin):
            return option
    return Any


def _set_field(model: Model, container: object, steps: list[str], new: object) -> object:
    name = steps[0]
    state = model.take_apart(container)
    extra = state.get("$extra") or {}
    if name not in model.field_names() and name not in extra:
        raise _Misfit(
            f"{type_name(type(container))} has no field {name!r}",
            did_you_mean(name, model.field_names()),
        )
    hint = hints_of(type(container)).get(name, Any)
    holder = extra if name in extra else state
    child = _child(holder.get(name), steps, new, hint)
    holder[name] = child
    if isinstance(model, PydanticModel):
        state["$set"].add(name)
        return _validated(model.put_together(state), name, child)
    return model.put_together(state)


def _validated(value: Any, name: str, child: object) -> object:  # noqa: ANN401 - a pydantic model
    # A model's own rules hold for its fields here as anywhere; a frozen one has no assignment.
    cls = type(value)
    field = cls.__pydantic_fields__.get(name)
    if cls.model_config.get("frozen") or (field is not None and field.frozen):
        return value
    try:
        cls.__pydantic_validator__.validate_assignment(value, name, child)
    except ValueError as error:
        raise _Misfit(f"{type_name(cls)} refuses this {name!r}", str(error)) from None
    return value
