"""All or nothing: undoing what was written, and branches that come together or not at all.

For the drivers of a run; none of it is public.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from gostage._store import snapshot
from gostage._store.copies import own_copy
from gostage._store.entry import DELETED, EXPIRED, Entry, Extra, Parts
from gostage._store.keys import Key, merging_key
from gostage._store.notes import Notes
from gostage._store.overlay import Overlay
from gostage._store.store import over, table_of
from gostage._store.types import satisfies, type_name
from gostage.errors import ConcurrentWrite, StoreError, TypeMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gostage._store.store import Store
    from gostage._store.table import Table

__all__ = [
    "UndoLog",
    "export_change",
    "export_changes",
    "export_entry",
    "fork",
    "fork_with",
    "has_changes",
    "join",
    "undo_log",
    "watch",
]


class UndoLog:
    """The changes of a store since the last commit; made by `undo_log`."""

    __slots__ = ("_table", "records")

    def __init__(self, table: Table) -> None:
        if table.records is None:
            table.records = []
        self._table = table
        self.records = table.records
        """What can be undone, oldest first; only to be looked at."""

    def __len__(self) -> int:
        """How many changes there are to undo."""
        if self._table.notes:
            self._table.settle()
        return len(self.records)

    def __bool__(self) -> bool:
        """Whether anything was written, or handed out of a watched store."""
        return bool(self.records) or bool(self._table.notes)

    def mark(self) -> int:
        """A savepoint for `rollback`; savepoints nest."""
        return len(self)

    def rollback(self, mark: int = 0) -> None:
        """Make the store exactly what it was at the mark: entries, metadata, order of keys."""
        self._table.undo(mark)
        if self._table.notes:
            self._table.unsettle()

    def changed(self) -> list[str]:
        """The keys that changed since the last commit, once each."""
        if self._table.notes:
            self._table.settle()
        if len(self.records) == 1:
            return [self.records[0][0]]
        return list(dict.fromkeys([key for key, _ in self.records]))

    def commit(self) -> list[str]:
        """Forget how to undo; the keys that changed since the last commit, once each."""
        changed = self.changed()
        self.forget()
        return changed

    def forget(self) -> None:
        """The same for one who has just asked what `changed`."""
        notes = self._table.notes
        if notes:
            notes.clear()
        self.records.clear()

    def plain(self, key: str) -> tuple[Entry, Any] | None:  # Any: JSON
        """The entry of a key and its value as JSON, if the rest of it is a place and two times."""
        entry = self._table.entries.get(key)
        if entry is None or entry.extra is not None:
            return None
        return entry, self._table.codec.encode(entry.value, name=key)


def undo_log(store: Store) -> UndoLog:
    """The undo log of a store; from now on its changes are recorded."""
    return UndoLog(table_of(store))


def watch(store: Store) -> None:
    """Notice changes in place: `commit` names their keys too, and `rollback` takes them back."""
    table = table_of(store)
    if table.notes is None:
        table.notes = Notes(table.codec)


def fork(store: Store) -> Store:
    """A branch: it sees the store as it is now, and keeps what it changes to itself."""
    return over(Overlay(table_of(store)))


def has_changes(branch: Store) -> bool:
    """Whether the branch holds anything of its own that a join would have to look at."""
    return bool(_overlay_of(branch).entries)


def join(store: Store, branches: Sequence[tuple[str, Store]]) -> None:
    """Bring the changes of all branches into the store they were forked from, in branch order.

    Raises ConcurrentWrite, and changes nothing, if two of them wrote one key.
    """
    table = table_of(store)
    writers: dict[str, list[tuple[str, Entry]]] = {}
    for name, branch in branches:
        for key, entry in _overlay_of(branch, table).changes().items():
            writers.setdefault(key, []).append((name, entry))
    decided = {key: _decide(table, key, found) for key, found in writers.items()}
    for key, entry in decided.items():
        old = table.live(key)
        if entry is DELETED or entry is EXPIRED:
            table.erase(key, entry)
            continue
        if old is not None and old.order != entry.order:
            table.erase(key)  # deleted and put again: its place is at the end
        table.adopt(key, entry)


def _overlay_of(branch: Store, table: Table | None = None) -> Overlay:
    overlay = table_of(branch)
    if not isinstance(overlay, Overlay) or (table is not None and overlay.base is not table):
        raise StoreError("this store is no branch of the other", hint="make it with fork(store)")
    return overlay


def _decide(table: Table, key: str, writers: list[tuple[str, Entry]]) -> Entry:
    """What becomes of one key: the marks for "gone" count as writing unless it merely expired."""
    written = [(name, entry) for name, entry in writers if entry is not EXPIRED]
    if not written:
        return EXPIRED
    contributions = [(entry, entry.contribution()) for _, entry in written]
    parts = [(entry, found) for entry, found in contributions if found is not None]
    if len(parts) == len(written):
        return _fold(table, key, parts, [name for name, _ in written])
    if len(written) == 1 or all(entry is DELETED for _, entry in written):
        return written[0][1]
    names = " and ".join(repr(name) for name, _ in written)
    raise ConcurrentWrite(f"key {key!r} was written by the branches {names} at the same time")


def _fold(table: Table, key: str, found: list[tuple[Entry, Parts]], branches: list[str]) -> Entry:
    merging = next((p.key for _, p in found if p.key is not None), None) or merging_key(key)
    if merging is None:
        raise ConcurrentWrite(
            f"key {key!r} was written by {_listed(branches)}, and its merge is not known here",
            hint=f"import the module that defines Key({key!r}, …, merge=…) before resuming",
        )
    before = table.live(key)
    values = [value for _, parts in found for value in parts.values]
    first = values[:1] if before is None else [before.value, *values[:1]]
    # Copied, because a merge such as operator.iadd changes what it is given first.
    folded = _folded(merging, [own_copy(first[0]), *first[1:], *values[1:]], branches)
    last = found[-1][0]
    tags = dict.fromkeys(tag for entry, _ in found if entry.extra for tag in entry.extra.tags)
    extra = replace(
        last.extra or Extra(),
        tags=tuple(tags),
        parts=_contribution(table, key, Parts(merging, tuple(values), folded)),
    )
    kept = None if extra.is_empty() else extra
    origin = before or last
    return Entry(folded, origin.order, origin.created, last.updated, kept)


def _folded(merging: Key[Any], values: list[object], branches: list[str]) -> object:
    try:
        folded = reduce(merging.merge, values)  # type: ignore[arg-type] # only such keys are found
    except Exception as error:
        raise ConcurrentWrite(
            f"the merge of key {merging.name!r} failed on the values of {_listed(branches)}",
            hint="the merge takes the value so far and the next one, and returns both in one",
        ) from error
    if not satisfies(folded, merging.type):
        raise TypeMismatch(
            f"the merge of key {merging.name!r} gave {type_name(type(folded))}, "
            f"not {type_name(merging.type)}",
            hint="return a value of the key's type",
        )
    return folded


def _contribution(table: Table, key: str, added: Parts) -> Parts | None:
    # In a branch of a branch the next join folds again, onto the value from before: what is
    # handed on is what the branches added, unless this branch has a value of its own by now.
    if not isinstance(table, Overlay):
        return None
    own = table.written(key)
    if own is None:
        return replace(added, folded=own_copy(added.folded))
    return None if own.contribution() is None else Parts(added.key, (added.folded,))


def _listed(branches: list[str]) -> str:
    return " and ".join(repr(name) for name in branches)


def export_entry(store: Store, key: str) -> dict[str, Any] | None:  # Any: JSON
    """One entry as it stands in `store.export()["entries"]`; nothing if the key is gone."""
    return snapshot.export_entry(table_of(store), key)


def export_change(store: Store, key: str) -> dict[str, Any] | None:  # Any: JSON
    """One key as it stands: its entry, or nothing if it is gone; a branch says how it is gone."""
    table = table_of(store)
    if isinstance(table, Overlay):
        return snapshot.export_change(table, key)
    return snapshot.export_entry(table, key)


def export_changes(branch: Store) -> dict[str, Any]:  # Any: JSON
    """What a branch did, as JSON-able data; a merge function is code and stays out of it."""
    return snapshot.export_changes(_overlay_of(branch))


def fork_with(store: Store, exported: Mapping[str, Any]) -> Store:  # Any: JSON
    """A branch of the store in which those changes were made already."""
    branch = fork(store)
    snapshot.load_changes(_overlay_of(branch), exported)
    return branch
