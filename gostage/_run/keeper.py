"""The keeper: holds the runs of one process in their database, and hears what others leave there.

It prolongs leases, and brings signals and requests to stop to the runs; it decides nothing else.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Final

from gostage._db.lease import lost_error
from gostage._run.stored import unreadable
from gostage._run.text import from_text
from gostage.errors import DatabaseError

if TYPE_CHECKING:
    from gostage._db.protocol import Database, Inbox, Lease
    from gostage._run.execution import Execution

LOOK: Final = 0.05
"""Seconds between two looks at whether others have written anything; a look takes microseconds."""
IDLE: Final = 20
"""How many looks its thread goes on when there is nothing to hold."""


class Keeper:
    """The runs that this process holds in one database."""

    def __init__(self, database: Database, lease: float) -> None:
        self._database = database
        self.lease = lease
        """For how many seconds a run is held without another sign of life."""
        self._is_closed = False
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._held: dict[str, Execution] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def until(self) -> float:
        """Until when a lease that is given now counts."""
        return time.time() + self.lease

    def hold(self, run: Execution) -> None:
        """Hold a run for as long as it goes on."""
        self._leave_parent()
        with self._lock:
            self._held[run.run_id] = run
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="gostage keeper", daemon=True
                )
                self._thread.start()

    def drop(self, run: Execution) -> None:
        """Hold a run no more."""
        self._leave_parent()
        with self._lock:
            self._held.pop(run.run_id, None)

    def close(self) -> None:
        """End the thread."""
        self._leave_parent()
        with self._lock:
            self._is_closed = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join()

    def _leave_parent(self) -> None:
        """Begin anew in a child: the thread, and the runs it holds, are those of the parent."""
        if self._pid != os.getpid():
            self._begin()

    # ---------------------------------------------------------------- the thread

    def _work(self) -> None:
        beat = time.monotonic() + self.lease / 3
        idle, seen = 0, -1
        while not self._wake.wait(LOOK):
            with self._lock:
                held = list(self._held.values())
                idle = 0 if held else idle + 1
                if idle > IDLE:
                    self._thread = None
                    return
            try:
                news = self._database.news()
                if news != seen:
                    seen = news
                    self._look(held)
                if time.monotonic() >= beat:
                    beat = time.monotonic() + self.lease / 3
                    self._renew(held)
            except DatabaseError:
                continue  # the runs themselves find out as soon as they write

    def _look(self, held: list[Execution]) -> None:
        journals = {run.run_id: run.journal for run in held if run.journal is not None}
        known = [(run_id, journal.known) for run_id, journal in journals.items()]
        for inbox in self._database.inbox(known):
            run = next((each for each in held if each.run_id == inbox.run_id), None)
            if run is not None:
                _bring(run, inbox)

    def _renew(self, held: list[Execution]) -> None:
        leases: dict[Lease, Execution] = {}
        for run in held:
            if run.journal is not None and run.journal.lease is not None:
                leases[run.journal.lease] = run
        for lost in self._database.renew(list(leases), self.until()):
            run = leases[lost]
            with self._lock:
                is_held = self._held.get(run.run_id) is run
            if is_held and run.journal is not None and run.journal.lease == lost:
                run.journal.fail(lost_error(run.run_id))
                run.wake()


def _bring(run: Execution, inbox: Inbox) -> None:
    journal = run.journal
    if journal is None:
        return
    for signal in inbox.signals:
        if signal.number > journal.known:
            journal.known = signal.number
            try:
                data = run.around.codec.decode(from_text(signal.json))
            except Exception as error:  # noqa: BLE001 - others wrote it; the thread must go on
                journal.fail(unreadable(run.run_id, error))
                run.wake()
                return
            run.deliver(signal.name, data, signal.number)
    if inbox.is_cancelled and not run.cancelled:
        run.cancel()
