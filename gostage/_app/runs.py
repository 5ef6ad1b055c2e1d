"""Runs in memory: what a runner remembers of each, as long as the process lives."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from gostage.errors import NotFound, RunOwned, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._run.execution import Execution
    from gostage._run.result import Result, Status
    from gostage._run.workflow import Workflow

KEPT: Final = 1000
"""How many ended runs are remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run as listings show it; `owner` is the thread that works on it."""

    run_id: str
    workflow_id: str
    status: Status
    tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    owner: str | None = None


class Entry:
    """One run that a runner knows."""

    __slots__ = ("created", "execution", "owner", "result", "run_id", "updated", "workflow")

    def __init__(self, run_id: str, workflow: Workflow, execution: Execution) -> None:
        self.run_id = run_id
        self.workflow = workflow
        self.execution = execution
        self.result: Result | None = None
        self.owner: str | None = None
        self.created = self.updated = execution.clock.now()

    @property
    def has_ended(self) -> bool:
        """Whether nothing can happen to the run any more."""
        return self.execution.machine.end is not None

    @property
    def status(self) -> Status:
        """How the run stands."""
        if self.owner is not None:
            return "running"
        return "pending" if self.result is None else self.result.status

    def info(self) -> RunInfo:
        """Show the run."""
        return RunInfo(
            self.run_id,
            self.workflow.id,
            self.status,
            tuple(self.workflow.tags),
            datetime.fromtimestamp(self.created, timezone.utc),
            datetime.fromtimestamp(self.updated, timezone.utc),
            self.owner,
        )


class Runs:
    """The runs of one runner, by id; each is worked on by one thread at a time."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._doomed: set[str] = set()
        self._lock = threading.Lock()

    def find(self, run_id: str) -> Entry | None:
        """The run of this id, if it is known."""
        return self._entries.get(run_id)

    def require(self, run_id: str) -> Entry:
        """The run of this id; an unknown one is an error."""
        entry = self._entries.get(run_id)
        if entry is None:
            raise NotFound(
                f"no run {run_id!r}",
                hint=did_you_mean(str(run_id), self._entries)
                or "runs are kept in memory, by the runner that started them",
            )
        return entry

    def take(self, entry: Entry) -> None:
        """Make the calling thread the run's owner."""
        with self._lock:
            known = self._entries.get(entry.run_id, entry)
            if known is not entry or entry.owner is not None:
                raise RunOwned(
                    f"run {entry.run_id!r} is going on already, in {known.owner}",
                    hint="wait for it, or signal or cancel it",
                )
            entry.owner = f"thread {threading.current_thread().name!r}"
            self._entries[entry.run_id] = entry
            if entry.run_id in self._doomed:
                entry.execution.cancel()

    def doom(self, run_id: str) -> bool:
        """Cancel a run as soon as it begins; false if it has begun."""
        with self._lock:
            if run_id in self._entries:
                return False
            self._doomed.add(run_id)
            return True

    def spare(self, run_id: str) -> None:
        """Forget that a run was to be cancelled: whoever started it has come to an end."""
        with self._lock:
            self._doomed.discard(run_id)

    def expect(self, entry: Entry) -> None:
        """Know a run that is about to go on."""
        with self._lock:
            self._entries[entry.run_id] = entry

    def let_go(self) -> None:
        """Have every run come back after its current step."""
        for entry in self.newest_first():
            entry.execution.let_go()

    def release(self, entry: Entry) -> None:
        """Give the run back, with what became of it."""
        with self._lock:
            entry.owner = None
            entry.updated = entry.execution.clock.now()
            self._forget_oldest()

    def forget(self, entry: Entry) -> None:
        """Forget a run that its own thread has left: a database keeps it better than memory."""
        with self._lock:
            entry.owner = None
            self._entries.pop(entry.run_id, None)

    def drop(self, entry: Entry) -> None:
        """Forget a run that is not going on."""
        with self._lock:
            if entry.owner is not None:
                raise RunOwned(
                    f"run {entry.run_id!r} is going on, in {entry.owner}", hint="cancel it first"
                )
            self._entries.pop(entry.run_id, None)

    def newest_first(self) -> Iterator[Entry]:
        """All known runs."""
        with self._lock:
            entries = list(self._entries.values())
        return reversed(entries)

    def _forget_oldest(self) -> None:
        if len(self._entries) <= KEPT:
            return
        ended = [e for e in self._entries.values() if e.has_ended and e.owner is None]
        for entry in ended[: max(0, len(ended) - KEPT)]:
            del self._entries[entry.run_id]
