"""A line: what one branch of a live run holds in this process; it knows no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._run.text import quoted, to_text
from gostage._store.transaction import export_change, undo_log
from gostage.errors import NotStorable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sized

    from gostage._store.store import Store
    from gostage._store.transaction import UndoLog

    # The text of an entry, or nothing where there is none any more.
    Staged = str | None
    # The branch and key of an entry.
    Place = tuple[int, str]


class Line:
    """What one branch holds: its store and the store's undo log."""

    __slots__ = ("staged", "store", "undo", "written")

    def __init__(self, store: Store, staged: dict[str, Staged] | None = None) -> None:
        self.store = store
        self.staged = staged
        """What was written since it was last saved, if it is to be saved at all."""
        self.undo: UndoLog = undo_log(store)
        self.written: Sized = self.undo.records if staged is None else self.undo
        """False as long as nothing was written since the last commit."""

    def commit(self) -> None:
        """Keep what was written; what cannot be saved is taken back, and raises `NotStorable`."""
        try:
            self.stage()
        except NotStorable:
            self.undo.rollback()
            raise
        self.undo.forget()

    def stage(self) -> None:
        """Make ready to be saved what was written; raises `NotStorable`, and changes nothing."""
        keys = self.undo.changed()
        if self.staged is not None and len(keys) == 1:
            self.staged[keys[0]] = self._text_of(keys[0])
        elif self.staged is not None:
            self.staged.update([(key, self._text_of(key)) for key in keys])

    def _text_of(self, key: str) -> Staged:
        plain = self.undo.plain(key)
        if plain is None:
            change = export_change(self.store, key)
            return None if change is None else to_text(change)
        # Most entries are plain; by hand it takes less than half of the time.
        entry, value = plain
        shown = value if type(value) is int else to_text(value)
        return (
            f'{{"key":{quoted(key)},"value":{shown},"order":{entry.order},'
            f'"created":{float(entry.created)!r},"updated":{float(entry.updated)!r}}}'
        )


def text_of(
    changes: Mapping[int, Mapping[str, Staged]],
    written: list[Place] | None = None,
    erased: list[Place] | None = None,
) -> str:
    """The text of what changed, by branch; its places are added to the lists."""
    rows = []
    for branch, staged in changes.items():
        for key, text in staged.items():
            rows.append(f"[{branch},{quoted(key)},{'null' if text is None else text}]")
            places = erased if text is None else written
            if places is not None:
                places.append((branch, key))
    return f"[{','.join(rows)}]"
