"""The file of a database: where it is, whether it is still the one that was opened; no tables."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gostage._db.mounts import network_kind
from gostage.errors import DatabaseError

if TYPE_CHECKING:
    from os import PathLike

MOUNTS: Final = "/proc/self/mountinfo"


class File:
    """One database file, and its identity once it has been opened."""

    __slots__ = ("_device", "_inode", "path")

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = str(Path(path).resolve())
        self._device = self._inode = -1

    @property
    def quoted(self) -> str:
        """Its path as a URL holds it."""
        path = Path(self.path).as_posix()
        return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")

    def connect(self, patience: float) -> sqlite3.Connection:
        """Open a connection; the first one may make the file, later ones find the same or fail."""
        is_first = self._inode < 0
        if is_first:
            self._make_folder()
            self._refuse_folder()
            self._refuse_log_alone()
            self._make_private()
        else:
            self.verify()
        connection = sqlite3.connect(
            f"file:/{self.quoted.lstrip('/')}?mode={'rwc' if is_first else 'rw'}",
            uri=True,
            timeout=patience,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if is_first:
                self._device, self._inode = _identity(self.path)
            self.verify()
        except BaseException:
            connection.close()
            raise
        return connection

    def verify(self) -> None:
        """Complain if the file was deleted or replaced since it was opened."""
        try:
            stat = os.stat(self.path)  # noqa: PTH116 - a microsecond less, on every commit
        except OSError as error:
            raise DatabaseError(
                f"the database {self.path!r} is gone since it was opened",
                hint="put the file back and resume the run; what was committed is in that file and"
                " in those beside it that end in -wal and -shm",
            ) from error
        if stat.st_ino != self._inode or stat.st_dev != self._device:
            raise DatabaseError(
                f"the database {self.path!r} was replaced by another file since it was opened",
                hint="put the old file back and resume the run, or remove the files that end in"
                " -wal and -shm, which belong to the old one, before you use the new one",
            )

    def log_size(self) -> int:
        """How many bytes the write-ahead log has."""
        try:
            return Path(f"{self.path}-wal").stat().st_size
        except OSError:
            return 0

    def refuse_network(self) -> None:
        """Complain if the file is where its locks may not hold."""
        try:
            table = Path(MOUNTS).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return  # no such table on this system; nothing can be told
        kind = network_kind(self.path, table)
        if kind is not None:
            raise DatabaseError(
                f"the database {self.path!r} is on a network file system ({kind})",
                hint="name a file on a disk of this machine, or a server; runs are damaged where"
                " the locks of files do not hold. If they do there: sqlite:///FILE?network=yes",
            )

    def _make_folder(self) -> None:
        folder = Path(self.path).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError(
                f"the folder {str(folder)!r} of the database cannot be made: {error.strerror}",
                hint="make it, or name a file elsewhere: --db",
            ) from error

    def _make_private(self) -> None:
        """Make a new file for its owner alone: what is sensitive stands in it as it is."""
        with suppress(OSError):  # it is there, or opening it says better why it cannot be
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def _refuse_folder(self) -> None:
        if os.path.isdir(self.path):  # noqa: PTH112 - where one may not look, it is false as well
            raise DatabaseError(
                f"{self.path!r} is a folder, and a database is a file",
                hint="name a file in it: --db FOLDER/runs.db",
            )

    def _refuse_log_alone(self) -> None:
        # In this order: another process that makes the file makes its log afterwards. SQLite would
        # throw the log of a new file away, and with it the last commits of the one that is gone.
        if self.log_size() and not Path(self.path).exists():
            raise DatabaseError(
                f"the database {self.path!r} is gone, and its last commits are in"
                f" {Path(self.path).name + '-wal'!r}, which is still there",
                hint="put the file back; if it is gone for good, remove those that end in -wal and"
                " -shm",
            )


def _identity(path: str) -> tuple[int, int]:
    stat = Path(path).stat()
    return stat.st_dev, stat.st_ino
