"""The journal of random trees, kept beside the database of a run: what was committed counts.

The steps of a tree behave by how often they were called before, so a process that goes on with a
run must know the calls that its last commit covers: those, and none of the interrupted ones.
"""

from __future__ import annotations

import json
import threading
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from gostage import Runner, hookimpl
from gostage.testing._crash.fuse import Fuse
from tests.properties.trees import JOURNAL, Entry

# The thread that drives the branch of an action: an async one is called in another.
DRIVER: ContextVar[int] = ContextVar("driver")


class Drivers:
    """A plugin that says which thread drives a call."""

    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Any, action: Any) -> Any:
        DRIVER.set(threading.get_ident())
        return (yield)


def driver() -> int:
    """The thread that drives the branch of whoever asks."""
    in_loop = threading.current_thread().name == "gostage loop"
    return DRIVER.get() if in_loop else threading.get_ident()


def durable_runner(*, db: Any, plugins: Any, **options: Any) -> Runner:
    """A runner whose journal goes on where the run does."""
    if isinstance(db, Fuse):  # else somebody only looks
        db = Journaled(db)
    return Runner(db=db, plugins=[*plugins, Drivers()], **options)


class Journaled:
    """A database that keeps, before each commit, the calls which that commit covers."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._file = Path(f"{inner.url.partition(':///')[2].partition('?')[0]}.journal")
        self._next = 0
        self._sure: list[Any] = []
        self._mine: dict[int, list[Any]] = {}
        self._lock = threading.Lock()
        row = inner.find("crash")
        entries = [] if row is None else self._covered(row.seq)
        JOURNAL.start(entries)
        self._sure = list(entries)
        JOURNAL.entries = Noticed(self, entries)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def note(self, entry: Any) -> None:
        """A call was made; it counts as soon as the thread that drives its branch commits."""
        self._mine.setdefault(driver(), []).append(entry)

    def commit(self, lease: Any, commit: Any, stop: Any = None) -> int:
        with self._lock:
            self._sure += self._mine.pop(threading.get_ident(), [])
            seq = self._inner.find(lease.run_id).seq + 1
            line = json.dumps([seq, self._sure])
            with self._file.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
            return int(self._inner.commit(lease, commit, stop))

    def _covered(self, seq: int) -> list[Any]:
        found: list[Any] = []
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        for line in text.splitlines():
            number, entries = json.loads(line)
            if number <= seq:  # of one number the later: the earlier was not committed
                found = entries
        return [
            Entry(kind, key, tuple((a, b) for a, b in lane), attempt, earlier)
            for kind, key, lane, attempt, earlier in found
        ]


class Noticed(list):
    """A list that tells of what is added to it."""

    def __init__(self, journaled: Journaled, entries: list[Any]) -> None:
        super().__init__(entries)
        self._journaled = journaled

    def append(self, entry: Any) -> None:
        super().append(entry)
        self._journaled.note(entry)
