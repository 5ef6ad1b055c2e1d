"""What rows of SQLite look like as values of the protocol; it reads no more than it is given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gostage._db.protocol import Held, Owner, RunRow
from gostage._db.sqlite_schema import SEQ_BITS

if TYPE_CHECKING:
    import sqlite3

    Row = tuple[Any, ...]  # Any: columns have types of their own

SEQ: Final = (1 << SEQ_BITS) - 1
"""What of a commit's row is the number of the commit."""

# The last commit of a run says when it was updated: a commit need not touch the run's own row.
ROWS: Final = """
SELECT r.id, r.workflow, r.tags, r.status, r.created, l.at, r.ended, r.due, r.stop, p.digest,
  r.json, r.outcome, l.id, h.host, h.boot, h.pid, h.started, h.until, r.no
FROM runs AS r
LEFT JOIN plans AS p ON p.no = r.plan
LEFT JOIN log AS l ON l.id =
  (SELECT max(id) FROM log WHERE id > r.no << 32 AND id < (r.no + 1) << 32)
LEFT JOIN leases AS h ON h.id = r.id
"""


def run_row(row: Row) -> RunRow:
    """Make a run of a row of `ROWS`."""
    held = None if row[17] is None else Held(Owner(row[13], row[14], row[15], row[16]), row[17])
    return RunRow(
        run_id=row[0],
        workflow=row[1],
        tags=tuple(json.loads(row[2])) if row[2] else (),
        status=row[3],
        created=row[4],
        updated=row[4] if row[5] is None else row[5],
        ended=row[6],
        due=row[7],
        held=held,
        is_cancelled=bool(row[8]),
        plan=row[9] or "",
        json=row[10],
        outcome_json=row[11],
        seq=0 if row[12] is None else row[12] & SEQ,
    )


def find(connection: sqlite3.Connection, run_id: str) -> tuple[RunRow, int] | None:
    """Read one run, and the number of its row."""
    row = connection.execute(ROWS + "WHERE r.id = ?", (run_id,)).fetchone()
    return None if row is None else (run_row(row), row[18])


def number(connection: sqlite3.Connection, run_id: str) -> int | None:
    """Find the number of a run's row."""
    row = connection.execute("SELECT no FROM runs WHERE id = ?", (run_id,)).fetchone()
    return None if row is None else row[0]


def commits(no: int, after: int = 0, until: int | None = None) -> tuple[int, int]:
    """The lowest and the highest row of a run's commits: those after a number, up to another."""
    low = max(after, 0)
    high = SEQ if until is None else min(max(until, 0), SEQ)
    return (no << SEQ_BITS) + low + 1, (no << SEQ_BITS) + high
