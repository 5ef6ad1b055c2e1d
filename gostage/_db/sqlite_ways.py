"""The ways through a connection: `with` one to write, or to read; they know no tables."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Final

from gostage._db.sqlite_errors import ERRORS, explained, is_busy
from gostage._db.sqlite_patience import patiently

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from gostage._db.sqlite_file import File

MEMORY: Final = ":memory:"
OFTEN: Final = 0.01
"""Seconds for which steps are written without another look whether the file is still there."""
COMMITS: Final = 100
"""Commits after which to look how long the log has become."""
LONG: Final = 8_000_000
"""Bytes of the log that are too many: twice of what it is when nothing is in the way."""
TIDYING: Final = 200
"""Milliseconds for readers to finish before a log of that length is emptied; writers wait for it.
The longer the log, the more."""


class _Guarded:
    """A connection that one thread at a time uses."""

    __slots__ = ("_connection", "_lock")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()

    @property
    def lock(self) -> threading.RLock:
        """Who holds it has the connection alone."""
        return self._lock

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection itself, for those who hold the lock."""
        return self._connection


class Writing(_Guarded):
    """The one way to write: `with` it, and what is written is committed whole or not at all."""

    __slots__ = ("_commits", "_execute", "_file", "_patience", "_step", "_verified")

    def __init__(self, connection: sqlite3.Connection, file: File | None, patience: float) -> None:
        super().__init__(connection)
        self._commits = 0
        self._execute = connection.execute
        self._file = file
        self._patience = patience
        self._step = connection.cursor().execute
        """What steps are written with; a cursor for each statement would cost as much again."""
        self._verified = -OFTEN

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        try:
            self._execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._lock.release()
            if not is_busy(error):
                self._explain(error)
                raise
            self._begin_later()
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                if self._file is not None:
                    self._file.verify()
                self._execute("COMMIT")
                self._commits += 1
                if self._commits > COMMITS:
                    self._tidy_up()
            else:
                self._roll_back()
                self._explain(error)
        except sqlite3.Error as failure:
            self._roll_back()
            raise explained(failure, self.name) from failure
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._lock.release()

    def write_alone(self, statement: str, values: Sequence[object]) -> int | None:
        """Write with a statement that stands alone; gives how many rows of a table it wrote.

        SQLite makes a transaction of it by itself, which saves two statements: two microseconds.
        `None`, and nothing is written, if a constraint forbids it or somebody is in the way.
        """
        with self._lock:
            try:
                if self._file is not None and time.monotonic() > self._verified + OFTEN:
                    self._verify()
                count: int = self._step(statement, values).rowcount
            except BaseException as error:
                if isinstance(error, sqlite3.IntegrityError) or is_busy(error):
                    return None
                self._explain(error)
                raise
            self._commits += 1
            if self._commits > COMMITS:
                self._tidy_up()
        return count

    @property
    def name(self) -> str:
        """What messages call the database."""
        return MEMORY if self._file is None else self._file.path

    def version(self) -> int:
        """A number that others change when they commit, and this connection does not."""
        with self._lock:
            if self._file is not None:
                self._file.verify()
            try:
                (version,) = patiently(self._data_version, self._patience)
            except sqlite3.Error as error:
                raise explained(error, self.name) from error
        return int(version)

    def _data_version(self) -> tuple[int]:
        found: tuple[int] = self._execute("PRAGMA data_version").fetchone()
        return found

    def close(self) -> None:
        """Close the connection, once nobody uses it."""
        with self._lock:
            self._connection.close()

    def _begin_later(self) -> None:
        try:
            patiently(self._begin, self._patience)
        except sqlite3.Error as error:
            raise explained(error, self.name) from error

    def _begin(self) -> None:
        # The lock is free during the pauses: other threads may be lucky first.
        self._lock.acquire()
        try:
            self._execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.release()
            raise

    def _verify(self) -> None:
        if self._file is not None:
            self._file.verify()
        self._verified = time.monotonic()

    def _tidy_up(self) -> None:
        """Empty a log that readers, one after the other, have kept from being used again."""
        self._commits = 0
        size = 0 if self._file is None else self._file.log_size()
        if size < LONG:
            return
        try:
            self._execute(f"PRAGMA busy_timeout = {TIDYING * size // LONG}")
            self._execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._execute("PRAGMA busy_timeout = 0")
        except sqlite3.Error:
            pass  # what was to be committed is; a later commit tries again

    def _explain(self, error: BaseException) -> None:
        if isinstance(error, ERRORS):
            raise explained(error, self.name) from error

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
        except sqlite3.Error:
            pass  # SQLite rolls back by itself after the errors that end a transaction


class Borrowed:
    """Reading through the connection that writes: a database in memory has no other."""

    __slots__ = ("_writing",)

    def __init__(self, writing: Writing) -> None:
        self._writing = writing

    def __enter__(self) -> sqlite3.Connection:
        self._writing.lock.acquire()
        return self._writing.connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writing.lock.release()
        if isinstance(error, ERRORS):
            raise explained(error, MEMORY) from error


class Reading(_Guarded):
    """The one way to read: `with` it, and everything is read as it was at one moment."""

    __slots__ = ("_file",)

    def __init__(self, connection: sqlite3.Connection, file: File) -> None:
        super().__init__(connection)
        self._file = file

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        try:
            self._file.verify()
            self._connection.execute("BEGIN")
        except BaseException as error:
            self._lock.release()
            if isinstance(error, sqlite3.Error):
                raise explained(error, self._file.path) from error
            raise
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        finally:
            self._lock.release()
        if isinstance(error, ERRORS):
            raise explained(error, self._file.path) from error

    def close(self) -> None:
        """Close the connection, once nobody uses it."""
        with self._lock:
            self._connection.close()
