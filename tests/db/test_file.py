"""The file of a database: what is not ours is refused, and what happens to it is noticed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import ExitStack

import pytest

from gostage._db import sqlite_file
from gostage._db.opening import open_database
from gostage._db.protocol import Commit, Listing
from gostage.errors import DatabaseError
from gostage.testing._databases.samples import begin, look
from tests.db.children import started


@pytest.fixture
def path(tmp_path):
    """Where the database is."""
    return tmp_path / "runs.db"


@pytest.fixture
def database(path):
    """An open database in that file."""
    database = open_database(path)
    yield database
    database.close()


def write_sqlite(path, *statements):
    """Make an SQLite file by hand."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


# -------------------------------------------------------------------- what is not ours


@pytest.mark.parametrize(
    "content", [b"hello", b"hello world, this is no database\n" * 500], ids=["short", "long"]
)
def test_a_file_of_another_kind_is_refused_and_left_as_it_is(content, path, tmp_path):
    """Whatever its name says."""
    path.write_bytes(content)

    with pytest.raises(DatabaseError, match=r"runs.db' is not an SQLite database"):
        open_database(path)

    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE theirs (x)"],
        ["CREATE TABLE theirs (x)", "PRAGMA journal_mode = WAL"],
        ["PRAGMA application_id = 7"],
        ["PRAGMA user_version = 1"],
    ],
    ids=["a table", "a table and a log", "their mark", "their version"],
)
def test_a_database_of_another_program_is_refused_and_left_as_it_is(statements, path, tmp_path):
    """Also if nothing is in it yet."""
    write_sqlite(path, *statements)
    before = path.read_bytes()

    with pytest.raises(DatabaseError, match="database of another program") as caught:
        open_database(path)

    assert "left as it is" in caught.value.hint
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_newer_database_is_refused_and_left_as_it_is(path):
    """Nobody knows what is in it."""
    open_database(path).close()
    write_sqlite(path, "PRAGMA user_version = 99")
    before = path.read_bytes()

    with pytest.raises(DatabaseError, match="schema 99") as caught:
        open_database(path)

    assert "upgrade gostage" in caught.value.hint
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_database(path):
    """As if it had not been there."""
    path.touch()
    database = open_database(path)

    assert list(database.runs(Listing())) == []
    assert list(database.check()) == []

    database.close()


def test_a_folder_is_no_database(tmp_path):
    """The message names it."""
    with pytest.raises(DatabaseError, match="is a folder") as caught:
        open_database(tmp_path)

    assert "runs.db" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_explained(path):
    """A file stands where it would be."""
    path.touch()

    with pytest.raises(DatabaseError, match="cannot be made: Not a directory") as caught:
        open_database(path / "sub" / "runs.db")

    assert caught.value.hint


def test_a_network_file_system_is_refused_unless_one_insists(path, tmp_path, monkeypatch):
    """Where locks may not hold, runs would be damaged."""
    table = tmp_path / "mounts"
    table.write_text(f"1 0 0:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / {tmp_path} rw - nfs4 h:/ rw")
    monkeypatch.setattr(sqlite_file, "MOUNTS", str(table))

    with pytest.raises(DatabaseError, match=r"on a network file system \(nfs4\)") as caught:
        open_database(path)

    assert "network=yes" in caught.value.hint
    assert not path.exists()
    insisting = open_database(f"sqlite:///{path}?network=yes")
    assert "network=yes" in insisting.url
    insisting.close()


def test_a_system_without_a_table_of_mounts_refuses_nothing(path, tmp_path, monkeypatch):
    """It cannot be told there."""
    monkeypatch.setattr(sqlite_file, "MOUNTS", str(tmp_path / "none"))

    open_database(path).close()

    assert path.exists()


# -------------------------------------------------------------------- what happens to it


def test_a_file_that_is_deleted_is_missed_at_once(database, path):
    """By whoever writes or reads, and no new file takes its place."""
    lease = begin(database)
    path.unlink()

    for attempt in (
        lambda: database.commit(lease, Commit(at=2.0)),
        lambda: database.find("r"),
        database.news,
    ):
        with pytest.raises(DatabaseError, match=r"runs.db' is gone since it was opened") as caught:
            attempt()
        assert caught.value.hint
    assert not path.exists()


def test_a_file_that_comes_back_goes_on(database, path, tmp_path):
    """With everything that was committed."""
    lease = begin(database)
    path.rename(tmp_path / "aside")
    with pytest.raises(DatabaseError, match="is gone"):
        database.commit(lease, Commit(at=2.0))

    (tmp_path / "aside").rename(path)

    assert database.commit(lease, Commit(at=3.0)) == 2
    assert look(database).seq == 2


def test_a_file_that_is_replaced_is_not_written(database, path, tmp_path):
    """It is another database, however much it looks like this one."""
    lease = begin(database)
    another = open_database(tmp_path / "another.db")
    another.close()
    (tmp_path / "another.db").rename(path)
    before = path.read_bytes()

    with pytest.raises(DatabaseError, match="was replaced by another file") as caught:
        database.commit(lease, Commit(at=2.0))

    assert "-wal" in caught.value.hint
    database.close()
    assert path.read_bytes() == before


def test_a_folder_that_is_deleted_is_missed(tmp_path):
    """Nothing is made in its place."""
    folder = tmp_path / "sub"
    database = open_database(folder / "runs.db")
    lease = begin(database)
    shutil.rmtree(folder)

    with pytest.raises(DatabaseError, match="is gone"):
        database.commit(lease, Commit(at=2.0))

    database.close()
    assert not folder.exists()


def test_a_link_leads_to_the_same_database(database, path, tmp_path):
    """The log of its commits is beside the file, not beside the link."""
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "link.db"
    link.symlink_to(path)
    through = open_database(link)
    begin(through)

    assert look(database).run_id == "r"
    assert list(link.parent.iterdir()) == [link]
    assert through.url == database.url
    through.close()


def test_the_last_one_out_leaves_one_file(path, tmp_path):
    """What stood in the log is in the file."""
    first, second = open_database(path), open_database(path)
    begin(first)
    first.close()
    assert len(list(tmp_path.iterdir())) > 1
    second.close()

    assert list(tmp_path.iterdir()) == [path]


READ = """
database = open_database(sys.argv[1])
print("reads", flush=True)
while True:
    database.log("r", limit=100)
"""


@pytest.mark.slow
def test_the_log_does_not_grow_without_end(path):
    """Readers that are always there cannot keep it from being used again."""
    database = open_database(f"sqlite:///{path}?synchronous=normal")
    lease = begin(database)
    largest = 0
    with ExitStack() as stack:
        for _ in range(4):
            reader = stack.enter_context(started(READ, path))
            assert reader.stdout.readline() == "reads\n"
        for _ in range(1_500):
            database.commit(lease, Commit(at=2.0, changes_json="x" * 20_000))
            largest = max(largest, (path.parent / "runs.db-wal").stat().st_size)

    assert largest < 25_000_000
    database.close()
