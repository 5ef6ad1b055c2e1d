"""The database in one SQLite file: the protocol, each method one transaction; no SQL of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal

from gostage._db import sqlite_asking as asking
from gostage._db import sqlite_backup as backing
from gostage._db import sqlite_damage as damage
from gostage._db import sqlite_keeping as keeping
from gostage._db import sqlite_reading as reading
from gostage._db import sqlite_rows as finding
from gostage._db import sqlite_writing as writing
from gostage._db.sqlite_access import Access
from gostage._db.sqlite_file import File
from gostage._db.sqlite_rows import SEQ
from gostage._db.sqlite_step import write_step
from gostage._db.sqlite_ways import MEMORY
from gostage.errors import DatabaseError

_UNKNOWN: Final[tuple[int, int | None]] = (-1, None)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from gostage._db.protocol import (
        Commit,
        Inbox,
        Item,
        Lease,
        Listing,
        LogRow,
        NewRun,
        Owner,
        RunRow,
        Stop,
        Stored,
    )

    Synchronous = Literal["FULL", "NORMAL"]


class SQLite:
    """Runs in an SQLite file, or in memory: `SQLite(":memory:")`.

    With `synchronous="FULL"` a commit survives the loss of power; with `"NORMAL"` it survives the
    death of the process, costs a fraction, and the last commits may be lost with the power.
    `patience` is how many seconds to wait for other processes that write.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        synchronous: Synchronous = "FULL",
        patience: float = 60.0,
        network: bool = False,
    ) -> None:
        self._file = None if os.fspath(path) == MEMORY else File(path)
        self._synchronous = synchronous
        self._patience = patience
        self._network = network
        self._own_news = 0
        if self._file is not None and not network:
            self._file.refuse_network()
        self._access: Access | None = self._open()

    @property
    def url(self) -> str:
        """What opens the database again, from any process and folder."""
        if self._file is None:
            return "sqlite://"
        options = ["synchronous=normal"] if self._synchronous == "NORMAL" else []
        options += ["network=yes"] if self._network else []
        query = "?" + "&".join(options) if options else ""
        return f"sqlite:///{self._file.quoted}{query}"

    # ---------------------------------------------------------------- owning

    def create(self, run: NewRun, first: Commit, owner: Owner | None, until: float) -> Lease | None:
        """Keep a new run with its first commit."""
        with self._here().writing as connection:
            lease = writing.create(connection, run, first, owner, until)
        self._own_news += 1
        return lease

    def take(
        self,
        run_id: str,
        owner: Owner,
        until: float,
        is_free: Callable[[RunRow], bool],
    ) -> Lease | RunRow | None:
        """Hold a run, if `is_free` says so."""
        with self._here().writing as connection:
            return writing.take(connection, run_id, owner, until, is_free)

    def renew(self, leases: Sequence[Lease], until: float) -> Sequence[Lease]:
        """Prolong leases; gives those that have been lost."""
        if not leases:
            return []
        access = self._here()
        with access.writing as connection:
            lost = writing.renew(connection, leases, until)
        for lease in lost:
            access.rows.pop(lease.run_id, None)
        return lost

    def commit(self, lease: Lease, commit: Commit, stop: Stop | None = None) -> int:
        """Write what a step did, if the lease still holds."""
        access = self._access
        if access is None or access.pid != os.getpid():
            access = self._here()
        rows = access.rows
        # Taken out, so that a commit that fails leaves nothing wrong behind.
        fence, last = rows.pop(lease.run_id, _UNKNOWN)
        if fence != lease.fence:
            last = None
        if stop is None and last is not None:
            row = last + 1
            if write_step(access.writing, row, lease, commit):
                rows[lease.run_id] = (fence, row)
                return row & SEQ
        with access.writing as connection:
            row = writing.commit(connection, last, lease, commit, stop)
        if stop is None:
            rows[lease.run_id] = (lease.fence, row)
        return row & SEQ

    def release(self, lease: Lease, stop: Stop) -> bool:
        """Let a run go without a commit."""
        access = self._here()
        with access.writing as connection:
            access.rows.pop(lease.run_id, None)
            return writing.release(connection, lease, stop)

    # ---------------------------------------------------------------- asking a run

    def signal(self, run_id: str, name: str, json: str, now: float) -> bool:
        """Leave a signal for a run."""
        with self._here().writing as connection:
            is_there = asking.signal(connection, run_id, name, json, now)
        self._own_news += 1
        return is_there

    def ask_to_stop(self, run_id: str, now: float) -> bool:
        """Ask a run to stop."""
        with self._here().writing as connection:
            is_there = asking.ask_to_stop(connection, run_id, now)
        self._own_news += 1
        return is_there

    def inbox(self, wanted: Sequence[tuple[str, int]]) -> Sequence[Inbox]:
        """Look for what was left for runs."""
        with self._here().reading as connection:
            return asking.inbox(connection, wanted)

    def news(self) -> int:
        """A number that grows whenever anything was left for a run."""
        # What other threads leave through this object is news too. They say so once it is
        # committed: whoever looks after this sees it.
        return self._own_news + self._here().writing.version()

    def wake(self, run_id: str, due: float | None) -> bool:
        """Say when somebody should look after a run that nobody holds."""
        with self._here().writing as connection:
            is_free = asking.wake(connection, run_id, due)
        self._own_news += 1
        return is_free

    # ---------------------------------------------------------------- looking

    def find(self, run_id: str) -> RunRow | None:
        """One run."""
        with self._here().reading as connection:
            found = finding.find(connection, run_id)
        return None if found is None else found[0]

    def runs(self, listing: Listing) -> Sequence[RunRow]:
        """The runs that fit, newest first."""
        with self._here().reading as connection:
            return reading.runs(connection, listing)

    def counts(self) -> dict[str, int]:
        """How many runs there are of each status."""
        with self._here().reading as connection:
            return reading.counts(connection)

    def ids(self, prefix: str, limit: int) -> Sequence[str]:
        """Ids of runs that begin so, newest first."""
        with self._here().reading as connection:
            return reading.ids(connection, prefix, limit)

    def due(self, now: float, limit: int) -> Sequence[RunRow]:
        """Runs that nobody holds and that are due, the earliest first."""
        with self._here().reading as connection:
            return reading.due(connection, now, limit)

    def next_due(self) -> float | None:
        """When the next run that nobody holds is due."""
        with self._here().reading as connection:
            return reading.next_due(connection)

    def held(self) -> Sequence[RunRow]:
        """The runs that somebody holds, dead or alive."""
        with self._here().reading as connection:
            return reading.held(connection)

    def plan(self, digest: str) -> str | None:
        """The text of a plan."""
        with self._here().reading as connection:
            return reading.plan(connection, digest)

    def stored(self, run_id: str) -> Stored | None:
        """Where a run stands."""
        with self._here().reading as connection:
            return reading.stored(connection, run_id)

    def items(self, run_id: str, until: int) -> Sequence[Item]:
        """The items there are now that were written up to a commit."""
        with self._here().reading as connection:
            return reading.items(connection, run_id, until)

    def log(
        self, run_id: str, after: int = 0, until: int | None = None, limit: int | None = None
    ) -> Sequence[LogRow]:
        """The commits of a run, oldest first."""
        with self._here().reading as connection:
            return reading.log(connection, run_id, after, until, limit)

    # ---------------------------------------------------------------- keeping

    def delete(self, run_id: str, is_free: Callable[[RunRow], bool]) -> RunRow | None:
        """Forget a run, if `is_free` says so."""
        with self._here().writing as connection:
            return keeping.delete(connection, run_id, is_free)

    def purge(self, before: float, limit: int) -> int:
        """Forget runs that ended before a time."""
        with self._here().writing as connection:
            return keeping.purge(connection, before, limit)

    def check(self) -> Sequence[str]:
        """Look for damage."""
        with self._here().reading as connection:
            return damage.check(connection)

    def backup(self, path: str | PathLike[str]) -> None:
        """Copy the database while it is used."""
        with self._here().reading as connection:
            backing.backup(connection, path)

    def close(self) -> None:
        """Let go of the file."""
        access, self._access = self._access, None
        if access is not None and access.pid == os.getpid():
            access.close()

    # ---------------------------------------------------------------- its connections

    def _here(self) -> Access:
        access = self._access
        if access is None:
            raise DatabaseError(
                f"the database {self.url!r} is closed", hint="open it again with open_database(url)"
            )
        return access if access.pid == os.getpid() else self._open_in_child(access)

    def _open_in_child(self, inherited: Access) -> Access:
        if self._file is None:
            raise DatabaseError(
                "a database in memory belongs to the process that opened it",
                hint="use a file: sqlite:///runs.db",
            )
        inherited.refuse_use()
        self._access = access = self._open()
        return access

    def _open(self) -> Access:
        return Access(self._file, synchronous=self._synchronous, patience=self._patience)
