"""The crew: threads that each go on with one run at a time; it decides nothing about runs."""

from __future__ import annotations

import queue
import threading
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._db.protocol import RunRow
    from gostage._run.result import Result

AT_WORK: Final[ContextVar[RunRow | None]] = ContextVar("gostage_at_work", default=None)
"""The run that the code which looks is a part of, as it was before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that has come back: with its result, or with what was raised instead."""

    row: RunRow
    """The run as it was before."""
    result: Result | None = None
    error: BaseException | None = None


class Crew:
    """So many threads, each made when it is first needed; all of them belong to one caller."""

    def __init__(self, size: int, work: Callable[[str], Result]) -> None:
        self.size = size
        self._work = work
        self._at_work: dict[str, RunRow] = {}
        self._threads: list[threading.Thread] = []
        # Simple queues: a signal handler may put something into one at any time.
        self._jobs: queue.SimpleQueue[RunRow | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()

    @property
    def at_work(self) -> dict[str, RunRow]:
        """The runs that have not come back, by id."""
        return self._at_work

    @property
    def is_full(self) -> bool:
        """Whether nobody has time for another run."""
        return len(self._at_work) >= self.size

    def start(self, row: RunRow) -> None:
        """Give a run to somebody."""
        self._at_work[row.run_id] = row
        if len(self._threads) < len(self._at_work):
            name = f"gostage worker {len(self._threads) + 1}"
            # A daemon: whoever does not come back in time must not keep the process alive.
            thread = threading.Thread(
                target=self._serve, args=(self._jobs,), name=name, daemon=True
            )
            self._threads.append(thread)
            thread.start()
        self._jobs.put(row)

    def wait(self, seconds: float) -> Outcome | None:
        """Wait for the next one that comes back, or for `wake`; `None` if nobody did."""
        try:
            outcome = self._done.get(timeout=seconds)
        except queue.Empty:
            return None
        if outcome is not None:
            del self._at_work[outcome.row.run_id]
        return outcome

    def wake(self) -> None:
        """End a `wait`, from any thread or signal handler."""
        self._done.put(None)

    def close(self) -> None:
        """Send everybody home; who is still at work goes when the run comes back."""
        threads, self._threads = self._threads, []
        jobs, self._jobs = self._jobs, queue.SimpleQueue()
        for _ in threads:
            jobs.put(None)
        if not self._at_work:
            for thread in threads:
                thread.join()

    def _serve(self, jobs: queue.SimpleQueue[RunRow | None]) -> None:
        while (row := jobs.get()) is not None:
            # In a copy: what a run sets in a context variable is not there for the next one.
            self._done.put(copy_context().run(self._go_on, row))

    def _go_on(self, row: RunRow) -> Outcome:
        AT_WORK.set(row)
        try:
            return Outcome(row, self._work(row.run_id))
        except BaseException as error:  # noqa: BLE001  # whatever a run raises, the next one comes
            return Outcome(row, error=error)
