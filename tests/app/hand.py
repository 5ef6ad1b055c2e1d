"""Runs made by hand: commits as a run would have written them; nothing runs."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gostage._db.owner import this_process
from gostage._db.protocol import Commit, NewRun, Owner, Plan, Stop
from gostage._db.sqlite import SQLite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gostage._db.protocol import Database, RunRow

GONE = Owner(host=this_process().host, boot=this_process().boot, pid=2**22 + 1, started="1")
"""A process of this host that is certainly dead."""
# Module-level state: so many tests make one that each of them cannot say when its database closes.
OPEN = ExitStack()
"""The databases of the hands that were not given one; the fixture in conftest.py closes them."""
AN_ID = "0123456789abcdef0123456789abcdef"


def entry(key: str, value: object, order: int = 1, **more: Any) -> dict[str, Any]:  # Any: JSON
    """An entry as it is saved."""
    return {"key": key, "value": value, "order": order, "created": 0.0, "updated": 0.0, **more}


class Hand:
    """One run, written commit by commit; a second passes with each."""

    def __init__(
        self,
        structure: Sequence[tuple[str, str]],
        *,
        run_id: str = AN_ID,
        workflow: str = "expense",
        tags: Sequence[str] = (),
        database: Database | None = None,
        owner: Owner | None = None,
        plan: Mapping[str, Any] | None = None,  # Any: JSON
        created: float | None = None,
    ) -> None:
        self.database = database or _memory()
        self.run_id = run_id
        self.now = time.time() - 1000 if created is None else created
        text = json.dumps({"definition": {}, "structure": structure, "code": {}, **(plan or {})})
        run = NewRun(run_id, workflow, tuple(tags), self.now, Plan(text, text), "{}")
        first = Commit(self.now, '{"branches":{"0":{"at":"","do":"begin"}}}')
        self.lease = self.database.create(run, first, owner or this_process(), time.time() + 60)
        self.order = 0

    @property
    def row(self) -> RunRow:
        """The run as it is stored."""
        row = self.database.find(self.run_id)
        assert row is not None
        return row

    # Any: JSON, here and below.
    def commit(
        self,
        *events: tuple[str, str, dict[str, Any]],
        changes: Sequence[tuple[int, str, Any]] = (),
        at: Any = None,
        stop: Stop | None = None,
    ) -> int:
        """Write a commit: events as kind, path and data; where the run stands, by branches."""
        self.now += 1
        branches = {"0": at} if isinstance(at, dict) and "at" in at else at
        assert self.lease is not None
        return self.database.commit(
            self.lease,
            Commit(
                self.now,
                None if at is None else json.dumps({"branches": branches}),
                json.dumps([[kind, self.now, path, data] for kind, path, data in events]),
                json.dumps(changes),
                [(branch, key) for branch, key, new in changes if new is not None],
                [(branch, key) for branch, key, new in changes if new is None],
            ),
            stop,
        )

    def step(self, path: str, *, changes: Any = (), at: Any = None, **data: Any) -> int:
        """Write a commit in which an action begins and ends."""
        return self.commit(started(path), ended(path, **data), changes=changes, at=at)

    def stop(self, status: str, *, due: float | None = None, **outcome: Any) -> None:
        """Let the run go."""
        has_ended = status in ("completed", "failed", "bailed", "cancelled")
        kind = "run_ended" if has_ended else "run_paused"
        told = {"duration": 1.0, "error": None, "text": "", **outcome}
        data = {"status": status, "duration": 1.0, "error": None, "awaits": None}
        stop = Stop(status, due, json.dumps(told), has_ended)
        self.commit((kind, "", data), stop=stop)

    def put(self, key: str, value: object, branch: int = 0, **more: Any) -> tuple[int, str, Any]:
        """A change that puts a value."""
        self.order += 1
        return branch, key, entry(key, value, self.order, **more)


def _memory() -> Database:
    made = SQLite(":memory:")
    OPEN.callback(made.close)
    return made


def started(path: str, kind: str = "action", attempt: int = 1, **more: Any) -> tuple[str, str, Any]:
    """The event of an item that begins."""
    return "step_started", path, {"kind": kind, "attempt": attempt, **more}


def ended(
    path: str, kind: str = "action", status: str = "completed", **more: Any
) -> tuple[str, str, Any]:
    """The event of an item that ends."""
    data = {"kind": kind, "status": status, "attempts": 1, "duration": 0.1, "error": None, **more}
    return "step_ended", path, data
