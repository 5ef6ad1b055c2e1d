"""What others leave for a run in an SQLite database; parts of transactions begun elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._db.protocol import Inbox, Signal

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_FIND: Final = """
SELECT r.no, r.ended IS NOT NULL, h.id IS NOT NULL
FROM runs AS r LEFT JOIN leases AS h ON h.id = r.id WHERE r.id = ?"""
_DUE: Final = "UPDATE runs SET due = min(ifnull(due, ?), ?) WHERE no = ?"


def signal(connection: sqlite3.Connection, run_id: str, name: str, json: str, now: float) -> bool:
    """Leave a signal, and make the run due if nobody holds it."""
    found = connection.execute(_FIND, (run_id,)).fetchone()
    if found is None:
        return False
    no, has_ended, is_held = found
    connection.execute("INSERT INTO signals (run, name, json) VALUES (?, ?, ?)", (no, name, json))
    if not has_ended and not is_held:
        connection.execute(_DUE, (now, now, no))
    return True


def ask_to_stop(connection: sqlite3.Connection, run_id: str, now: float) -> bool:
    """Ask a run to stop, and make it due if nobody holds it."""
    found = connection.execute(_FIND, (run_id,)).fetchone()
    if found is None or found[1]:
        return False
    no, _, is_held = found
    connection.execute("UPDATE runs SET stop = 1 WHERE no = ?", (no,))
    if not is_held:
        connection.execute(_DUE, (now, now, no))
    return True


def wake(connection: sqlite3.Connection, run_id: str, due: float | None) -> bool:
    """Say when a run that nobody holds is due."""
    statement = (
        "UPDATE runs SET due = ? WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.id = runs.id)"
    )
    return connection.execute(statement, (due, run_id)).rowcount == 1


def inbox(connection: sqlite3.Connection, wanted: Sequence[tuple[str, int]]) -> Sequence[Inbox]:
    """Look for what was left for runs."""
    looked = (_look(connection, run_id, known) for run_id, known in wanted)
    return [each for each in looked if each is not None]


def signals(connection: sqlite3.Connection, no: int, known: int = 0) -> list[Signal]:
    """Read the signals of a run that came after a number."""
    statement = "SELECT no, name, json FROM signals WHERE run = ? AND no > ? ORDER BY no"
    return [Signal(*row) for row in connection.execute(statement, (no, known))]


def _look(connection: sqlite3.Connection, run_id: str, known: int) -> Inbox | None:
    found = connection.execute("SELECT no, stop FROM runs WHERE id = ?", (run_id,)).fetchone()
    if found is None:
        return None
    no, stop = found
    new = signals(connection, no, known)
    return Inbox(run_id, bool(stop), new) if stop or new else None
