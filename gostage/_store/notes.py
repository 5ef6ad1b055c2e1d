"""What was read from a watched store, as it was then, so that a change in place shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gostage._store.copies import alike, is_fixed
from gostage.errors import NotStorable

if TYPE_CHECKING:
    from gostage._store.codec import Codec

__all__ = ["Note", "Notes"]


class Note(NamedTuple):
    """One value that was handed out, and its encoding at that moment."""

    key: str
    value: object
    data: object


class Notes(dict[tuple[str, int], Note]):
    """The notes since the last commit, one for each key and value.

    By identity: a value that was replaced and comes back by a rollback is still known. A dict,
    since every step asks several times whether there are any.
    """

    __slots__ = ("_codec",)

    def __init__(self, codec: Codec) -> None:
        super().__init__()
        self._codec = codec

    def add(self, key: str, value: object) -> None:
        """Note a value that is about to be handed out, unless it is known or cannot change."""
        if not is_fixed(value) and (key, id(value)) not in self:
            self.renew(key, value)

    def renew(self, key: str, value: object) -> None:
        """Note a value as it is now."""
        try:
            data = self._codec.encode(value)
        except NotStorable:
            # It lives in memory only, so no one outside can miss a change.
            self.pop((key, id(value)), None)
        else:
            self[key, id(value)] = Note(key, value, data)

    def stale(self) -> list[Note]:
        """The notes whose values are no longer what they were."""
        return [note for note in self.values() if self._is_stale(note)]

    def _is_stale(self, note: Note) -> bool:
        try:
            return not alike(note.data, self._codec.encode(note.value))
        except NotStorable:
            return True

    def before(self, note: Note) -> object:
        """The value as it was when it was handed out."""
        return self._codec.decode(note.data)
