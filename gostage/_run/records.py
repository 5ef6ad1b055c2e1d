"""Records: how each item of a run stands, with its times; the run's memory for people."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from gostage.errors import Bailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gostage._engine.machine import Note
    from gostage._engine.ops import Op
    from gostage._engine.plan import Plan


@dataclass(frozen=True, slots=True)
class StepRecord:
    """How one item of a run ended; a step that ran in several passes shows the last one."""

    path: str
    kind: str
    status: str
    attempts: int = 0
    started_at: datetime | None = None
    duration: float | None = None
    error: BaseException | None = None


# One item as it stands: status, attempts, start and duration on the performance counter, error.
# A plain tuple, since one is made for every step.
Row = tuple[str, int, float, "float | None", "BaseException | None"]


class Records:
    """All records of one run, by the op's id."""

    __slots__ = ("_anchor", "calls", "rows")

    def __init__(self, anchor: float, rows: dict[str, Row] | None = None) -> None:
        self.rows: dict[str, Row] = {} if rows is None else rows
        self.calls: dict[int, Row] = {}
        """How the last call of a branch ended, until that is told; several may call one item."""
        self._anchor = anchor

    @classmethod
    def begin_at(cls, now: float) -> Records:
        """Make the records of a run that begins now, in seconds since the epoch."""
        return cls(now - time.perf_counter())

    def copy(self) -> Records:
        """The records as they are now."""
        return Records(self._anchor, dict(self.rows))

    def put(self, id_: str, row: Row) -> None:
        """Enter how an item stands that another process looks after."""
        status, attempts, started, duration, error = row
        self.rows[id_] = (status, attempts, started - self._anchor, duration, error)

    def told(self, id_: str) -> Row | None:
        """The same as another process can read it: when it started in seconds since the epoch."""
        row = self.rows.get(id_)
        return None if row is None else (*row[:2], row[2] + self._anchor, *row[3:])

    def mark(self, id_: str, status: str) -> None:
        """Say how an item that has begun stands now."""
        row = self.rows.get(id_)
        if row is not None:
            self.rows[id_] = (status, *row[1:])

    def stay(self, id_: str, status: str) -> None:
        """Say how an item stands that has not ended; of a fork, another run had begun it."""
        row = self.rows.get(id_, ("", 1, time.perf_counter(), None, None))
        self.rows[id_] = (status, *row[1:])

    def take(self, notes: Iterable[Note]) -> list[Row]:
        """Enter what the machine noted; gives how each item stands now."""
        now = time.perf_counter()
        return [self._enter(note, now) for note in notes]

    def _enter(self, note: Note, now: float) -> Row:
        status = note.status
        if status == "stopped":
            status = "completed" if isinstance(note.error, Bailed) else "cancelled"
        row = self.rows.get(note.op.id)
        if row is not None and status == "again":
            row = ("running", row[1] + 1, *row[2:])
        elif status == "again":  # what was before is known to another process
            row = ("running", 2, now, None, None)
        elif row is None or status == "running":
            attempts = 0 if status == "skipped" else 1
            row = (status, attempts, now, None, note.error)
        else:
            row = (status, row[1], row[2], now - row[2], note.error)
        self.rows[note.op.id] = row
        return row

    def listed(self, plan: Plan) -> Iterator[StepRecord]:
        """Every visible item of the plan, in its order, with how it stands."""
        root = plan.program.root
        whole = self.rows.get(root.id)
        skipped_below = {root.id} if whole is not None and whole[0] == "skipped" else set()
        for op in plan.walk():
            row = self.rows.get(op.id)
            above = op.parent is not None and op.parent.id in skipped_below
            is_skipped = above if row is None else row[0] == "skipped"
            if is_skipped:
                skipped_below.add(op.id)
            if not op.hidden:
                yield self._shown(op, row, is_skipped=is_skipped)

    def _shown(self, op: Op, row: Row | None, *, is_skipped: bool) -> StepRecord:
        if row is None:
            return StepRecord(op.id, op.kind, "skipped" if is_skipped else "pending")
        status, attempts, started, duration, error = row
        at = None
        if attempts:
            at = datetime.fromtimestamp(self._anchor + started, timezone.utc)
        return StepRecord(op.id, op.kind, status, attempts, at, duration, error)
