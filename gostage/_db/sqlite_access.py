"""The connections of one process to one SQLite database; they know no tables but the schema's."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import TYPE_CHECKING, Final

from gostage._db.sqlite_errors import explained
from gostage._db.sqlite_fork import watch
from gostage._db.sqlite_patience import patiently
from gostage._db.sqlite_schema import prepare
from gostage._db.sqlite_step import prepare_steps
from gostage._db.sqlite_ways import MEMORY, Borrowed, Reading, Writing
from gostage.errors import DatabaseError

if TYPE_CHECKING:
    from gostage._db.sqlite_file import File

PAGES: Final = 1000
"""Pages in the write-ahead log after which it is moved into the file."""
_INHERITED: Final[list[object]] = []
"""Connections that were in use when the process forked; the child cannot even close them."""


class Access:
    """The connections of one process to one database."""

    __slots__ = (
        "__weakref__",
        "_file",
        "_held",
        "_is_still",
        "_opening",
        "_patience",
        "_reading",
        "pid",
        "rows",
        "writing",
    )

    def __init__(self, file: File | None, *, synchronous: str, patience: float) -> None:
        self.pid = os.getpid()
        self._file = file
        self._patience = patience
        self._reading: Reading | Borrowed | None = None
        self._opening = threading.RLock()
        self._held: list[threading.RLock] = []
        self._is_still = False
        self.rows: dict[str, tuple[int, int | None]] = {}
        """The fence of the lease and the row of the last commit of runs that are held here."""
        self.writing = Writing(self._connect(synchronous), file, patience)
        if file is not None:
            watch(self)

    @property
    def reading(self) -> Reading | Borrowed:
        """The way to read; its connection is opened when it is first asked for."""
        if self._reading is None:
            with self._opening:
                if self._reading is None:
                    self._reading = self._read()
        return self._reading

    def close(self) -> None:
        """Close both; the last one out of the file tidies it up."""
        if isinstance(self._reading, Reading):
            self._reading.close()
        self.writing.close()

    def hold_still(self, patience: float) -> None:
        """Wait until no thread uses them, or opens one; the process is about to fork."""
        # In the order in which a thread may hold several of them.
        self._is_still = self._hold(self.writing.lock, patience)
        self._is_still &= self._hold(self._opening, patience)
        if isinstance(self._reading, Reading):
            self._is_still &= self._hold(self._reading.lock, patience)

    def go_on(self) -> None:
        """Let threads use them again."""
        while self._held:
            self._held.pop().release()

    def drop(self) -> None:
        """Close them in a child; its parent goes on with its own."""
        if self._is_still and not self.writing.connection.in_transaction:
            self.close()
        else:
            _INHERITED.append(self)
        self.go_on()

    def _hold(self, lock: threading.RLock, patience: float) -> bool:
        is_held = lock.acquire(timeout=patience)
        if is_held:
            self._held.append(lock)
        return is_held

    def refuse_use(self) -> None:
        """Complain in a child that could not close them."""
        if self in _INHERITED:
            raise DatabaseError(
                f"the process forked in the middle of using the database {self._name!r}",
                hint="open the database in the child: it cannot use the one of its parent",
            )

    def _read(self) -> Reading | Borrowed:
        if self._file is None:
            return Borrowed(self.writing)
        try:
            connection = self._file.connect(self._patience)
        except sqlite3.Error as error:
            raise explained(error, self._file.path) from error
        return Reading(connection, self._file)

    def _connect(self, synchronous: str) -> sqlite3.Connection:
        try:
            return patiently(lambda: self._connect_now(synchronous), self._patience)
        except sqlite3.Error as error:
            raise explained(error, self._name) from error

    def _connect_now(self, synchronous: str) -> sqlite3.Connection:
        if self._file is None:
            connection = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
        else:
            connection = self._file.connect(0)
        try:
            prepare(connection, self._name)
            prepare_steps(connection)
            if self._file is not None:
                self._use_wal(connection)
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise DatabaseError(
                f"the database {self._name!r} cannot keep a write-ahead log where it is",
                hint="name a file on a disk of this machine: --db",
            )

    @property
    def _name(self) -> str:
        return MEMORY if self._file is None else self._file.path
