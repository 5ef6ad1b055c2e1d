"""Forgetting runs that an SQLite database holds; it touches nothing of those that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._db.sqlite_rows import commits, find
from gostage._db.sqlite_writing import FORGET_PLAN

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from gostage._db.protocol import RunRow

_ENDED: Final = """
SELECT no FROM runs WHERE ended < ? AND NOT EXISTS
  (SELECT 1 FROM leases WHERE leases.id = runs.id)
ORDER BY ended LIMIT ?"""
_TAGS: Final = "DELETE FROM tags WHERE run = ? AND tag IN (SELECT value FROM json_each(?))"
_OF_A_RUN: Final = (
    "DELETE FROM entries WHERE run = ?",
    "DELETE FROM items WHERE run = ?",
    "DELETE FROM signals WHERE run = ?",
    "DELETE FROM runs WHERE no = ?",
)


def delete(
    connection: sqlite3.Connection, run_id: str, is_free: Callable[[RunRow], bool]
) -> RunRow | None:
    """Forget a run."""
    found = find(connection, run_id)
    if found is not None and is_free(found[0]):
        _forget(connection, found[1])
    return None if found is None else found[0]


def purge(connection: sqlite3.Connection, before: float, limit: int) -> int:
    """Forget runs that ended before a time."""
    numbers = connection.execute(_ENDED, (before, max(limit, 0))).fetchall()
    for (no,) in numbers:
        _forget(connection, no)
    return len(numbers)


def _forget(connection: sqlite3.Connection, no: int) -> None:
    run_id, plan, tags = connection.execute(
        "SELECT id, plan, tags FROM runs WHERE no = ?", (no,)
    ).fetchone()
    connection.execute("DELETE FROM log WHERE id BETWEEN ? AND ?", commits(no))
    connection.execute("DELETE FROM leases WHERE id = ?", (run_id,))
    if tags:
        connection.execute(_TAGS, (no, tags))
    for statement in _OF_A_RUN:
        connection.execute(statement, (no,))
    connection.execute(FORGET_PLAN, (plan,))
