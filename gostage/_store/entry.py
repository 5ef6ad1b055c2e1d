"""One entry of a store, and the picture of it that users see; an entry is never changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gostage._store.copies import alike, own_copy
from gostage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gostage._store.keys import Key

__all__ = ["DELETED", "EXPIRED", "SENSITIVE", "Entry", "Extra", "Metadata", "Parts"]

SENSITIVE: Final = "sensitive"
NO_PROPS: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Parts:
    """What one branch contributes to a merging key; the key is absent after a reload.

    Several values come from branches of the branch; `folded` is then a copy of what they made.
    """

    key: Key[Any] | None
    values: tuple[object, ...]
    folded: object = None


def _no_props() -> Mapping[str, Any]:
    return NO_PROPS


@dataclass(frozen=True, slots=True)
class Extra:
    """What few entries have; an entry without any of it has no `Extra` at all."""

    expires: float | None = None
    tags: tuple[str, ...] = ()
    props: Mapping[str, Any] = field(default_factory=_no_props)  # Any: a property is any value
    description: str = ""
    parts: Parts | None = None

    def kept(self) -> Extra:
        """What stays when the value is replaced: the metadata."""
        return replace(self, expires=None, parts=None)

    def is_empty(self) -> bool:
        """Whether an entry needs none of this."""
        rest = self.tags or self.props or self.description
        return self.expires is None and self.parts is None and not rest


class Entry:
    """A value with its place in the order of keys and its times."""

    __slots__ = ("created", "extra", "order", "updated", "value")

    def __init__(
        self, value: object, order: int, created: float, updated: float, extra: Extra | None
    ) -> None:
        self.value = value
        self.order = order
        self.created = created
        self.updated = updated
        self.extra = extra

    def is_expired(self, now: float) -> bool:
        """Whether its time to live has run out."""
        extra = self.extra
        return extra is not None and extra.expires is not None and extra.expires <= now

    @property
    def sensitive(self) -> bool:
        """Whether the value must never be shown."""
        return self.extra is not None and SENSITIVE in self.extra.tags

    def contribution(self) -> Parts | None:
        """What the entry adds to a merge; nothing once its folded value was changed in place."""
        parts = None if self.extra is None else self.extra.parts
        if parts is None or parts.folded is None or alike(parts.folded, self.value):
            return parts
        return None

    def at(self, order: int) -> Entry:
        """The same entry at another place in the order of keys."""
        return Entry(self.value, order, self.created, self.updated, self.extra)

    def with_value(self, value: object, updated: float | None = None) -> Entry:
        """The same entry holding another value, which is also what it contributes to a merge."""
        extra = self.extra
        if extra is not None and extra.parts is not None:
            extra = replace(extra, parts=Parts(extra.parts.key, (value,)))
        when = self.updated if updated is None else updated
        return Entry(value, self.order, self.created, when, extra)

    def with_extra(self, extra: Extra) -> Entry:
        """The same entry with other metadata."""
        kept = None if extra.is_empty() else extra
        return Entry(self.value, self.order, self.created, self.updated, kept)


# The marks an overlay keeps for keys that are gone in it.
# They have an `Extra`, so that no fast path takes them for plain values.
DELETED: Final = Entry(None, -1, 0.0, 0.0, Extra())
EXPIRED: Final = Entry(None, -1, 0.0, 0.0, Extra())


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a store knows about a value, as it was when it was asked."""

    tags: tuple[str, ...]
    props: Mapping[str, Any]  # Any: a property is any value
    description: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None

    @property
    def sensitive(self) -> bool:
        """Whether the value is never shown."""
        return SENSITIVE in self.tags

    def has_tag(self, tag: str) -> bool:
        """Whether the value has that tag."""
        return tag in self.tags


def metadata_of(entry: Entry) -> Metadata:
    """Make the picture of an entry."""
    extra = entry.extra or Extra()
    return Metadata(
        tags=extra.tags,
        props=MappingProxyType(own_copy(dict(extra.props))),
        description=extra.description,
        created_at=_moment(entry.created),
        updated_at=_moment(entry.updated),
        expires_at=None if extra.expires is None else _moment(extra.expires),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def tags_of(tags: Iterable[str], key: str) -> tuple[str, ...]:
    """Check tags and drop repeated ones; raises for a bare text, which is a common slip."""
    if isinstance(tags, (str, bytes)):
        message = f"tags of key {key!r} must be a list of texts, not the text {tags!r}"
        raise StoreError(message, hint=f"write tags=[{tags!r}]")
    found = tuple(dict.fromkeys(tags))
    for tag in found:
        if not isinstance(tag, str) or not tag:
            message = f"a tag of key {key!r} must be a text that is not empty, not {tag!r}"
            raise StoreError(message, hint='write tags=["name"]')
    return found


def seconds_of(ttl: timedelta | float | None, key: str) -> float | None:
    """Turn a time to live into seconds; `None`, zero and less mean that it never expires."""
    if ttl is None:
        return None
    if isinstance(ttl, timedelta):
        ttl = ttl.total_seconds()
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or ttl != ttl:  # noqa: PLR0124 - nan
        message = f"the ttl of key {key!r} must be seconds or a timedelta, not {ttl!r}"
        raise StoreError(message, hint="write ttl=60 or ttl=timedelta(hours=1)")
    return float(ttl) if ttl > 0 else None
