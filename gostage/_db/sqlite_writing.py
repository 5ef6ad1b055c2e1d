"""What goes into an SQLite database; every function is a part of a transaction begun elsewhere."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Final

from gostage._db.lease import lost_error, owned_error
from gostage._db.protocol import OWNED, Held, Lease
from gostage._db.sqlite_rows import SEQ, commits, find
from gostage._db.sqlite_schema import FENCE_BITS, SEQ_BITS
from gostage._db.sqlite_step import COMMIT, POINT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gostage._db.protocol import Commit, NewRun, Owner, Plan, RunRow, Stop
    from gostage.errors import RunOwned

_RUN: Final = """
INSERT INTO runs (id, workflow, status, created, due, plan, tags, json)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_LEASE: Final = "INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_LAST: Final = """
SELECT (SELECT max(id) FROM log WHERE id > run << 32 AND id < (run + 1) << 32)
FROM leases WHERE id = ? AND fence = ?"""
FORGET_PLAN: Final = """
DELETE FROM plans WHERE no = ? AND NOT EXISTS (SELECT 1 FROM runs WHERE plan = plans.no)"""
_ITEM: Final = "REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?)"
# A run that leaves its owner is due at once if somebody wants something of it that the owner has
# not seen; a run that has ended is asked for nothing any more.
_LEAVE: Final = """
UPDATE runs SET status = :status, outcome = :outcome,
  ended = CASE WHEN :ended THEN :at END,
  due = CASE WHEN NOT :ended AND (stop OR EXISTS
      (SELECT 1 FROM signals WHERE run = runs.no AND no > :known))
    THEN min(ifnull(:due, :at), :at) ELSE :due END,
  stop = CASE WHEN :ended THEN 0 ELSE stop END
