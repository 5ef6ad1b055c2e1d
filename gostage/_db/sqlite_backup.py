"""A copy of an SQLite database while it is used; it never writes to a file that is there."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from gostage._db.sqlite_errors import explained
from gostage.errors import DatabaseError

if TYPE_CHECKING:
    from os import PathLike


def backup(connection: sqlite3.Connection, path: str | PathLike[str]) -> None:
    """Copy what this connection reads; the file appears whole, under its name, or not at all."""
    target = Path(path)
    if target.exists():
        raise _taken(target)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        _copy(connection, partial)
        _name(partial, target)
    except FileExistsError:
        raise _taken(target) from None
    except OSError as error:
        raise DatabaseError(
            f"the backup {str(target)!r} cannot be written: {error.strerror}",
            hint="name a file in a folder that is there and can be written",
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _copy(connection: sqlite3.Connection, partial: Path) -> None:
    try:
        copy = sqlite3.connect(partial)
        try:
            connection.backup(copy)
        finally:
            copy.close()
    except sqlite3.Error as error:
        raise explained(error, str(partial)) from error


def _name(partial: Path, target: Path) -> None:
    """Give a file its name, if no other file has it."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if target.exists():
            raise FileExistsError from None
        partial.rename(target)


def _taken(target: Path) -> DatabaseError:
    return DatabaseError(
        f"the backup {str(target)!r} is there already", hint="name another file, or remove it"
    )
