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


class Record:
    """One item while the run goes on; times are of the performance counter."""

    __slots__ = ("attempts", "duration", "error", "started", "status")

    def __init__(self, status: str, attempts: int, started: float) -> None:
        self.status = status
        self.attempts = attempts
        self.started = started
        self.duration: float | None = None
        self.error: BaseException | None = None


class Records:
    """All records of one run, by the op's id."""

    __slots__ = ("_anchor", "by_id")

    def __init__(self, now: float) -> None:
        self.by_id: dict[str, Record] = {}
        self._anchor = now - time.perf_counter()

    def begin(self, id_: str, attempt: int) -> Record:
        """Begin the record of an action that is called now."""
        record = self.by_id[id_] = Record("running", attempt, time.perf_counter())
        return record

    def take(self, notes: Iterable[Note]) -> None:
        """Enter what the machine noted."""
        now = time.perf_counter()
        for note in notes:
            self._enter(note, now)

    def _enter(self, note: Note, now: float) -> None:
        record = self.by_id.get(note.op.id)
        status = note.status
        if status == "stopped":
            status = "completed" if isinstance(note.error, Bailed) else "cancelled"
        if record is None or status == "running":
            attempts = 0 if status == "skipped" else 1
            record = self.by_id[note.op.id] = Record(status, attempts, now)
        else:
            record.status = status
            record.duration = now - record.started
        record.error = note.error

    def listed(self, plan: Plan) -> Iterator[StepRecord]:
        """Every visible item of the plan, in its order, with how it stands."""
        skipped_below: set[str] = set()
        for op in plan.walk():
            record = self.by_id.get(op.id)
            above = op.parent is not None and op.parent.id in skipped_below
            is_skipped = above if record is None else record.status == "skipped"
            if is_skipped:
                skipped_below.add(op.id)
            if not op.hidden:
                yield self._shown(op, record, is_skipped=is_skipped)

    def _shown(self, op: Op, record: Record | None, *, is_skipped: bool) -> StepRecord:
        if record is None:
            return StepRecord(op.id, op.kind, "skipped" if is_skipped else "pending")
        started = None
        if record.attempts:
            started = datetime.fromtimestamp(self._anchor + record.started, timezone.utc)
        return StepRecord(
            op.id, op.kind, record.status, record.attempts, started, record.duration, record.error
        )