WHERE no = :no"""


def create(
    connection: sqlite3.Connection, run: NewRun, first: Commit, owner: Owner | None, until: float
) -> Lease | None:
    """Write a new run and its first commit, unless there is one of its id."""
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run.run_id,)).fetchone():
        return None
    status, due = (run.status, run.due) if owner is None else (OWNED, None)
    plan = _plan(connection, run.plan)
    tags = json.dumps(run.tags) if run.tags else ""
    values = (run.run_id, run.workflow, status, run.created, due, plan, tags, run.json)
    no = connection.execute(_RUN, values).lastrowid or 0
    _write_first(connection, no, run, first)
    if owner is None:
        return Lease(run.run_id, 0)
    lease = Lease(run.run_id, _next_fence(connection, no))
    _hold(connection, no, lease, Held(owner, until))
    return lease


def _write_first(connection: sqlite3.Connection, no: int, run: NewRun, first: Commit) -> None:
    if run.tags:
        connection.executemany(
            "INSERT INTO tags VALUES (?, ?)", [(tag, no) for tag in dict.fromkeys(run.tags)]
        )
    row = commits(no)[0]
    what = (row, first.at, first.position_json, first.events_json, first.changes_json)
    connection.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?)", what)
    _keep(connection, no, row & SEQ, first)


def take(
    connection: sqlite3.Connection,
    run_id: str,
    owner: Owner,
    until: float,
    is_free: Callable[[RunRow], bool],
) -> Lease | RunRow | None:
    """Give a run to an owner."""
    found = find(connection, run_id)
    if found is None:
        return None
    row, no = found
    if not is_free(row):
        return row
    connection.execute(
        "UPDATE runs SET status = ?, due = NULL, ended = NULL WHERE no = ?", (OWNED, no)
    )
    connection.execute("DELETE FROM leases WHERE id = ?", (run_id,))
    lease = Lease(run_id, _next_fence(connection, no))
    _hold(connection, no, lease, Held(owner, until))
    return lease


def renew(connection: sqlite3.Connection, leases: Sequence[Lease], until: float) -> Sequence[Lease]:
    """Prolong the leases that hold; gives the others."""
    statement = "UPDATE leases SET until = ? WHERE id = ? AND fence = ?"
    return [
        lease
        for lease in leases
        if connection.execute(statement, (until, lease.run_id, lease.fence)).rowcount != 1
    ]


def commit(
    connection: sqlite3.Connection, last: int | None, lease: Lease, new: Commit, stop: Stop | None
) -> int:
    """Write what a step did, and let the run go if it stops there; gives the row.

    `last` is the row of the last commit, if the caller knows it.
    """
    if last is None:
        last = _last(connection, lease)
    try:
        row = _insert(connection, last, lease, new)
    except sqlite3.IntegrityError:  # somebody else has committed with this very lease
        row = _insert(connection, _last(connection, lease), lease, new)
    no = row >> SEQ_BITS
    _keep(connection, no, row & SEQ, new)
    if new.plan is not None:
        _change_plan(connection, no, new.plan)
    if stop is not None:
        _leave(connection, lease, no, stop, new.at)
    return row


def release(connection: sqlite3.Connection, lease: Lease, stop: Stop) -> bool:
    """Let a run go."""
    row = connection.execute(
        "SELECT run FROM leases WHERE id = ? AND fence = ?", (lease.run_id, lease.fence)
    ).fetchone()
    if row is None:
        return False
    (no,) = row
    found = connection.execute(
        "SELECT at FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1", commits(no)
    ).fetchone()
    _leave(connection, lease, no, stop, 0.0 if found is None else found[0])
    return True


def _insert(connection: sqlite3.Connection, last: int, lease: Lease, new: Commit) -> int:
    row = last + 1
    what = (row, new.at, new.position_json, new.events_json, new.changes_json)
    who = (lease.run_id, lease.fence, row >> SEQ_BITS)
    if connection.execute(COMMIT, (*what, *who)).rowcount != 1:
        raise _lost(connection, lease)
    return row


def _last(connection: sqlite3.Connection, lease: Lease) -> int:
    found = connection.execute(_LAST, (lease.run_id, lease.fence)).fetchone()
    if found is None:
        raise _lost(connection, lease)
    return int(found[0])


def _keep(connection: sqlite3.Connection, no: int, seq: int, new: Commit) -> None:
    """Write what of a commit is looked up by its name."""
    if new.left:
        connection.executemany(
            "DELETE FROM entries WHERE run = ? AND branch = ?", [(no, each) for each in new.left]
        )
    if new.erased:
        connection.executemany(
            "DELETE FROM entries WHERE run = ? AND branch = ? AND key = ?",
            [(no, branch, key) for branch, key in new.erased],
        )
    if new.written:
        connection.executemany(POINT, [(no, branch, key, seq) for branch, key in new.written])
    if new.dropped:
        connection.executemany(
            "DELETE FROM items WHERE run = ? AND branch = ? AND step = ?",
            [(no, branch, step) for branch, step in new.dropped],
        )
    if new.items:
        connection.executemany(
            _ITEM,
            [(no, it.branch, it.step, it.kind, it.index, seq, it.json) for it in new.items],
        )
    if new.signals:
        connection.executemany(
            "DELETE FROM signals WHERE no = ? AND run = ?", [(each, no) for each in new.signals]
        )


def _hold(connection: sqlite3.Connection, no: int, lease: Lease, held: Held) -> None:
    owner = held.owner
    who = (owner.host, owner.boot, owner.pid, owner.started)
    connection.execute(_LEASE, (lease.run_id, no, lease.fence, *who, held.until))


def _next_fence(connection: sqlite3.Connection, no: int) -> int:
    connection.execute("UPDATE runs SET fence = fence + 1 WHERE no = ?", (no,))
    (fence,) = connection.execute("SELECT fence FROM runs WHERE no = ?", (no,)).fetchone()
    return int(fence) + (no << FENCE_BITS)


def _leave(connection: sqlite3.Connection, lease: Lease, no: int, stop: Stop, at: float) -> None:
    values = {
        "no": no,
        "status": stop.status,
        "outcome": stop.outcome_json,
        "ended": stop.has_ended,
        "due": stop.due,
        "known": stop.known,
        "at": at,
    }
    connection.execute(_LEAVE, values)
    connection.execute("DELETE FROM leases WHERE id = ?", (lease.run_id,))


def _plan(connection: sqlite3.Connection, plan: Plan) -> int:
    found = connection.execute("SELECT no FROM plans WHERE digest = ?", (plan.digest,)).fetchone()
    if found is not None:
        return int(found[0])
    values = (plan.digest, plan.json)
    statement = "INSERT INTO plans (digest, json) VALUES (?, ?)"
    return connection.execute(statement, values).lastrowid or 0


def _change_plan(connection: sqlite3.Connection, no: int, plan: Plan) -> None:
    (before,) = connection.execute("SELECT plan FROM runs WHERE no = ?", (no,)).fetchone()
    after = _plan(connection, plan)
    connection.execute("UPDATE runs SET plan = ? WHERE no = ?", (after, no))
    connection.execute(FORGET_PLAN, (before,))


def _lost(connection: sqlite3.Connection, lease: Lease) -> RunOwned:
    found = find(connection, lease.run_id)
    if found is None or found[0].held is None:
        return lost_error(lease.run_id)
    return owned_error(found[0])
