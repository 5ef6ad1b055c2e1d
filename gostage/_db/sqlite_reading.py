"""What comes out of an SQLite database; every function is a part of a transaction begun elsewhere.

No list of runs costs more because there are many others: each walks along an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._db.protocol import Item, LogRow, Stored
from gostage._db.sqlite_asking import signals
from gostage._db.sqlite_rows import ROWS, SEQ, commits, number, run_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from gostage._db.protocol import Listing, RunRow

_NEVER: Final = 1 << 31
"""Beyond the number of every run."""
_HELD: Final = "WHERE r.no IN (SELECT run FROM leases) ORDER BY r.no DESC"
_FEW: Final = 1_000
_ALL: Final = -1


def runs(connection: sqlite3.Connection, listing: Listing) -> list[RunRow]:
    """Read the runs that fit, newest first."""
    before = _NEVER if listing.after is None else number(connection, listing.after)
    if before is None:
        return []
    limit = _ALL if listing.limit is None else max(listing.limit, 0)
    chosen, values = _choice(connection, listing, before)
    walk = f"WHERE r.no IN ({chosen} ORDER BY 1 DESC LIMIT ?) ORDER BY r.no DESC"
    statement = ROWS + walk
    return [run_row(row) for row in connection.execute(statement, (*values, limit))]


def _choice(
    connection: sqlite3.Connection, listing: Listing, before: int
) -> tuple[str, Sequence[object]]:
    """Choose the index to walk along, and what else is to hold."""
    statuses = tuple(dict.fromkeys(listing.statuses))
    if listing.tag is not None and not _are_rare(connection, statuses):
        return _tagged(listing, statuses, before)
    if listing.workflow is None and not statuses:
        return "SELECT no FROM runs WHERE no < ?", [before]
    values: tuple[object, ...]
    one, values = "SELECT no FROM runs WHERE status = ? AND no < ?", (before,)
    if listing.workflow is not None:
        one, values = one + " AND workflow = ?", (before, listing.workflow)
        statuses = statuses or tuple(counts(connection))
    if listing.tag is not None:
        one += " AND EXISTS (SELECT 1 FROM tags WHERE tag = ? AND run = runs.no)"
        values = (*values, listing.tag)
    # One walk for each status, merged: an index on the status of a workflow is in order of age
    # within one status only.
    every = " UNION ALL ".join([one] * len(statuses)) or "SELECT no FROM runs WHERE 0"
    return every, [value for status in statuses for value in (status, *values)]


def _are_rare(connection: sqlite3.Connection, statuses: tuple[str, ...]) -> bool:
    """Whether so few runs have one of these statuses that looking at all of them is nothing."""
    there = counts(connection) if statuses else {}
    return bool(statuses) and sum(there.get(status, 0) for status in statuses) <= _FEW


def _tagged(
    listing: Listing, statuses: tuple[str, ...], before: int
) -> tuple[str, Sequence[object]]:
    text = "SELECT t.run FROM tags AS t CROSS JOIN runs AS o ON o.no = t.run WHERE t.tag = ?"
    values: tuple[object, ...]
    text, values = text + " AND t.run < ?", (listing.tag, before)
    if listing.workflow is not None:
        text, values = text + " AND o.workflow = ?", (*values, listing.workflow)
    if statuses:
        marks = ", ".join("?" * len(statuses))
        text, values = f"{text} AND o.status IN ({marks})", (*values, *statuses)
    return text, values


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Read how many runs there are of each status."""
    return dict(connection.execute("SELECT status, n FROM counts WHERE n > 0").fetchall())


def ids(connection: sqlite3.Connection, prefix: str, limit: int) -> list[str]:
    """Read the ids that begin so, newest first."""
    if not prefix:
        newest = "SELECT id FROM runs ORDER BY no DESC LIMIT ?"
        return [row[0] for row in connection.execute(newest, (max(limit, 0),))]
    # The byte FF is in no text, and comes after all that are.
    statement = (
        "SELECT id FROM runs WHERE id >= ? AND id < ? || CAST(x'ff' AS TEXT)"
        " ORDER BY no DESC LIMIT ?"
    )
    return [row[0] for row in connection.execute(statement, (prefix, prefix, max(limit, 0)))]


def due(connection: sqlite3.Connection, now: float, limit: int) -> list[RunRow]:
    """Read the runs that are due; nobody holds one of them."""
    statement = ROWS + "WHERE r.due <= ? ORDER BY r.due, r.no LIMIT ?"
    return [run_row(row) for row in connection.execute(statement, (now, max(limit, 0)))]


def next_due(connection: sqlite3.Connection) -> float | None:
    """Read when the next run is due."""
    statement = "SELECT due FROM runs WHERE due IS NOT NULL ORDER BY due LIMIT 1"
    row = connection.execute(statement).fetchone()
    return None if row is None else row[0]


def held(connection: sqlite3.Connection) -> list[RunRow]:
    """Read the runs that somebody holds, newest first."""
    statement = ROWS + _HELD
    return [run_row(row) for row in connection.execute(statement)]


def plan(connection: sqlite3.Connection, digest: str) -> str | None:
    """Read a plan."""
    row = connection.execute("SELECT json FROM plans WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else row[0]


def stored(connection: sqlite3.Connection, run_id: str) -> Stored | None:
    """Read where a run stands."""
    no = number(connection, run_id)
    if no is None:
        return None
    (row,) = connection.execute(
        "SELECT max(id) FROM log WHERE id BETWEEN ? AND ?", commits(no)
    ).fetchone()
    changes = (
        "SELECT id & 4294967295, changes FROM log WHERE id IN"
        " (SELECT DISTINCT (run << 32) | seq FROM entries WHERE run = ?) ORDER BY id"
    )
    return Stored(
        seq=(row or 0) & SEQ,
        position_json=_position(connection, no),
        entries=connection.execute(
            "SELECT branch, key, seq FROM entries WHERE run = ?", (no,)
        ).fetchall(),
        changes=connection.execute(changes, (no,)).fetchall(),
        items=_items(connection, no, SEQ),
        signals=signals(connection, no),
    )


def _position(connection: sqlite3.Connection, no: int) -> str:
    # Commits that leave the position as it was are rare: the last one that says it is near.
    row = connection.execute(
        "SELECT position FROM log WHERE id BETWEEN ? AND ? AND position IS NOT NULL"
        " ORDER BY id DESC LIMIT 1",
        commits(no),
    ).fetchone()
    return "null" if row is None else row[0]


def items(connection: sqlite3.Connection, run_id: str, until: int) -> list[Item]:
    """Read the items there are that were written up to a commit."""
    no = number(connection, run_id)
    return [] if no is None else _items(connection, no, until)


def _items(connection: sqlite3.Connection, no: int, until: int) -> list[Item]:
    statement = (
        "SELECT branch, step, kind, idx, json FROM items WHERE run = ? AND seq <= ?"
        " ORDER BY branch, step, kind, idx"
    )
    return [Item(*row) for row in connection.execute(statement, (no, until))]


def log(
    connection: sqlite3.Connection, run_id: str, after: int, until: int | None, limit: int | None
) -> Sequence[LogRow]:
    """Read the commits of a run, oldest first."""
    no = number(connection, run_id)
    if no is None:
        return []
    statement = (
        "SELECT id & 4294967295, at, position, events, changes FROM log"
        " WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"
    )
    wanted = _ALL if limit is None else max(limit, 0)
    rows = connection.execute(statement, (*commits(no, after, until), wanted))
    return [LogRow(*row) for row in rows]
