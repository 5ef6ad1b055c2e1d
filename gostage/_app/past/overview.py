"""An overview of one run: everything its database knows of it, put together in one pass."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gostage._app.past.saved import outcome_of, position_of, saved_of, table
from gostage._app.past.sessions import Sessions
from gostage._app.past.standing import standing
from gostage._app.past.steps import Steps
from gostage._app.past.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gostage._app.past.saved import Data, Outcome
    from gostage._app.past.sessions import Session
    from gostage._app.past.steps import PastStep
    from gostage._app.past.stores import Entry, StoreChange
    from gostage._db.protocol import Database, RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One run, as it stands at a time."""

    row: RunRow
    status: str
    outcome: Outcome
    about: Data
    """What was noted when it began: `source`, `root`, `timeout`, `parent`."""
    duration: float
    """How many seconds somebody has worked on it."""
    sessions: Sequence[Session]
    steps: Sequence[PastStep]
    first: Sequence[StoreChange]
    """What was put into the store before any step."""
    store: Sequence[Entry]
    plan_json: str | None
    now: float


def overview(database: Database, row: RunRow, now: float | None = None) -> Overview:
    """Look at a run."""
    now = time.time() if now is None else now
    plan_json = database.plan(row.plan)
    steps, stores, sessions = Steps(row.run_id, plan_json), Stores(row.run_id), Sessions()
    last = None
    for saved in saved_of(database, row.run_id, until=row.seq or None):
        steps.take(saved, stores.take(saved))
        sessions.take(saved)
        if saved.position_json is not None:
            last = saved
    status = standing(row, now)
    if last is not None:
        steps.stand(position_of(row.run_id, last))
    if status == "running" and sessions.all:
        sessions.all[-1].last = max(sessions.all[-1].last, now)
    return Overview(
        row=row,
        status=status,
        outcome=outcome_of(row),
        about=table(row.json, row.run_id, "what is noted about it, a part"),
        duration=sessions.duration,
        sessions=sessions.all,
        steps=steps.listed(status),
        first=steps.first,
        store=stores.now(row.updated),
        plan_json=plan_json,
        now=now,
    )
