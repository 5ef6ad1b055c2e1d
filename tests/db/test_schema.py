"""Versions of the tables: an older database is brought up to date, whole or not at all."""

from __future__ import annotations

import sqlite3

import pytest

from gostage._db.opening import open_database
from gostage._db.sqlite_schema import APPLICATION, STEPS, prepare
from gostage.errors import DatabaseError
from tests.db.children import python


@pytest.fixture
def connection(tmp_path):
    """A connection to an empty file."""
    connection = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    yield connection
    connection.close()


def one(connection):
    """The step to version 1."""
    connection.execute("CREATE TABLE runs (id TEXT)")
    connection.execute("INSERT INTO runs VALUES ('a'), ('b')")


def two(connection):
    """The step to version 2."""
    connection.execute("ALTER TABLE runs ADD COLUMN title TEXT")
    connection.execute("UPDATE runs SET title = upper(id)")


def three(connection):
    """The step to version 3."""
    connection.execute("CREATE INDEX runs_title ON runs (title)")


def failing(connection):
    """A step that begins and does not end."""
    connection.execute("DELETE FROM runs")
    raise ZeroDivisionError


def version(connection):
    """The version in the file."""
    return connection.execute("PRAGMA user_version").fetchone()[0]


@pytest.mark.parametrize("known", [1, 2, 3])
def test_an_older_database_is_brought_up_to_date(known, connection):
    """Step by step from wherever it is; its rows stay."""
    steps = (one, two, three)
    prepare(connection, "runs.db", steps[:known])

    prepare(connection, "runs.db", steps)

    assert version(connection) == 3
    assert connection.execute("SELECT * FROM runs").fetchall() == [("a", "A"), ("b", "B")]
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)


def test_a_database_that_is_up_to_date_is_not_written(connection):
    """Or opening one would wait for whoever writes."""
    prepare(connection, "runs.db", (one,))
    before = connection.total_changes

    prepare(connection, "runs.db", (one,))

    assert connection.total_changes == before


def test_a_step_that_fails_leaves_the_database_as_it_was(connection):
    """All steps are one transaction."""
    prepare(connection, "runs.db", (one,))

    with pytest.raises(ZeroDivisionError):
        prepare(connection, "runs.db", (one, two, failing))

    assert version(connection) == 1
    assert connection.execute("SELECT * FROM runs").fetchall() == [("a",), ("b",)]
    assert not connection.in_transaction


def test_a_newer_database_is_refused(connection):
    """By the older code, which says what it knows."""
    prepare(connection, "runs.db", (one, two))

    with pytest.raises(DatabaseError, match=r"has schema 2, and .* knows those up to 1") as caught:
        prepare(connection, "runs.db", (one,))

    assert "upgrade" in caught.value.hint
    assert version(connection) == 2


def test_a_new_database_has_the_newest_version(tmp_path):
    """And says whose it is."""
    open_database(tmp_path / "runs.db").close()

    connection = sqlite3.connect(tmp_path / "runs.db")
    assert version(connection) == len(STEPS)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    connection.close()


def test_many_processes_open_a_new_database_at_once(tmp_path):
    """Each finds it whole, and only one makes the tables."""
    code = """
    from multiprocessing import get_context
    def work(number):
        database = open_database(sys.argv[1])
        begin(database, f"r{number}")
        database.close()
    with get_context("fork").Pool(8) as pool:
        pool.map(work, range(32), chunksize=1)
    database = open_database(sys.argv[1])
    print(database.counts(), database.check())
    """
    assert python(code, tmp_path / "runs.db") == "{'running': 32} []"
