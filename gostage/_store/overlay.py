"""The entries of one branch, laid over those of the store it was forked from.

What lies below is only looked at, never changed, not even by an expired key that is read.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from gostage._store.copies import alike, is_fixed, own_copy
from gostage._store.entry import DELETED, EXPIRED, Entry
from gostage._store.notes import Notes
from gostage._store.table import Table
from gostage.errors import NotStorable

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Overlay"]


class Overlay(Table):
    """A table that sees another one and keeps every change to itself."""

    __slots__ = ("base", "originals", "owned")

    def __init__(self, base: Table) -> None:
        super().__init__(base.clock, base.codec, base.order)
        self.base = base
        # Values read from below are copied, so that siblings do not see changes in place:
        # the entry below by key, and the entries here that hold such copies by identity.
        self.originals: dict[str, Entry] = {}
        self.owned: dict[int, Entry] = {}
        if base.notes is not None:
            self.notes = Notes(base.codec)

    def lookup(self, key: str) -> Entry | None:
        """The entry of this branch, or the one below."""
        entry = self.entries.get(key)
        if entry is None:
            return self.base.lookup(key)
        return None if entry is DELETED or entry is EXPIRED else entry

    def visible(self) -> Iterable[tuple[str, Entry]]:
        """All entries in the order of keys: those below as they are changed here, then new ones."""
        if not self.entries:
            return self.base.visible()
        merged = {**dict(self.base.visible()), **self.entries}
        found = [(entry.order, key, entry) for key, entry in merged.items() if entry.order >= 0]
        return [(key, entry) for _, key, entry in sorted(found, key=itemgetter(0))]

    def is_branch(self) -> bool:
        """Whether what is written here is one branch's part of something larger."""
        return True

    def require(self, key: str) -> Entry:
        """The live entry under a key, this branch's own if its value could be changed in place."""
        entry = super().require(key)
        if key in self.entries or is_fixed(entry.value):
            return entry
        value = own_copy(entry.value)
        if value is entry.value:
            return entry  # it cannot be copied: it is shared, as the caller was told
        own = entry.with_value(value)
        self.originals[key] = entry
        self.owned[id(own)] = own
        self.entries[key] = own
        return own

    def put(self, key: str, value: object) -> None:
        """Assign a plain value."""
        now = self.clock()
        entry = self.live(key)
        kept = None if entry is None or entry.extra is None else entry.extra.kept()
        self.assign(key, value, None if kept is None or kept.is_empty() else kept, now)

    def erase(self, key: str, mark: Entry = DELETED) -> bool:
        """Hide an entry; a mark is left only where there is something below to hide."""
        if self.lookup(key) is None:
            return False
        if self.base.lookup(key) is None:
            return super().erase(key)
        self.write(key, mark)
        return True

    def restored(self, entry: Entry, before: Entry) -> Entry:
        """Take note that `before` stands for `entry`: still the branch's copy, if that was one."""
        if id(entry) in self.owned:
            self.owned[id(before)] = before
        return before

    def changes(self) -> dict[str, Entry]:
        """What this branch did to the store below: entries, and marks for keys that are gone."""
        found = sorted(self.entries.items(), key=lambda item: item[1].order)
        return {key: self._dated(entry) for key, entry in found if self._is_changed(key, entry)}

    def _dated(self, entry: Entry) -> Entry:
        is_copy = id(entry) in self.owned  # changed in place, at some time before now
        return entry.with_value(entry.value, self.clock()) if is_copy else entry

    def _is_changed(self, key: str, entry: Entry) -> bool:
        if id(entry) not in self.owned:
            return True
        one, other = self.originals[key].value, entry.value
        try:
            return not alike(self.codec.encode(one), self.codec.encode(other))
        except NotStorable:
            return not alike(one, other)

    def written(self, key: str) -> Entry | None:
        """The entry this branch has written itself, if any."""
        entry = self.entries.get(key)
        return None if entry is None or id(entry) in self.owned else entry
