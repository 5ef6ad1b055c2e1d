"""Borders: a store as another process gets it, and what that process did to it taken over.

A store and its image on the other side are alike to the places of keys and to what a branch adds
to merging keys; so what comes back is not a difference but the entries as they stand there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gostage._store import snapshot
from gostage._store.entry import DELETED, EXPIRED
from gostage._store.overlay import Overlay
from gostage._store.store import over, table_of
from gostage._store.table import Table
from gostage._store.transaction import fork, fork_with

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from gostage._store.codec import Codec
    from gostage._store.entry import Entry
    from gostage._store.store import Store

    # Any: JSON.
    Json = Any
    Data = dict[str, Any]
    # What became of a key: its entry, a mark of how it is gone, or nothing at all.
    Taken = tuple[str, "Entry | None"]
    # The entries that both sides have, as they are on this one.
    Known = dict[str, Entry]


def image(store: Store, known: Known, keys: Container[str] | None = None) -> Data:
    """What makes a store, or of it only these keys, for a process that knows some entries.

    What it is given counts as known from now on.
    """
    table = table_of(store)
    base = table.base if isinstance(table, Overlay) else table
    now = base.clock()
    there = {
        key: entry
        for key, entry in base.visible()
        if (keys is None or key in keys) and not (entry.extra and entry.is_expired(now))
    }
    new = [(key, entry) for key, entry in there.items() if known.get(key) is not entry]
    data: Data = {
        "new": [snapshot.record_of(table, key, entry) for key, entry in new],
        "gone": [key for key in known if key not in there],
        "order": base.order,
    }
    known.update(new)
    for key in data["gone"]:
        del known[key]
    if isinstance(table, Overlay) and table.entries:
        data["changes"] = _chosen(snapshot.export_changes(table), keys)
    return data


class Image:
    """A store of another process, as far as this one was told of it."""

    __slots__ = ("_entries", "_table")

    def __init__(self) -> None:
        self._entries: Known = {}
        self._table: Table | None = None

    def store(self, data: Mapping[str, Json], clock: Callable[[], float], codec: Codec) -> Store:
        """The store as it is now: a branch, so that what is known stays as it is."""
        table = self._table
        if table is None or data["new"] or data["gone"] or table.order != data["order"]:
            table = self._table = self._told(data, clock, codec)
        store = over(table)
        return fork_with(store, data["changes"]) if "changes" in data else fork(store)

    def _told(self, data: Mapping[str, Json], clock: Callable[[], float], codec: Codec) -> Table:
        table = Table(clock, codec, int(data["order"]))
        self._table = None  # in case that something of it cannot be read
        for record in data["new"]:
            key, entry = snapshot.load_entry(table, record)
            self._entries[key] = entry
        for key in data["gone"]:
            self._entries.pop(key, None)
        table.entries = dict(sorted(self._entries.items(), key=_order))
        return table


def _order(item: tuple[str, Entry]) -> int:
    return item[1].order


def read(store: Store, changes: Iterable[Sequence[Json]]) -> list[Taken]:
    """Read what was done to the image: for each key its entry, or how it is gone."""
    table = table_of(store)
    marks = {"deleted": DELETED, "expired": EXPIRED}
    found: list[Taken] = []
    for key, record in changes:
        if record is None:
            found.append((key, None))
        elif "gone" in record:
            found.append((key, marks[record["gone"]]))
        else:
            name, entry = snapshot.load_entry(table, {**record, "key": key})
            if entry.extra is not None and not table.is_branch():  # nothing is to be merged here
                entry = entry.with_extra(replace(entry.extra, parts=None))
            found.append((name, entry))
    return found


def take_over(store: Store, changes: Iterable[Taken]) -> None:
    """Do what was read."""
    table = table_of(store)
    for name, entry in changes:
        if entry is None:
            table.erase(name)
        elif entry is DELETED or entry is EXPIRED:
            table.erase(name, entry)
        else:
            old = table.lookup(name)
            if old is not None and old.order != entry.order:
                table.erase(name)  # deleted and put again: its place is at the end
            table.order = max(table.order, entry.order)
            table.write(name, entry)


def _chosen(exported: Data, keys: Container[str] | None) -> Data:
    if keys is None:
        return exported
    chosen: Data = {
        word: [key for key in exported[word] if key in keys]
        for word in ("deleted", "expired")
        if word in exported
    }
    entries = [entry for entry in exported["entries"] if entry["key"] in keys]
    return {**exported, **chosen, "entries": entries}
