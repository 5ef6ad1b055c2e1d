"""A line: what one branch of a live run holds in this process; it knows no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._store.transaction import export_change, undo_log
from gostage.errors import NotStorable

if TYPE_CHECKING:
    from collections.abc import Sized

    from gostage._store.store import Store
    from gostage._store.transaction import UndoLog

    # Any: an entry as JSON, or nothing where there is none any more.
    Staged = dict[str, Any] | None


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
        if self.staged is not None:
            try:
                self.stage()
            except NotStorable:
                self.undo.rollback()
                raise
        self.undo.commit()

    def stage(self) -> None:
        """Make ready to be saved what was written; raises `NotStorable`, and changes nothing."""
        if self.staged is not None:
            keys = self.undo.changed()
            self.staged.update([(key, export_change(self.store, key)) for key in keys])
