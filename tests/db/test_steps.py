"""The commits of steps one after the other: the quick way writes what the usual way writes."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from gostage._db.protocol import Commit, Stop
from gostage._db.sqlite import SQLite
from gostage.errors import DatabaseError, RunOwned
from gostage.testing._databases.samples import begin, look, take

EMPTY = Commit(2.0, "[2]", "[1]")
ENTRY = Commit(2.0, "[2]", "[1]", '[[0,"k",1]]', [(0, "k")])
ENTRIES = Commit(2.0, "[2]", "[1]", '[[0,"k",1],[3,"l",1]]', [(0, "k"), (3, "l")])
KINDS = pytest.mark.parametrize(
    "commit", [EMPTY, ENTRY, ENTRIES], ids=["nothing", "one entry", "two entries"]
)


@pytest.fixture
def path(tmp_path):
    """Where the database is."""
    return tmp_path / "runs.db"


@pytest.fixture
def database(path):
    """A fresh database."""
    database = SQLite(path)
    yield database
    database.close()


@KINDS
def test_every_step_finds_its_place(database, commit):
    """Steps are numbered one after the other, and entries are held by the last that wrote them."""
    lease = begin(database)

    numbers = [database.commit(lease, commit) for _ in range(4)]

    assert numbers == [2, 3, 4, 5]
    rows = database.log("r", after=1)
    assert [row.seq for row in rows] == numbers
    written = {(row.at, row.position_json, row.events_json, row.changes_json) for row in rows}
    assert written == {tuple(commit[:4])}
    stored = database.stored("r")
    assert list(stored.entries) == [(branch, key, 5) for branch, key in commit.written]


@KINDS
def test_a_step_of_an_owner_that_was_replaced_writes_nothing(database, commit):
    """Not even if that owner has written before."""
    lease = begin(database)
    database.commit(lease, commit)
    database.commit(lease, commit)
    take(database)

    with pytest.raises(RunOwned):
        database.commit(lease, commit)

    assert look(database).seq == 3
    assert {seq for *_, seq in database.stored("r").entries} <= {3}


@KINDS
def test_a_step_of_a_run_that_is_gone_writes_nothing(database, commit):
    """There is nothing of it afterwards."""
    lease = begin(database)
    database.commit(lease, commit)
    database.delete("r", lambda row: True)

    with pytest.raises(RunOwned):
        database.commit(lease, commit)

    assert database.stored("r") is None


@KINDS
def test_two_who_share_a_lease_take_turns(database, path, commit):
    """A number that somebody else has used is not used again."""
    lease = begin(database)
    other = SQLite(path)

    numbers = [each.commit(lease, commit) for each in (database, other, other, database) * 2]

    other.close()
    assert numbers == list(range(2, 10))
    assert len(database.log("r")) == 9


@KINDS
def test_a_step_waits_for_others_that_write(database, path, commit):
    """It is written as soon as they are done."""
    lease = begin(database)
    database.commit(lease, commit)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.05, lambda: other.execute("COMMIT"))
    timer.start()

    assert database.commit(lease, commit) == 3

    timer.join()
    other.close()


@KINDS
def test_a_step_waits_no_longer_than_its_patience(path, commit):
    """What was not written is written later, under the number that was free."""
    database = SQLite(path, patience=0.0)
    lease = begin(database)
    database.commit(lease, commit)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseError, match="did not finish in time"):
        database.commit(lease, commit)

    other.execute("COMMIT")
    other.close()
    assert database.commit(lease, commit) == 3
    database.close()


@KINDS
def test_a_file_that_is_gone_is_missed_by_steps_and_at_the_end(database, path, commit):
    """Steps look now and then, and whoever leaves the run looks always."""
    lease = begin(database)
    database.commit(lease, commit)
    path.unlink()

    with pytest.raises(DatabaseError, match="is gone"):
        database.commit(lease, commit, Stop("completed", has_ended=True))
    with pytest.raises(DatabaseError, match="is gone"):  # noqa: PT012 - at some turn
        while True:
            database.commit(lease, commit)
