"""The shelf: the runs of a runner, to be looked at and to be forgotten; nothing runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._app.books import check_status
from gostage._engine.policy import as_seconds

if TYPE_CHECKING:
    from datetime import timedelta

    from gostage._app.books import Books
    from gostage._app.runs import RunInfo
    from gostage._db.protocol import Database
    from gostage._run.events import Event
    from gostage._run.result import Result, Status
    from gostage._run.surroundings import Surroundings


class Shelf:
    """What a runner knows of its runs."""

    _around: Surroundings
    _books: Books
    _db: Database | None

    @property
    def db(self) -> Database | None:
        """Where the runs are, unless they are in memory."""
        return self._db

    def runs(
        self,
        *,
        status: Status | None = None,
        workflow: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> list[RunInfo]:
        """Runs this runner knows, newest first; `after` is the last id seen."""
        check_status(status)
        return self._books.listed(status, workflow, tag, limit, after)

    def get(self, run_id: str) -> RunInfo:
        """One run."""
        return self._books.info(run_id)

    def result(self, run_id: str) -> Result | None:
        """What became of a run so far, also after a Ctrl-C; None while nobody knows."""
        return self._books.result(run_id)

    def history(self, run_id: str) -> list[Event]:
        """Everything that happened to a run, oldest first; it takes a database."""
        return self._books.history(run_id)

    def delete(self, run_id: str) -> None:
        """Forget a run that is not going on."""
        self._books.delete(run_id)

    def purge(self, older_than: timedelta | float) -> int:
        """Forget the runs that ended longer ago than this; gives how many."""
        limit = self._around.clock.now() - as_seconds(older_than, what="older_than of purge()")
        return self._books.purge(limit)
