"""The entries of one store with their undo records; it knows nothing of types, tags or branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._store.entry import DELETED, EXPIRED, Entry
from gostage.errors import KeyExpired, KeyMissing, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gostage._store.codec import Codec
    from gostage._store.entry import Extra
    from gostage._store.notes import Note, Notes

__all__ = ["Table"]


class Table:
    """Entries by key. All writing goes through here, so that all of it can be undone."""

    __slots__ = ("clock", "codec", "entries", "notes", "order", "records")

    def __init__(self, clock: Callable[[], float], codec: Codec, order: int = 0) -> None:
        self.clock = clock
        self.codec = codec
        self.entries: dict[str, Entry] = {}
        self.order = order
        self.records: list[tuple[str, Entry | None]] | None = None
        self.notes: Notes | None = None

    # -- looking, which changes nothing --------------------------------------------------------

    def lookup(self, key: str) -> Entry | None:
        """The entry under a key, expired or not."""
        return self.entries.get(key)

    def live(self, key: str) -> Entry | None:
        """The entry under a key unless it has expired."""
        entry = self.lookup(key)
        if entry is None or entry.extra is None:
            return entry
        return None if entry.is_expired(self.clock()) else entry

    def visible(self) -> Iterable[tuple[str, Entry]]:
        """All entries in the order of keys, expired ones too."""
        return self.entries.items()

    def current(self) -> Iterator[tuple[str, Entry]]:
        """The entries that have not expired, in the order of keys."""
        now = self.clock()
        for key, entry in self.visible():
            if entry.extra is None or not entry.is_expired(now):
                yield key, entry

    def is_branch(self) -> bool:
        """Whether what is written here is one branch's part of something larger."""
        return False

    def require(self, key: str) -> Entry:
        """The live entry under a key; raises where there is none, and drops an expired one."""
        entry = self.lookup(key)
        if entry is None:
            known = [name for name, _ in self.current()]
            hint = did_you_mean(key, known) or "write it first, or ask with get(key, default=…)"
            raise KeyMissing(f"no key {key!r} in the store", hint=hint)
        if entry.extra is not None and entry.is_expired(self.clock()):
            self.erase(key, EXPIRED)
            raise KeyExpired(
                f"key {key!r} has expired",
                hint="write it again, or give it a longer ttl when it is put",
            )
        return entry

    # -- handing out and writing ---------------------------------------------------------------

    def read(self, key: str) -> Entry:
        """The live entry whose value may be handed to a user, who may change it in place."""
        entry = self.require(key)
        if self.notes is not None:
            self.notes.add(key, entry.value)
        return entry

    def put(self, key: str, value: object) -> None:
        """Assign a plain value; this is the path that has to be fast."""
        old = self.entries.get(key)
        now = self.clock()
        if old is None:
            self.order = order = self.order + 1
            entry = Entry(value, order, now, now, None)
        elif old.extra is None:
            entry = Entry(value, old.order, old.created, now, None)
        else:
            self.assign(key, value, _without_ttl(old, now), now)
            return
        if self.records is not None:
            self.records.append((key, old))
        self.entries[key] = entry

    def assign(self, key: str, value: object, extra: Extra | None, now: float) -> None:
        """Write a value with what belongs to it; an expired entry is as good as none."""
        old = self.lookup(key)
        if old is not None and old.is_expired(now):
            self.erase(key)
            old = None
        if old is None:
            self.write(key, Entry(value, self.next_order(), now, now, extra))
        else:
            self.write(key, Entry(value, old.order, old.created, now, extra))

    def adopt(self, key: str, entry: Entry) -> None:
        """Write a finished entry of another table, at this table's place for the key."""
        old = self.live(key)
        if old is None:
            self.erase(key)
        self.write(key, entry.at(self.next_order() if old is None else old.order))

    def next_order(self) -> int:
        """The place for a new key."""
        self.order += 1
        return self.order

    def write(self, key: str, entry: Entry) -> None:
        """Put an entry in place."""
        if self.records is not None:
            self.records.append((key, self.entries.get(key)))
        self.entries[key] = entry

    def erase(self, key: str, mark: Entry = DELETED) -> bool:
        """Take an entry away; whether there was one."""
        old = self.entries.pop(key, None)
        if old is not None and self.records is not None:
            self.records.append((key, old))
        return old is not None

    # -- undoing -------------------------------------------------------------------------------

    def undo(self, mark: int) -> None:
        """Take back every change after the mark, the latest first."""
        records = self.records if self.records is not None else []
        is_out_of_order = False
        while len(records) > mark:
            key, old = records.pop()
            if old is None:
                self.entries.pop(key, None)
            else:
                is_out_of_order = is_out_of_order or key not in self.entries
                self.entries[key] = old
        if is_out_of_order:
            self._sort()

    def _sort(self) -> None:
        # In place, because the store holds on to the dict.
        entries = sorted(self.entries.items(), key=lambda item: item[1].order)
        self.entries.clear()
        self.entries.update(entries)

    def settle(self) -> list[str]:
        """Turn changes in place into written ones that can be undone; the keys they were under."""
        keys = []
        for note, entry in self._stale():
            keys.append(note.key)
            self._part_records(note, entry)
            self.entries[note.key] = entry.with_value(note.value, self.clock())
            if self.notes is not None:
                self.notes.renew(note.key, note.value)
        return keys

    def _part_records(self, note: Note, entry: Entry) -> None:
        # Earlier records may hold the very value that was changed; they get it as it was.
        if self.records is None or self.notes is None:
            return
        self.records.append((note.key, entry))
        value = self.notes.before(note)
        for index, (key, old) in enumerate(self.records):
            if key == note.key and old is not None and old.value is note.value:
                self.records[index] = (key, self.restored(old, old.with_value(value)))

    def unsettle(self) -> None:
        """Bring values that were changed in place back to what they were when handed out."""
        for note, entry in self._stale():
            if self.notes is not None:
                before = entry.with_value(self.notes.before(note))
                self.entries[note.key] = self.restored(entry, before)

    def _stale(self) -> list[tuple[Note, Entry]]:
        # The values that were changed in place and are still in their entries.
        found = [(n, self.entries.get(n.key)) for n in (self.notes.stale() if self.notes else ())]
        return [(n, entry) for n, entry in found if entry is not None and entry.value is n.value]

    def restored(self, entry: Entry, before: Entry) -> Entry:
        """Take note that `before` stands for `entry` from now on."""
        return before


def _without_ttl(entry: Entry, now: float) -> Extra | None:
    # The metadata stays when a value is replaced, the time to live does not; nothing outlives it.
    extra = entry.extra
    if extra is None or entry.is_expired(now):
        return None
    kept = extra.kept()
    return None if kept.is_empty() else kept
