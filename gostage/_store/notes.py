"""What was read from a watched store, as it was then, so that a change in place shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gostage._store.copies import alike, is_fixed
from gostage.errors import NotStorable

if TYPE_CHECKING:
    from gostage._store.codec import Codec
    from gostage._store.entry import Entry

__all__ = ["Note", "Notes"]


class Note(NamedTuple):
    """One value that was handed out, and its encoding at that moment."""

    key: str
    entry: Entry
    data: object


class Notes:
    """The notes since the last commit, one for each entry."""

    __slots__ = ("_codec", "_notes")

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        # By identity: an entry that was replaced and comes back by a rollback is still known.
        self._notes: dict[int, Note] = {}

    def __bool__(self) -> bool:
        """Whether anything that could change in place was handed out."""
        return bool(self._notes)

    def add(self, key: str, entry: Entry) -> None:
        """Note an entry that is about to be handed out, unless it is known or cannot change."""
        if id(entry) in self._notes or is_fixed(entry.value):
            return
        try:
            data = self._codec.encode(entry.value)
        except NotStorable:
            return  # it lives in memory only, so no one outside can miss a change
        self._notes[id(entry)] = Note(key, entry, data)

    def stale(self) -> list[Note]:
        """The notes whose values are no longer what they were."""
        return [note for note in self._notes.values() if self._is_stale(note)]

    def _is_stale(self, note: Note) -> bool:
        try:
            return not alike(note.data, self._codec.encode(note.entry.value))
        except NotStorable:
            return True

    def before(self, note: Note) -> Entry:
        """The entry as it was when it was handed out."""
        return note.entry.with_value(self._codec.decode(note.data))

    def clear(self) -> None:
        """Forget everything."""
        self._notes.clear()
