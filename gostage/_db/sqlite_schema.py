"""The tables and how they came to be: one step for each version; it moves no run's data itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage.errors import DatabaseError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    Step = Callable[[sqlite3.Connection], object]

APPLICATION: Final = 0x67737467
"""What tells our files from those of others: the letters `gstg`."""

FENCE_BITS: Final = 20
"""The fences of a run begin at `no << 20`: a new run never has those of a deleted one of its id."""

SEQ_BITS: Final = 32
"""A commit's row is the run's number and the commit's: `no << 32 | seq`, also in all SQL."""

_TABLES: Final = """
CREATE TABLE plans (
  no INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  json TEXT NOT NULL
);
CREATE TABLE runs (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  status TEXT NOT NULL,
  created REAL NOT NULL,
  ended REAL,
  due REAL,
  fence INTEGER NOT NULL DEFAULT 0,
  stop INTEGER NOT NULL DEFAULT 0,
  plan INTEGER NOT NULL,
  tags TEXT NOT NULL,
  json TEXT NOT NULL,
  outcome TEXT
);
CREATE INDEX runs_status ON runs (status);
CREATE INDEX runs_workflow ON runs (workflow, status);
CREATE INDEX runs_plan ON runs (plan);
CREATE INDEX runs_due ON runs (due) WHERE due IS NOT NULL;
CREATE INDEX runs_ended ON runs (ended) WHERE ended IS NOT NULL;
CREATE TABLE tags (
  tag TEXT NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (tag, run)
) WITHOUT ROWID;
CREATE TABLE leases (
  id TEXT PRIMARY KEY,
  run INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  host TEXT NOT NULL,
  boot TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started TEXT NOT NULL,
  until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE log (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  position TEXT,
  events TEXT NOT NULL,
  changes TEXT NOT NULL
);
CREATE TABLE entries (
  run INTEGER NOT NULL,
  branch INTEGER NOT NULL,
  key TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (run, branch, key)
) WITHOUT ROWID;
CREATE TABLE items (
  run INTEGER NOT NULL,
  branch INTEGER NOT NULL,
  step TEXT NOT NULL,
  kind TEXT NOT NULL,
  idx INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (run, branch, step, kind, idx)
) WITHOUT ROWID;
CREATE TABLE signals (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  name TEXT NOT NULL,
  json TEXT NOT NULL
);
CREATE INDEX signals_run ON signals (run);
CREATE TABLE counts (
  status TEXT PRIMARY KEY,
  n INTEGER NOT NULL
) WITHOUT ROWID;
"""
_MORE: Final = (
    "INSERT INTO counts VALUES (new.status, 1) ON CONFLICT (status) DO UPDATE SET n = n + 1;"
)
_LESS: Final = "UPDATE counts SET n = n - 1 WHERE status = old.status;"
_TRIGGERS: Final = (
    f"CREATE TRIGGER runs_come AFTER INSERT ON runs BEGIN {_MORE} END",
    f"CREATE TRIGGER runs_go AFTER DELETE ON runs BEGIN {_LESS} END",
    f"CREATE TRIGGER runs_change AFTER UPDATE OF status ON runs BEGIN {_LESS} {_MORE} END",
)


def _first(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    for statement in _TRIGGERS:
        connection.execute(statement)


STEPS: Final[Sequence[Step]] = (_first,)
"""The step at index n leads from version n to n + 1; version 0 is an empty file."""


def prepare(connection: sqlite3.Connection, name: str, steps: Sequence[Step] = STEPS) -> None:
    """Bring a database to the version of this code, in one transaction; refuse what is not ours."""
    if _version(connection, name, len(steps)) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another process may have been faster.
        for step in steps[_version(connection, name, len(steps)) :]:
            step(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, name: str, newest: int) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application or version or tables:
            raise DatabaseError(
                f"{name!r} is a database of another program",
                hint="name another file; this one was left as it is",
            )
    if version > newest:
        raise DatabaseError(
            f"the database {name!r} has schema {version}, and this version of gostage"
            f" knows those up to {newest}",
            hint="upgrade gostage here, or name another file; this one was left as it is",
        )
    return int(version)
