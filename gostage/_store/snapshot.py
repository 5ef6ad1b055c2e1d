"""A table as JSON-able data and back: values, types, metadata, remaining times to live, order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from gostage._store.copies import own_copy
from gostage._store.entry import DELETED, EXPIRED, Entry, Extra, Parts, tags_of
from gostage.errors import NotStorable, StoreError

if TYPE_CHECKING:
    from gostage._store.codec import Codec
    from gostage._store.overlay import Overlay
    from gostage._store.table import Table

    Record = dict[str, Any]  # Any: JSON

__all__ = ["export", "export_changes", "export_entry", "load", "load_changes"]

VERSION: Final = 1


def export(table: Table) -> Record:
    """Everything that has not expired."""
    return {
        "version": VERSION,
        "now": table.clock(),
        "entries": [_record(table.codec, key, entry) for key, entry in table.current()],
    }


def export_entry(table: Table, key: str) -> Record | None:
    """One entry, as it stands in an export; nothing if the key is gone."""
    entry = table.live(key)
    return None if entry is None else _record(table.codec, key, entry)


def load(table: Table, exported: Mapping[str, Any]) -> None:
    """Fill an empty table with what was exported; times to live go on from what remained."""
    records = _records(exported)
    shift = table.clock() - float(exported["now"])
    for record in sorted(records, key=lambda each: each["order"]):
        key, entry = _entry(table.codec, record, shift)
        if not entry.is_expired(table.clock()):
            table.order = max(table.order, entry.order)
            table.entries[key] = entry


def export_changes(overlay: Overlay) -> Record:
    """What a branch did to the table below it."""
    changes = overlay.changes()
    gone = {"deleted": DELETED, "expired": EXPIRED}
    marks = {
        word: [key for key, entry in changes.items() if entry is mark]
        for word, mark in gone.items()
    }
    return {
        "version": VERSION,
        "now": overlay.clock(),
        "entries": [
            _record(overlay.codec, key, entry)
            for key, entry in changes.items()
            if entry is not DELETED and entry is not EXPIRED
        ],
        **marks,
    }


def load_changes(overlay: Overlay, exported: Mapping[str, Any]) -> None:
    """Make exported changes again, in a branch that has none yet."""
    for key in exported.get("deleted", ()):
        overlay.entries[str(key)] = DELETED
    for key in exported.get("expired", ()):
        overlay.entries[str(key)] = EXPIRED
    shift = overlay.clock() - float(exported.get("now", 0.0))
    for record in _records(exported):
        key, entry = _entry(overlay.codec, record, shift)
        overlay.order = max(overlay.order, entry.order)
        overlay.entries[key] = entry


def _record(codec: Codec, key: str, entry: Entry) -> Record:
    record: Record = {
        "key": key,
        "value": _encoded(codec, key, entry),
        "order": entry.order,
        "created": entry.created,
        "updated": entry.updated,
    }
    extra = entry.extra
    if extra is None:
        return record
    if extra.expires is not None:
        record["expires"] = extra.expires
    if extra.tags:
        record["tags"] = list(extra.tags)
    if extra.props:
        record["props"] = codec.encode(dict(extra.props), name=f"props of {key}")
    if extra.description:
        record["description"] = extra.description
    parts = entry.contribution()
    if parts is not None:
        values = parts.values if len(parts.values) > 1 else ()
        record["merge"] = [codec.encode(value, name=key) for value in values]
    return record


def _encoded(codec: Codec, key: str, entry: Entry) -> Any:  # noqa: ANN401 - JSON
    try:
        return codec.encode(entry.value, name=key)
    except NotStorable:
        if not entry.sensitive:
            raise
    # The path may lead through keys of a dict, which are part of a secret too.
    raise NotStorable(f"the sensitive value (***) of key {key!r} cannot leave the process")


def _records(exported: object) -> list[Record]:
    if not isinstance(exported, Mapping) or not isinstance(exported.get("entries"), list):
        raise StoreError("this is no exported store", hint="give what store.export() returned")
    if exported.get("version") != VERSION:
        raise StoreError(
            f"the exported store has version {exported.get('version')!r}, this is {VERSION}",
            hint="read it with the version of gostage that wrote it",
        )
    records: list[Record] = exported["entries"]
    return records


def _entry(codec: Codec, record: Record, shift: float) -> tuple[str, Entry]:
    try:
        key = record["key"]
        is_secret = "sensitive" in record.get("tags", ())
        value = _decoded(codec, record["value"], key, is_secret=is_secret)
        expires = record.get("expires")
        extra = Extra(
            expires=None if expires is None else expires + shift,
            tags=tags_of(record.get("tags", ()), key),
            props=codec.decode(record.get("props", {})),
            description=record.get("description", ""),
            parts=_parts(codec, record.get("merge"), value),
        )
        kept = None if extra.is_empty() else extra
        return str(key), Entry(value, record["order"], record["created"], record["updated"], kept)
    except (KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            "an entry of the exported store is damaged", hint="export the store again"
        ) from error


def _parts(codec: Codec, merge: list[object] | None, value: object) -> Parts | None:
    if merge is None:
        return None
    # Without values of its own the contribution is the value itself, the very same object.
    values = tuple(codec.decode(each) for each in merge) or (value,)
    return Parts(None, values, own_copy(value))


def _decoded(codec: Codec, data: object, key: str, *, is_secret: bool) -> Any:  # noqa: ANN401 - any value
    try:
        return codec.decode(data)
    except StoreError as error:
        what = "(***) " if is_secret else ""
        problem = StoreError(f"key {key!r} {what}cannot be read: {error}", hint=error.hint)
        raise problem from (None if is_secret else error)
