"""Classes whose values are fields with names: how such a value is taken apart and put together.

Recognised are dataclasses, enums, named tuples, attrs, pydantic and msgspec classes, the last
three without importing those packages. A class named in data is looked up among what is loaded;
nothing is imported for it, and nothing but such a class is ever taken.
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, fields, is_dataclass
from enum import EnumMeta, Flag
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from gostage._store.copies import own_copy
from gostage._store.homes import home_of, homes_at
from gostage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Model", "find_class", "find_model", "model_of", "reference_of"]

_EMPTY: Final = (list, dict, set, frozenset, tuple)
_HASH: Final = "_attrs_cached_hash"  # attrs keeps it with the fields; it is this process's own


class Model:
    """How values of one class are taken apart and put together, without calling its code."""

    def __init__(self, cls: type) -> None:
        self.cls: Any = cls  # Any: the marks a class carries are not in any static type
        self.reference = reference_of(cls)

    def problem(self) -> tuple[str, str] | None:
        """Why values of this class cannot be found again, and what to do; or nothing."""
        try:
            found = find_class(self.reference)
        except StoreError:
            found = None
        if found is not self.cls:
            name = f"{self.cls.__module__}.{self.cls.__qualname__}"
            return (
                f"cannot leave the process: its class cannot be found as {name}",
                "define the class at the top level of a module",
            )
        return None

    def field_names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        raise NotImplementedError

    def take_apart(self, value: Any) -> dict[str, Any]:  # noqa: ANN401 - a value of the class
        """The state of a value by name; raises ValueError if it has more than can be kept."""
        raise NotImplementedError

    def put_together(self, state: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a value of the class
        """Make the value of its state."""
        raise NotImplementedError


class EnumModel(Model):
    """Members by name; combined flags by number."""

    def field_names(self) -> tuple[str, ...]:
        """None: a member is one thing."""
        return ()

    def take_apart(self, value: Any) -> dict[str, Any]:  # noqa: ANN401
        """The name, or the number of a combination that has none."""
        if self.cls.__members__.get(value._name_) is value:
            return {"name": value._name_}
        return {"value": value._value_}

    def put_together(self, state: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """The member of that name, or the combination of that number."""
        if "name" in state:
            return self.cls.__members__[state["name"]]
        if not issubclass(self.cls, Flag) or type(state["value"]) is not int:
            raise StoreError(f"{self.reference!r} has no such member", hint="use one it has")
        return self.cls(state["value"])


class TupleModel(Model):
    """Named tuples."""

    def field_names(self) -> tuple[str, ...]:
        """The names of the items."""
        names: tuple[str, ...] = self.cls._fields
        return names

    def take_apart(self, value: Any) -> dict[str, Any]:  # noqa: ANN401
        """The items by name."""
        if getattr(value, "__dict__", None):
            raise ValueError("has attributes besides the items of the tuple")
        return dict(zip(self.cls._fields, value, strict=True))

    def put_together(self, state: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """The tuple, made of its items alone."""
        defaults = self.cls._field_defaults
        if not set(self.cls._fields) - set(defaults) <= set(state) <= set(self.cls._fields):
            raise StoreError(_other_fields(self.reference), hint=_OTHER_FIELDS_HINT)
        return tuple.__new__(
            self.cls, [state[n] if n in state else defaults[n] for n in self.cls._fields]
        )


class ObjectModel(Model):
    """Dataclasses and attrs classes: slots and instance dictionary, set without their code."""

    def __init__(self, cls: type) -> None:
        super().__init__(cls)
        self._slots = _slots_of(cls)
        self._cached = {
            name
            for base in cls.__mro__
            for name, member in vars(base).items()
            if isinstance(member, cached_property)
        }
        self._defaults = _defaults_of(cls)

    def problem(self) -> tuple[str, str] | None:
        """As for every model; besides, the value must be nothing but its fields."""
        try:
            object.__new__(self.cls)
        except TypeError:
            return (
                "cannot leave the process: its class extends a built-in type or is abstract",
                "keep the data in a class of its own fields only",
            )
        return super().problem()

    def field_names(self) -> tuple[str, ...]:
        """The declared fields."""
        return tuple(self._defaults)

    def take_apart(self, value: Any) -> dict[str, Any]:  # noqa: ANN401
        """What is set of the fields, then everything else the value carries."""
        state = {
            name: slot.__get__(value)
            for name, slot in self._slots.items()
            if _is_set(slot, value) and not _is_dunder(name)
        }
        loose = getattr(value, "__dict__", {})
        state.update({name: loose[name] for name in loose if self._is_kept(name)})
        if _HASH in state:
            state[_HASH] = None
        for name, default in self._defaults.items():
            if name not in state and default.is_required:
                raise ValueError(f"has no value for its field {name!r}")
        ordered = {name: state.pop(name) for name in self._defaults if name in state}
        return {**ordered, **state}

    def _is_kept(self, name: str) -> bool:
        return name not in self._cached and not _is_dunder(name)

    def put_together(self, state: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """A new object with that state, and the defaults of fields it says nothing of."""
        value = object.__new__(self.cls)
        missing = {name: d for name, d in self._defaults.items() if name not in state}
        for name, item in (*_fill(missing, self.reference).items(), *state.items()):
            if _is_dunder(name):
                raise StoreError(_other_fields(self.reference), hint=_OTHER_FIELDS_HINT)
            slot = self._slots.get(name)
            if slot is not None:
                slot.__set__(value, item)
            elif hasattr(value, "__dict__"):
                value.__dict__[name] = item
            else:
                raise StoreError(_other_fields(self.reference), hint=_OTHER_FIELDS_HINT)
        return value


class PydanticModel(Model):
    """Models of pydantic 2: their four parts, set as pydantic itself does when it copies."""

    def field_names(self) -> tuple[str, ...]:
        """The declared fields."""
        return tuple(self.cls.__pydantic_fields__)

    def take_apart(self, value: Any) -> dict[str, Any]:  # noqa: ANN401
        """The fields, and under names no field can have what else there is."""
        cached = {n for n in value.__dict__ if isinstance(_static(self.cls, n), cached_property)}
        state = {name: item for name, item in value.__dict__.items() if name not in cached}
        state["$set"] = set(value.__pydantic_fields_set__)
        if value.__pydantic_extra__ is not None:
            state["$extra"] = dict(value.__pydantic_extra__)
        private = value.__pydantic_private__
        if private is not None:
            state["$private"] = {
                name: item
                for name, item in private.items()
                if type(item).__name__ != "PydanticUndefinedType"
            }
        return state

    def put_together(self, state: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """A new model with that state; no validator and no hook of it is called."""
        values = {name: item for name, item in state.items() if name[:1] != "$"}
        missing = {
            name: _pydantic_default(field)
            for name, field in self.cls.__pydantic_fields__.items()
            if name not in values
        }
        value = object.__new__(self.cls)
        object.__setattr__(value, "__dict__", {**_fill(missing, self.reference), **values})
        object.__setattr__(value, "__pydantic_fields_set__", set(state.get("$set", ())))
        object.__setattr__(value, "__pydantic_extra__", state.get("$extra"))
        object.__setattr__(value, "__pydantic_private__", state.get("$private"))
        return value


class StructModel(Model):
    """Structs of msgspec."""

    def field_names(self) -> tuple[str, ...]:
        """The declared fields."""
        names: tuple[str, ...] = self.cls.__struct_fields__
        return names

    def take_apart(self, value: Any) -> dict[str, Any]:  # noqa: ANN401
        """The fields that are set."""
        if getattr(value, "__dict__", None):
            raise ValueError("has attributes besides its fields")
        return {n: getattr(value, n) for n in self.cls.__struct_fields__ if hasattr(value, n)}

    def put_together(self, state: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """A new struct; msgspec offers no way around its `__post_init__`, so that is undone."""
        if not set(state) <= set(self.cls.__struct_fields__):
            raise StoreError(_other_fields(self.reference), hint=_OTHER_FIELDS_HINT)
        value = self.cls(**state)
        for name, item in state.items():
            sys.modules["msgspec"].structs.force_setattr(value, name, item)
        return value


_OTHER_FIELDS_HINT: Final = "the class has changed since; give new fields a default"


def _other_fields(reference: str) -> str:
    return f"the data has other fields than the class {reference!r}"


def model_of(cls: type) -> Model | None:
    """The model of a class, or nothing if it is of none of the recognised kinds."""
    return _model_of(cls)


# A cache: a class does not change what it is.
@lru_cache(maxsize=512)
def _model_of(cls: Any) -> Model | None:  # noqa: ANN401 - mypy denies that classes hash
    if isinstance(cls, EnumMeta):
        return EnumModel(cls)
    if _is_of(cls, "pydantic", "BaseModel"):
        return PydanticModel(cls) if hasattr(cls, "__pydantic_fields__") else None
    if _is_of(cls, "msgspec", "Struct"):
        return StructModel(cls)
    if is_dataclass(cls) or hasattr(cls, "__attrs_attrs__"):
        return ObjectModel(cls)
    if issubclass(cls, tuple) and isinstance(getattr(cls, "_field_defaults", None), dict):
        return TupleModel(cls)
    return None


def _is_of(cls: type, module: str, name: str) -> bool:
    base = getattr(sys.modules.get(module), name, None)
    return isinstance(base, type) and issubclass(cls, base) and cls is not base


def reference_of(cls: type) -> str:
    """How a class is named in data: `module:qualname`."""
    return f"{home_of(cls)}:{cls.__qualname__}"


def find_class(reference: object) -> type:
    """The loaded class of that name; raises StoreError, and never imports anything."""
    module, _, qualname = reference.partition(":") if isinstance(reference, str) else ("", "", "")
    if not module or not all(qualname.split(".")):
        raise StoreError(
            f"the data names no class, but {reference!r}", hint="it should be 'module:Class'"
        )
    homes = homes_at(module)
    if not homes:
        raise StoreError(
            f"the class {reference!r} is not loaded",
            hint=f"import {module} before the data is decoded",
        )
    found = next((cls for each in homes if (cls := _class_in(each, qualname)) is not None), None)
    if found is None:
        raise StoreError(
            f"there is no class {reference!r}",
            hint="it was renamed or moved; keep its old name as another name for it",
        )
    return found


def _class_in(home: object, qualname: str) -> type | None:
    found, names = home, qualname.split(".")
    # A generic model of pydantic stands in its module under a name with dots in brackets.
    for name in [qualname] if qualname in vars(home) else names:
        # Only what stands there: a module or class may make attributes up when asked.
        found = vars(found).get(name) if isinstance(found, (type, type(sys))) else None
    return found if isinstance(found, type) else None


def find_model(reference: object) -> Model:
    """The model of the loaded class of that name; raises StoreError for every other class."""
    cls = find_class(reference)
    model = model_of(cls)
    if model is None:
        raise StoreError(
            f"the class {reference!r} is not one that is made from data",
            hint="only dataclasses, enums, named tuples, attrs, pydantic and msgspec classes are",
        )
    return model


def _is_dunder(name: str) -> bool:
    return name[:2] == "__" and name[-2:] == "__"


def _static(cls: type, name: str) -> object:
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _slots_of(cls: type) -> dict[str, Any]:  # Any: slot descriptors have no public type
    return {
        name: member
        for base in reversed(cls.__mro__)
        for name, member in vars(base).items()
        if type(member).__name__ == "member_descriptor"
    }


def _is_set(slot: Any, value: object) -> bool:  # noqa: ANN401 - as above
    try:
        slot.__get__(value)
    except AttributeError:
        return False
    return True


class _Default:
    """What a field has when the data says nothing of it: a value, a new container, or nothing."""

    __slots__ = ("is_required", "make", "value")

    def __init__(
        self, value: object = MISSING, make: object = None, *, is_required: bool = True
    ) -> None:
        self.value = value
        self.make = make if isinstance(make, type) and make in _EMPTY else None
        self.is_required = is_required and value is MISSING and self.make is None


def _fill(defaults: Mapping[str, _Default], reference: str) -> dict[str, Any]:  # Any: as in state
    filled: dict[str, Any] = {}
    for name, default in defaults.items():
        if default.value is not MISSING:
            filled[name] = own_copy(default.value)
        elif default.make is not None:
            filled[name] = default.make()
        elif default.is_required:
            raise StoreError(
                f"the data has no value for the field {name!r} of {reference!r}",
                hint=_OTHER_FIELDS_HINT,
            )
    return filled


def _defaults_of(cls: Any) -> dict[str, _Default]:  # noqa: ANN401 - as in Model
    if is_dataclass(cls):
        return {
            field.name: _Default(field.default, field.default_factory, is_required=field.init)
            for field in fields(cls)
        }
    found = {}
    for field in cls.__attrs_attrs__:
        factory = getattr(field.default, "factory", None)
        is_unset = type(field.default).__name__ in {"_Nothing", "NothingType"}
        plain = MISSING if is_unset or factory is not None else field.default
        found[field.name] = _Default(plain, factory, is_required=field.init)
    return found


def _pydantic_default(field: Any) -> _Default:  # noqa: ANN401 - pydantic's FieldInfo
    if type(field.default).__name__ == "PydanticUndefinedType":
        return _Default(make=field.default_factory)
    return _Default(field.default)
