"""Waiting for others: for as long as it takes, and not for ever."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._db.protocol import Commit
from gostage._db.sqlite import SQLite
from gostage._db.sqlite_patience import longest_pause, patiently
from gostage.errors import DatabaseError
from gostage.testing._databases.samples import begin, leave, look
from tests.db.children import started


class Busy:
    """An attempt that succeeds after some others."""

    def __init__(self, failures, message="database is locked"):
        self.failures = failures
        self.message = message

    def __call__(self):
        self.failures -= 1
        if self.failures >= 0:
            raise sqlite3.OperationalError(self.message)
        return "done"


@pytest.mark.parametrize("failures", [0, 1, 5])
def test_an_attempt_is_made_until_it_succeeds(failures):
    """However often somebody is in the way."""
    assert patiently(Busy(failures), 60.0) == "done"


def test_patience_ends():
    """With the error of the last attempt."""
    with pytest.raises(sqlite3.OperationalError, match="is locked"):
        patiently(Busy(1_000_000), 0.05)


def test_what_will_not_pass_is_not_waited_for():
    """Only somebody in the way is a reason to try again."""
    attempt = Busy(1, "no such table: runs")

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        patiently(attempt, 60.0)

    assert attempt.failures == 0


@given(st.integers(0, 10_000), st.floats(0, 10_000))
def test_pauses_are_never_long_and_never_none(tries, waited):
    """Nobody sleeps through the end of a transaction, and nobody asks all the time."""
    assert 0.0005 <= longest_pause(tries, waited) <= 0.02


def test_those_who_have_waited_ask_more_often_until_it_takes_too_long():
    """After the first moments; whoever waits for seconds waits for something that hangs."""
    pauses = [longest_pause(10, waited) for waited in (0.0, 0.02, 0.05)]
    later = [longest_pause(10, waited) for waited in (0.3, 0.5, 10.0)]

    assert pauses == sorted(pauses, reverse=True)
    assert later == sorted(later)
    assert longest_pause(0, 0.0) < longest_pause(10, 0.0)


# -------------------------------------------------------------------- another process writes

HOLD = """
import sqlite3
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("holds", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


def test_a_database_that_somebody_holds_too_long_is_explained(tmp_path):
    """No word of locks; reading goes on, and so does writing afterwards."""
    database = SQLite(tmp_path / "runs.db", patience=0.1)
    lease = begin(database)
    seen = database.news()
    with started(HOLD, tmp_path / "runs.db") as child:
        assert child.stdout.readline() == "holds\n"

        with pytest.raises(DatabaseError, match="another process is writing") as caught:
            database.commit(lease, Commit(at=2.0))

        assert str(tmp_path / "runs.db") in str(caught.value)
        assert "lsof" in caught.value.hint
        assert look(database).seq == 1
        assert database.news() == seen
    assert database.commit(lease, Commit(at=2.0)) == 2
    database.close()


def test_a_database_that_somebody_holds_is_waited_for(tmp_path):
    """Until it is free."""
    database = SQLite(tmp_path / "runs.db")
    with started(HOLD, tmp_path / "runs.db") as child:
        assert child.stdout.readline() == "holds\n"
        child.stdin.write("go\n")
        child.stdin.flush()

        leave(database)

    assert look(database).status == "pending"
    database.close()


def test_a_database_that_somebody_holds_can_be_opened(tmp_path):
    """And read, also for the first time."""
    SQLite(tmp_path / "runs.db").close()
    with started(HOLD, tmp_path / "runs.db") as child:
        assert child.stdout.readline() == "holds\n"

        database = SQLite(tmp_path / "runs.db", patience=0.1)

        assert database.counts() == {}
        database.close()
