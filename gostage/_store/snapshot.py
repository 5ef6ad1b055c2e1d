"""A table as JSON-able data and back: values, types, metadata, remaining times to live, order.

Each entry says when it expires, and the whole says what time it is (`now`): what lies between
them is what remains. One who keeps entries apart and wants times to live to go on meanwhile loads
them with `now` set to the current time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from gostage._store.copies import own_copy
from gostage._store.entry import DELETED, EXPIRED, SENSITIVE, Entry, Extra, Parts, tags_of
from gostage._store.keys import name_of
from gostage._store.metadata import props_of
from gostage.errors import NotStorable, StoreError

if TYPE_CHECKING:
    from gostage._store.codec import Codec
    from gostage._store.overlay import Overlay
    from gostage._store.table import Table

    Record = dict[str, Any]  # Any: JSON

__all__ = [
    "export",
    "export_change",
    "export_changes",
    "export_entry",
    "load",
    "load_changes",
    "load_entry",
    "record_of",
]

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
    entries = _entries(table, exported)
    for key, entry in sorted(entries, key=lambda item: item[1].order):
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


def export_change(overlay: Overlay, key: str) -> Record | None:
    """One key of a branch, as it stands in its exported changes."""
    entry = overlay.entries.get(key)
    if entry is None:
        return None
    if entry is DELETED or entry is EXPIRED:
        return {"gone": "deleted" if entry is DELETED else "expired"}
    return _record(overlay.codec, key, entry)


def load_changes(overlay: Overlay, exported: Mapping[str, Any]) -> None:
    """Make exported changes again, in a branch that has none yet."""
    entries = _entries(overlay, exported)
    for word, mark in (("deleted", DELETED), ("expired", EXPIRED)):
        for key in exported.get(word, ()):
            overlay.entries[name_of(key)] = mark
    for key, entry in entries:
        overlay.order = max(overlay.order, entry.order)
        overlay.entries[key] = entry


def record_of(table: Table, key: str, entry: Entry) -> Record:
    """One entry as an export has it."""
    return _record(table.codec, key, entry)


def load_entry(table: Table, record: Record) -> tuple[str, Entry]:
    """One entry as an export of this very moment has it, with its key."""
    try:
        return _entry(table.codec, record, 0.0)
    except StoreError:
        raise
    except Exception as error:  # the data may hold anything
        raise StoreError("the exported entry is damaged", hint="export it again") from error


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
        is_plain = parts.values[0] is entry.value  # what was written, and not what was folded
        values = () if is_plain and len(parts.values) == 1 else parts.values
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


def _entries(table: Table, exported: object) -> list[tuple[str, Entry]]:
    if not isinstance(exported, Mapping) or not isinstance(exported.get("entries"), list):
        raise StoreError("this is no exported store", hint="give what store.export() returned")
    if exported.get("version") != VERSION:
        raise StoreError(
            f"the exported store has version {exported.get('version')!r}, this is {VERSION}",
            hint="read it with the version of gostage that wrote it",
        )
    try:
        shift = table.clock() - float(exported["now"])
        return [_entry(table.codec, record, shift) for record in exported["entries"]]
    except StoreError:
        raise
    except Exception as error:  # the data may hold anything
        raise StoreError("the exported store is damaged", hint="export it again") from error


def _entry(codec: Codec, record: Record, shift: float) -> tuple[str, Entry]:
    key = name_of(record["key"])
    tags = tags_of(record.get("tags", ()), key)
    value = _decoded(codec, record["value"], key, is_secret=SENSITIVE in tags)
    expires = record.get("expires")
    extra = Extra(
        expires=None if expires is None else float(expires) + shift,
        tags=tags,
        props=props_of(codec.decode(record.get("props", {})), key),
        description=str(record.get("description", "")),
        parts=_parts(codec, record.get("merge"), value),
    )
    created, updated = float(record["created"]), float(record["updated"])
    kept = None if extra.is_empty() else extra
    return key, Entry(value, int(record["order"]), created, updated, kept)


def _parts(codec: Codec, merge: list[object] | None, value: object) -> Parts | None:
    if merge is None:
        return None
    # Without values of its own the contribution is the value itself, the very same object.
    if not merge:
        return Parts(None, (value,))
    return Parts(None, tuple(codec.decode(each) for each in merge), own_copy(value))


def _decoded(codec: Codec, data: object, key: str, *, is_secret: bool) -> Any:  # noqa: ANN401 - any value
    try:
        return codec.decode(data)
    except StoreError as error:
        what = "(***) " if is_secret else ""
        problem = StoreError(f"key {key!r} {what}cannot be read: {error}", hint=error.hint)
        raise problem from (None if is_secret else error)
