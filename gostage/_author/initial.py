"""Initial data: what a workflow or a stage puts into the store when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gostage._author.options import check_key
from gostage._author.tags import tag_list
from gostage._engine.policy import as_seconds
from gostage._store.copies import own_copy
from gostage._store.keys import Key, name_of
from gostage._store.types import kind_of, satisfies, type_name
from gostage.errors import DefinitionError, TypeMismatch, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._author.options import AnyKey

ENTRY_OPTIONS = ("ttl", "tags", "props", "description")


@dataclass(frozen=True, slots=True)
class InitialValue:
    """One value and the options of its entry; `ttl` is in seconds, and never runs out below 1."""

    value: object
    ttl: float | None = None
    tags: tuple[str, ...] = ()
    props: Mapping[str, object] = field(default_factory=dict)
    description: str = ""

    @classmethod
    def of(cls, key: AnyKey, value: object, options: Mapping[str, object]) -> InitialValue:
        """Copy a value in, with the options given for it; each is checked."""
        what = f"initial value {name_of(key)!r}"
        unknown = next((each for each in options if each not in ENTRY_OPTIONS), None)
        if unknown is not None:
            raise DefinitionError(
                f"{what} has no option {unknown!r}",
                hint=did_you_mean(unknown, ENTRY_OPTIONS)
                or f"the options are {', '.join(ENTRY_OPTIONS)}",
            )
        tags = tag_list(options.get("tags") or (), what)
        if isinstance(key, Key):
            _check_type(key, value)
            if key.secret and "sensitive" not in tags:
                tags.append("sensitive")
        ttl = options.get("ttl")
        return cls(
            own_copy(value),
            None if ttl is None else as_seconds(ttl, what=f"ttl of {what}", any_sign=True),
            tuple(tags),
            _props(options.get("props"), what),
            _text(options.get("description"), what),
        )

    @property
    def options(self) -> dict[str, object]:
        """The options that were given, as `put` takes them."""
        given = {
            "ttl": self.ttl,
            "tags": list(self.tags) or None,
            "props": dict(self.props) or None,
            "description": self.description or None,
        }
        return {name: value for name, value in given.items() if value is not None}


def initial_values(initial: object, owner: str) -> Iterator[tuple[str, InitialValue]]:
    """Read an `initial=` mapping: keys to values, or to values with options."""
    if initial is None:
        return
    if not isinstance(initial, Mapping):
        raise DefinitionError(
            f"initial= of {owner} must be a dict, not {initial!r}",
            hint='it maps store keys to values: initial={"rows": []}',
        )
    for key, value in initial.items():
        yield initial_value(key, value, {}, owner)


def initial_value(
    key: object, value: object, options: Mapping[str, object], owner: str
) -> tuple[str, InitialValue]:
    """Check one initial value."""
    checked = check_key(key, f"initial data of {owner}")
    if isinstance(value, InitialValue):
        options = {**value.options, **options}
        value = value.value
    return name_of(checked), InitialValue.of(checked, value, options)


def _check_type(key: Key[object], value: object) -> None:
    if not satisfies(value, key.type):
        raise TypeMismatch(
            f"initial value {key.name!r} must be {type_name(key.type)}, not {kind_of(value)}",
            hint="give a value of the key's type",
        )


def _props(props: object, what: str) -> Mapping[str, object]:
    if props is None:
        return {}
    if isinstance(props, Mapping) and all(isinstance(name, str) for name in props):
        return own_copy(dict(props))
    raise DefinitionError(
        f"props of {what} must be a dict with text keys, not {props!r}",
        hint='write props={"source": "api"}',
    )


def _text(description: object, what: str) -> str:
    if description is None:
        return ""
    if isinstance(description, str):
        return description
    raise DefinitionError(
        f"description of {what} must be a text, not {description!r}", hint="leave it out"
    )
