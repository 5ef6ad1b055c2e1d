"""What SQLite complains about, in words that help; it explains errors and handles none."""

from __future__ import annotations

import sqlite3
from typing import Final

from gostage.errors import DatabaseError

ERRORS: Final = (sqlite3.Error, OverflowError, UnicodeEncodeError)
"""What SQLite and its Python module raise when they are given what they cannot keep."""

_DAMAGED: Final = (
    "the database {name!r} is damaged",
    "keep a copy of the file and restore a backup; `sqlite3 FILE .recover` saves what can be read",
)
_TOO_LARGE: Final = (
    "a value is too large for the database {name!r}",
    "keep large values in files and store their paths",
)
# A part of SQLite's own sentence, what it means, and what to do. The texts are the same in every
# version of SQLite; error codes reach Python from 3.11 on only.
_MEANINGS: Final = {
    "is locked": (
        "another process is writing to the database {name!r}, and did not finish in time",
        "find it (`lsof` on the file): a database browser in a transaction, a process that hangs",
    ),
    "closed database": (
        "the database {name!r} is closed",
        "open it again with open_database(url)",
    ),
    "disk is full": (
        "there is no room left for the database {name!r}",
        "make room on the disk and resume the run; what was committed before is still there",
    ),
    "readonly database": (
        "the database {name!r} cannot be written",
        "the file and its folder must both be writable for this user, or name another one: --db",
    ),
    "not a database": (
        "{name!r} is not an SQLite database",
        "name another file; this one was left as it is",
    ),
    "malformed": _DAMAGED,
    "Could not decode": _DAMAGED,
    "unable to open": (
        "the database {name!r} cannot be opened",
        "see that its folder is there, and that this user may read and write it",
    ),
    "disk I/O error": (
        "the disk failed under the database {name!r}",
        "see whether the disk is full, gone or damaged; what was committed before is still there",
    ),
    "too big": _TOO_LARGE,
    "INT_MAX": _TOO_LARGE,
    "surrogates not allowed": (
        "a text for the database {name!r} is not Unicode",
        "it holds a part of a character: look where it was decoded",
    ),
}


def is_busy(error: BaseException) -> bool:
    """Whether somebody else is at work, so that the same attempt may succeed later."""
    return isinstance(error, sqlite3.OperationalError) and "is locked" in str(error)


def explained(error: BaseException, name: str) -> DatabaseError:
    """Say what an error of SQLite means for the database of this name."""
    text = str(error)
    for part, (message, hint) in _MEANINGS.items():
        if part in text:
            return DatabaseError(message.format(name=name), hint=hint)
    return DatabaseError(
        f"the database {name!r} failed: {text}",
        hint="see whether the file is sound: `sqlite3 FILE 'PRAGMA integrity_check'`",
    )
