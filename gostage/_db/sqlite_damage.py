"""Looking for damage in an SQLite database; it repairs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_MOST: Final = 20
"""Sentences of one kind; more of them say nothing new."""

# How to say what is broken, and the rows that break it.
_BROKEN: Final = {
    "run {!r} has no plan": """
SELECT r.id FROM runs AS r LEFT JOIN plans AS p ON p.no = r.plan WHERE p.no IS NULL""",
    "run {!r} has no commit": """
SELECT r.id FROM runs AS r WHERE NOT EXISTS
  (SELECT 1 FROM log WHERE id > r.no << 32 AND id < (r.no + 1) << 32)""",
    "run {!r} has the key {!r} from commit {}, which is not there": """
SELECT ifnull(r.id, '#' || e.run), e.key, e.seq FROM entries AS e
  LEFT JOIN runs AS r ON r.no = e.run
  LEFT JOIN log AS l ON l.id = (e.run << 32) | e.seq
WHERE r.id IS NULL OR l.id IS NULL""",
    "there are items of run #{}, which is not there": """
SELECT DISTINCT run FROM items WHERE run NOT IN (SELECT no FROM runs)""",
    "there are commits of run #{}, which is not there": """
SELECT DISTINCT id >> 32 FROM log WHERE id >> 32 NOT IN (SELECT no FROM runs)""",
    "there are signals for run #{}, which is not there": """
SELECT DISTINCT run FROM signals WHERE run NOT IN (SELECT no FROM runs)""",
    "there are tags of run #{}, which is not there": """
SELECT DISTINCT run FROM tags WHERE run NOT IN (SELECT no FROM runs)""",
    "somebody holds run {!r}, which is not there": """
SELECT h.id FROM leases AS h LEFT JOIN runs AS r ON r.no = h.run
WHERE r.id IS NULL OR r.id <> h.id""",
    "run {!r} is running, and nobody holds it": """
SELECT r.id FROM runs AS r WHERE r.status = 'running'
  AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.id = r.id)""",
    "the number of runs with the status {!r} is wrong": """
SELECT status FROM (SELECT status, count(*) AS n FROM runs GROUP BY status
  UNION ALL SELECT status, -n FROM counts)
GROUP BY status HAVING sum(n) <> 0""",
}


def check(connection: sqlite3.Connection) -> Sequence[str]:
    """Look for damage in the file, then between the tables."""
    found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_MOST})")]
    if found != ["ok"]:
        lines = [line for text in found for line in text.splitlines()]
        return [f"the file is damaged: {line}" for line in lines if not line.startswith("***")]
    return [
        sentence.format(*row)
        for sentence, statement in _BROKEN.items()
        for row in connection.execute(f"{statement} LIMIT {_MOST}")
    ]
