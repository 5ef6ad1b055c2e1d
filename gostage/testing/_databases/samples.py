"""Runs, owners and questions for the contract of databases; nothing here is tested by itself."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from gostage._db.protocol import Commit, Lease, NewRun, Owner, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._db.protocol import Database, RunRow

    Reopen = Callable[[], Database] | None

Result = TypeVar("Result")

ME: Final = Owner(host="here", boot="first", pid=11, started="100")
OTHER: Final = Owner(host="there", boot="second", pid=22, started="200")
LATER: Final = 2_000.0
"""When leases end, unless a test is about that."""
THREADS: Final = 8
PLAN: Final = Plan("digest", '{"definition": {}}')


class Contract:
    """What the parts of the contract share."""

    @pytest.fixture
    def database(self) -> Database:
        """A fresh database; derive and override."""
        raise NotImplementedError

    @pytest.fixture
    def reopen(self) -> Reopen:
        """How the same database is opened once more; `None` where that is impossible."""
        return None

    @pytest.fixture
    def other(self, reopen: Reopen) -> Iterator[Database]:
        """The same database, opened once more."""
        if reopen is None:
            pytest.skip("this database cannot be opened twice")
        database = reopen()
        yield database
        database.close()


def new_run(run_id: str = "r", **changes: object) -> NewRun:
    """Make a run; what is not said does not matter."""
    values: dict[str, object] = {
        "workflow": "w",
        "tags": (),
        "created": 1.0,
        "plan": PLAN,
        "json": "{}",
        **changes,
    }
    return NewRun(run_id=run_id, **values)  # type: ignore[arg-type] # the fields have many types


def begin(
    database: Database, run_id: str = "r", first: Commit | None = None, **changes: object
) -> Lease:
    """Keep a run that this process holds."""
    commit = first or Commit(at=1.0, position_json="[]")
    lease = database.create(new_run(run_id, **changes), commit, ME, LATER)
    assert lease is not None  # noqa: S101 - a part of every test that uses it
    return lease


def leave(database: Database, run_id: str = "r", **changes: object) -> None:
    """Keep a run that nobody holds."""
    commit = Commit(at=1.0, position_json="[]")
    lease = database.create(new_run(run_id, **changes), commit, None, 0.0)
    assert lease is not None  # noqa: S101 - as above


def look(database: Database, run_id: str = "r") -> RunRow:
    """Find a run that is there."""
    row = database.find(run_id)
    assert row is not None  # noqa: S101 - as above
    return row


def always(row: RunRow) -> bool:
    """Let a run be taken, whoever has it."""
    return True


def never(row: RunRow) -> bool:
    """Let no run be taken."""
    return False


def if_nobody_has_it(row: RunRow) -> bool:
    """Let a run be taken that nobody holds."""
    return row.held is None


def take(database: Database, run_id: str = "r", owner: Owner = OTHER) -> Lease:
    """Take a run over, whoever has it."""
    lease = database.take(run_id, owner, LATER, always)
    assert isinstance(lease, Lease)  # noqa: S101 - as above
    return lease


def at_once(work: Callable[[int], Result]) -> list[Result]:
    """Do the same in many threads, each with its number; gives what they gave, in that order."""
    with ThreadPoolExecutor(THREADS) as pool:
        start = threading.Barrier(THREADS)

        def one(number: int) -> Result:
            start.wait()
            return work(number)

        return list(pool.map(one, range(THREADS)))
