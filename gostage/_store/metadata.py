"""Changing what a table knows about its values: tags, properties, descriptions, times to live."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gostage._store.copies import own_copy
from gostage._store.entry import SENSITIVE, Entry, Extra, Parts, seconds_of, tags_of
from gostage._store.keys import MISSING, Key, name_of
from gostage.errors import KeyMissing, StoreError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from gostage._store.table import Table

__all__ = ["Options", "add_tag", "for_put", "get_prop", "remove_tag", "set_prop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a caller says about a value besides the value; `None` is "not given"."""

    ttl: timedelta | float | None = None
    tags: Iterable[str] | None = None
    props: Mapping[str, object] | None = None
    description: str | None = None


def for_put(table: Table, key: str | Key[Any], options: Options, now: float) -> Extra | None:
    """What an entry gets that is put under the key now."""
    name = name_of(key)
    old = table.live(name)
    extra = Extra() if old is None or old.extra is None else old.extra.kept()
    if options.tags is not None:
        extra = replace(extra, tags=tags_of(options.tags, name))
    if options.props is not None:
        extra = replace(extra, props=props_of(options.props, name))
    if options.description is not None:
        extra = replace(extra, description=str(options.description))
    ttl = seconds_of(options.ttl, name)
    if ttl is not None:
        extra = replace(extra, expires=now + ttl)
    if isinstance(key, Key) and key.secret and SENSITIVE not in extra.tags:
        extra = replace(extra, tags=(*extra.tags, SENSITIVE))
    return None if extra.is_empty() else extra


def for_merge(extra: Extra | None, key: Key[Any], value: object) -> Extra:
    """Add that the value is one branch's contribution to a merging key."""
    return replace(extra or Extra(), parts=Parts(key, (value,)))


def props_of(props: Mapping[str, object], key: str) -> Mapping[str, Any]:  # Any: as in entries
    """Check properties, and keep a copy that nobody else can change."""
    if not hasattr(props, "keys") or not all(isinstance(name, str) for name in props):
        raise StoreError(
            f"props of key {key!r} must be a mapping of texts to values, not {props!r}",
            hint='write props={"source": "api"}',
        )
    return MappingProxyType(own_copy(dict(props)))


def add_tag(table: Table, key: str, tag: str) -> None:
    """Add a tag."""
    entry = table.require(key)
    extra = entry.extra or Extra()
    (checked,) = tags_of([tag], key)
    if checked not in extra.tags:
        _write(table, key, replace(extra, tags=(*extra.tags, checked)))


def remove_tag(table: Table, key: str, tag: str) -> bool:
    """Remove a tag; whether it was there."""
    extra = table.require(key).extra
    if extra is None or tag not in extra.tags:
        return False
    _write(table, key, replace(extra, tags=tuple(each for each in extra.tags if each != tag)))
    return True


def set_prop(table: Table, key: str, name: str, value: object) -> None:
    """Set a property."""
    extra = table.require(key).extra or Extra()
    _write(table, key, replace(extra, props=props_of({**extra.props, name: value}, key)))


def get_prop(table: Table, key: str, name: str, default: object) -> Any:  # noqa: ANN401 - a property is any value
    """A copy of a property."""
    props = (table.require(key).extra or Extra()).props
    if name in props:
        return own_copy(props[name])
    if default is MISSING:
        raise KeyMissing(f"key {key!r} has no property {name!r}", hint=did_you_mean(name, props))
    return default


def _write(table: Table, key: str, extra: Extra) -> None:
    entry: Entry = table.require(key)
    table.write(key, entry.with_extra(extra))
