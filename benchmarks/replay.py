"""The bare transactions: what an engine has SQLite do, recorded, and done again by nobody.

It writes the same statements with the same values to a file with the same schema and the same
settings, each step in a transaction that is begun and committed.
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

    from typing_extensions import Self

Call = tuple[str, Any, bool, int]
"""A statement, its values, whether there are many of them, and which connection it went to."""
BEGIN: Final = "BEGIN"
ENDS: Final = ("COMMIT", "ROLLBACK")
SETTINGS: Final = ("PRAGMA synchronous", "PRAGMA wal_autocheckpoint", "PRAGMA journal_mode")
VIEW: Final = "INSERT INTO temp.step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
"""Two statements in one; `_in_transactions` has the bare connection execute both."""
OF_VIEW: Final = (
    "INSERT INTO log SELECT ?, ?, ?, ?, ? FROM leases WHERE id = ? AND fence = ? AND run = ?",
    "REPLACE INTO entries VALUES (?, ?, ?, ?)",
)


@dataclass(frozen=True, slots=True)
class Recording:
    """What was done to one file."""

    schema: tuple[str, ...]
    settings: tuple[str, ...]
    calls: tuple[Call, ...]


class _HeardCursor(sqlite3.Cursor):
    """A cursor that writes down what it does."""

    # Any: values of any type that SQLite takes.
    def execute(self, statement: str, values: Any = (), /) -> Self:  # noqa: ANN401
        _Heard.calls.append((statement, values, False, id(self.connection)))
        return super().execute(statement, values)

    def executemany(self, statement: str, values: Any, /) -> Self:  # noqa: ANN401 - as above
        rows = tuple(values)
        _Heard.calls.append((statement, rows, True, id(self.connection)))
        return super().executemany(statement, rows)


class _Heard(sqlite3.Connection):
    """A connection that writes down what it does."""

    calls: Final[list[Call]] = []

    # Any: as above, and the arguments of `sqlite3.Connection.cursor`.
    def cursor(self, *_: Any) -> _HeardCursor:  # type: ignore[override]  # noqa: ANN401 - nobody here gives any
        return super().cursor(_HeardCursor)

    def execute(self, statement: str, values: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - as above
        return self.cursor().execute(statement, values)

    def executemany(self, statement: str, values: Any, /) -> sqlite3.Cursor:  # noqa: ANN401 - as above
        return self.cursor().executemany(statement, values)


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
    settings = [each for each, *_ in own if each.lstrip().startswith(SETTINGS)]
    written = [each for each in calls if each[-1] == writer and not each[0].startswith("PRAGMA")]
    return Recording(tuple(schema), tuple(settings), tuple(_in_transactions(written)))


def _in_transactions(calls: Sequence[Call]) -> Iterator[Call]:
    """Put a transaction around each statement that stands alone, and the view's two into one.

    SQLite makes a transaction of such a statement by itself, and two in one take less time: what is
    compared with gostage is to be what anybody would write, and to gain nothing by its tricks.
    """
    is_open = False
    for call in calls:
        statement, *_, connection = call
        word = statement.split(None, 1)[0]
        if is_open or word in (BEGIN, "SELECT"):
            is_open = word not in ENDS
            yield call
        else:
            yield ("BEGIN IMMEDIATE", (), False, connection)
            if statement == VIEW:
                values = call[1]
                yield (OF_VIEW[0], values[:8], False, connection)
                yield (OF_VIEW[1], values[7:], False, connection)
            else:
                yield call
            yield ("COMMIT", (), False, connection)


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
