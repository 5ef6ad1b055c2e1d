"""Which entries a question is about: by tag, property, type or schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gostage._store.copies import alike
from gostage._store.entry import Extra, tags_of
from gostage._store.schema import matches, schema_of
from gostage._store.types import is_annotation, satisfies
from gostage.errors import StoreError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage._store.entry import Entry

__all__ = ["Filter", "checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What an entry must be to be listed; what is `None` asks for nothing."""

    tag: str | None = None
    tags_all: Iterable[str] | None = None
    tags_any: Iterable[str] | None = None
    prop: tuple[str, object] | None = None
    type: object = Any
    matching: Mapping[str, object] | None = None

    def __call__(self, entry: Entry) -> bool:
        """Whether the entry is all that."""
        extra = entry.extra or Extra()
        return (
            (self.tag is None or self.tag in extra.tags)
            and (self.tags_all is None or set(self.tags_all) <= set(extra.tags))
            and (self.tags_any is None or not set(self.tags_any).isdisjoint(extra.tags))
            and (self.prop is None or _has_prop(extra, *self.prop))
            and satisfies(entry.value, self.type)
            and (self.matching is None or matches(schema_of(entry.value), self.matching))
        )


def _has_prop(extra: Extra, name: str, value: object) -> bool:
    return name in extra.props and alike(extra.props[name], value)


def checked(filters: dict[str, Any]) -> dict[str, Any]:  # Any: the arguments of `keys`
    """Check the arguments of `keys`, so that a slip is an error and not an empty list."""
    known = tuple(Filter.__dataclass_fields__)
    for name in filters:
        if name not in known:
            hint = did_you_mean(name, known) or f"use one of {', '.join(known)}"
            raise StoreError(f"keys() has no filter {name!r}", hint=hint)
    found = {name: value for name, value in filters.items() if value is not None}
    for name in ("tags_all", "tags_any"):
        if name in found:
            found[name] = tags_of(found[name], name)
    prop = found.get("prop")
    if prop is not None and not (isinstance(prop, tuple) and len(prop) == 2):
        raise StoreError(
            f"prop must be a pair of name and value, not {prop!r}",
            hint='write keys(prop=("status", "active"))',
        )
    if not is_annotation(found.get("type", Any)):
        raise StoreError(f"type must be a type, not {found['type']!r}", hint="write type=int")
    if not isinstance(found.get("matching", {}), Mapping):
        raise StoreError(
            f"matching must be a JSON Schema, not {found['matching']!r}",
            hint='write matching={"properties": {"name": {"type": "string"}}}',
        )
    return found
