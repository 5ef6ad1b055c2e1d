"""The bare transactions: what an engine has SQLite do, recorded, and done again by nobody.

It knows no tables: it writes the same statements with the same values to a file with the same
schema and the same settings.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Call = tuple[str, Any, bool, int]
"""A statement, its values, whether there are many of them, and which connection it went to."""
SETTINGS: Final = ("PRAGMA synchronous", "PRAGMA wal_autocheckpoint", "PRAGMA journal_mode")


@dataclass(frozen=True, slots=True)
class Recording:
    """What was done to one file."""

    schema: tuple[str, ...]
    settings: tuple[str, ...]
    calls: tuple[Call, ...]


class _Heard(sqlite3.Connection):
    """A connection that writes down what it does."""

    calls: Final[list[Call]] = []

    # Any: values of any type that SQLite takes.
    def execute(self, statement: str, values: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401
        self.calls.append((statement, values, False, id(self)))
        return super().execute(statement, values)

    def executemany(self, statement: str, values: Any, /) -> sqlite3.Cursor:  # noqa: ANN401 - as above
        rows = tuple(values)
        self.calls.append((statement, rows, True, id(self)))
        return super().executemany(statement, rows)


@contextmanager
def heard() -> Iterator[list[Call]]:
    """Have every connection that is opened meanwhile write down what it does."""
    connect = sqlite3.connect
    _Heard.calls.clear()

    # Any: the arguments of `sqlite3.connect`.
    def listening(*args: Any, **options: Any) -> sqlite3.Connection:  # noqa: ANN401
        return connect(*args, factory=_Heard, **options)

    sqlite3.connect = listening  # type: ignore[assignment]  # it takes what the real one takes
    try:
        yield _Heard.calls
    finally:
        sqlite3.connect = connect


def recording(file: Path, before: Sequence[Call], calls: Sequence[Call]) -> Recording:
    """Put together what opening the file did to its settings, and what was written after that."""
    connection = sqlite3.connect(file)
    try:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL").fetchall()
    finally:
        connection.close()
    schema = [sql for (sql,) in rows if "sqlite_" not in sql]
    # Others look at the file now and then, each through a connection of their own.
    ((writer, _),) = Counter(call[-1] for call in calls).most_common(1)
    own = [each for each in before if each[-1] == writer]
    settings = [statement for statement, *_ in own if statement.startswith(SETTINGS)]
    written = [each for each in calls if each[-1] == writer and not each[0].startswith("PRAGMA")]
    return Recording(tuple(schema), tuple(settings), tuple(written))


def opened(file: Path, recorded: Recording) -> sqlite3.Connection:
    """Make a new file of the same schema, and a connection of the same settings."""
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in (*recorded.settings, *recorded.schema):
        connection.execute(statement).fetchall()
    return connection


def replay(connection: sqlite3.Connection, calls: Sequence[Call]) -> None:
    """Do it again."""
    execute, executemany = connection.execute, connection.executemany
    for statement, values, are_many, _ in calls:
        if are_many:
            executemany(statement, values)
        else:
            execute(statement, values)
