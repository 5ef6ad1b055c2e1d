"""Disks that are full, files that cannot be written, pages that are damaged: nothing is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gostage._db.opening import open_database
from gostage._db.protocol import Commit, Listing
from gostage._db.sqlite_errors import explained
from gostage.errors import DatabaseError
from gostage.testing._databases.samples import begin, look
from tests.db.children import python

TEXT = "x" * 10_000

# Without capabilities even root obeys the permissions of files.
HUMBLE = """
import ctypes
def humble():
    if os.geteuid() == 0:
        header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        assert ctypes.CDLL(None).capset(header, data) == 0
"""

FILL = """
database = open_database(sys.argv[1])
lease = begin(database)
number = 1
try:
    while True:
        number = database.commit(lease, Commit(2.0, changes_json="x" * 10_000, written=[(0, "k")]))
except DatabaseError as error:
    print(error)
    print(error.hint)
for _ in range(3):
    try:
        database.commit(lease, Commit(2.0, changes_json="x" * 100_000))
    except DatabaseError:
        pass
print(number, database.find("r").seq, len(database.log("r")), database.check())
"""


@pytest.fixture
def path(tmp_path):
    """Where the database is."""
    return tmp_path / "runs.db"


# -------------------------------------------------------------------- no room


def test_a_full_database_keeps_what_was_committed(path):
    """The commit that did not fit is not there at all, and room is all that is missing."""
    database = open_database(path)
    lease = begin(database)
    connection = database._here().writing._connection
    connection.execute("PRAGMA max_page_count = 60")
    number = 1
    with pytest.raises(DatabaseError, match="no room left") as caught:  # noqa: PT012 - at some turn
        while True:
            number = database.commit(lease, Commit(2.0, changes_json=TEXT, written=[(0, "k")]))

    assert "make room" in caught.value.hint
    assert look(database).seq == number
    assert database.stored("r").entries == [(0, "k", number)]
    assert list(database.check()) == []

    connection.execute("PRAGMA max_page_count = 6000")
    assert database.commit(lease, Commit(300.0, changes_json=TEXT)) == number + 1
    database.close()


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a disk of its own")
def test_a_full_disk_keeps_what_was_committed(tmp_path):
    """A real one, of two megabytes; with room again the run goes on."""
    script = tmp_path / "script.py"
    more = """
    os.unlink("/mnt/filler")
    print(database.commit(lease, Commit(3.0)), database.check())
    database.close()
    print(open_database(sys.argv[1]).find("r").seq)
    """
    from tests.db.children import BEGINNING

    script.write_text(BEGINNING + FILL + "\n".join(line[4:] for line in more.splitlines()))
    mount = "mount -t tmpfs -o size=2m tmpfs /mnt"
    fill = "head -c 300000 /dev/zero > /mnt/filler"
    words = f'{mount} || exit 77; {fill}; exec "$0" "$1" /mnt/runs.db'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", words, sys.executable, str(script)],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    if done.returncode in {1, 77} and "Traceback" not in done.stderr:
        pytest.skip(f"no disk of its own here: {done.stderr.strip()}")

    message, hint, kept, after, again = done.stdout.splitlines()
    assert message == "there is no room left for the database '/mnt/runs.db'"
    assert "make room" in hint
    number = int(kept.split()[0])
    assert number > 50
    assert kept == f"{number} {number} {number} []"
    assert after == f"{number + 1} []"
    assert again == str(number + 1)


def test_a_file_that_may_not_grow_keeps_what_was_committed(path):
    """By the limits of the process: to the database, the disk has failed."""
    limit = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    """
    out = python("\n".join(line[4:] for line in limit.splitlines()) + FILL, path)

    message, hint, kept = out.splitlines()
    assert message == f"the disk failed under the database '{path}'"
    assert "still there" in hint
    number = int(kept.split()[0])
    assert kept == f"{number} {number} {number} []"
    database = open_database(path)
    assert look(database).seq == number
    database.close()


# -------------------------------------------------------------------- no right


@pytest.mark.parametrize(
    ("file", "folder", "can_read", "message"),
    [
        (0o444, 0o755, True, "cannot be written"),
        (0o644, 0o555, False, "cannot be written"),
        (0o444, 0o555, False, "cannot be written"),
        (0o000, 0o755, False, "cannot be opened"),
        (0o644, 0o000, False, "cannot be opened"),
    ],
    ids=["file", "folder", "both", "file unreadable", "folder unreadable"],
)
def test_a_database_that_cannot_be_written_says_so(file, folder, can_read, message, tmp_path):
    """What is in it can be read where it is allowed to, and stays as it is."""
    home = tmp_path / "home"
    path = home / "runs.db"
    database = open_database(path)
    begin(database)
    database.close()
    before = path.read_bytes()
    path.chmod(file)
    home.chmod(folder)
    code = """
    humble()
    try:
        database = open_database(sys.argv[1])
        print(database.find("r").run_id)
        begin(database, "s")
    except DatabaseError as error:
        print(error)
        print(error.hint)
    """
    code = HUMBLE + "\n".join(line[4:] for line in code.splitlines())
    try:
        *read, said, hint = python(code, path).splitlines()
    finally:
        home.chmod(0o755)
        path.chmod(0o644)

    assert read == (["r"] if can_read else [])
    assert said == f"the database '{path}' {message}"
    assert "this user" in hint
    assert path.read_bytes() == before


def test_a_new_database_in_a_folder_that_cannot_be_written(tmp_path):
    """Nothing is made, not even a part of it."""
    tmp_path.chmod(0o555)
    code = """
    humble()
    for name in ("runs.db", "sub/runs.db"):
        try:
            open_database(sys.argv[1] + "/" + name)
        except DatabaseError as error:
            print(error)
    """
    try:
        out = python(HUMBLE + "\n".join(line[4:] for line in code.splitlines()), tmp_path)
    finally:
        tmp_path.chmod(0o755)

    file, folder = out.splitlines()
    assert file == f"the database '{tmp_path}/runs.db' cannot be opened"
    assert folder.endswith("cannot be made: Permission denied")
    assert list(tmp_path.iterdir()) == []


# -------------------------------------------------------------------- damage


@pytest.fixture
def damaged(path):
    """A database of many pages, some of them overwritten."""
    database = open_database(path)
    lease = begin(database)
    for at in range(2, 200):
        database.commit(lease, Commit(float(at), changes_json=TEXT, written=[(0, f"k{at}")]))
    database.close()
    pages = bytearray(path.read_bytes())
    for page in range(30, 200, 10):
        pages[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(pages)
    return path


def test_damaged_pages_are_found(damaged):
    """Each is a sentence."""
    database = open_database(damaged)

    found = database.check()

    assert len(found) > 3
    assert all(text.startswith("the file is damaged: ") for text in found)
    assert not any("\n" in text or "***" in text for text in found)
    database.close()


def test_reading_damaged_pages_says_what_is_wrong(damaged):
    """Instead of giving what is not true; what is not damaged can be read."""
    database = open_database(damaged)

    with pytest.raises(DatabaseError, match=r"runs.db' is damaged") as caught:
        database.log("r")

    assert "backup" in caught.value.hint
    assert [row.run_id for row in database.runs(Listing())] == ["r"]
    database.close()


@pytest.mark.parametrize("size", [50, 5_000, 40_960, 500_000])
def test_a_file_that_was_cut_off_is_damaged(size, path):
    """Wherever."""
    database = open_database(path)
    lease = begin(database)
    for at in range(2, 100):
        database.commit(lease, Commit(float(at), changes_json=TEXT))
    database.close()
    os.truncate(path, size)

    with pytest.raises(DatabaseError, match=r"is damaged|is not an SQLite database"):
        _use_all(path)


def _use_all(path):
    database = open_database(path)
    try:
        database.log("r")
        if found := database.check():
            raise DatabaseError(found[0])
    finally:
        database.close()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DELETE FROM plans", "run 'r' has no plan"),
        ("DELETE FROM log", "run 'r' has no commit"),
        ("UPDATE entries SET seq = 7", "run 'r' has the key 'k' from commit 7, which is not there"),
        (
            "UPDATE entries SET run = 9",
            "run '#9' has the key 'k' from commit 1, which is not there",
        ),
        ("UPDATE items SET run = 9", "there are items of run #9, which is not there"),
        ("INSERT INTO log VALUES (9 << 32 | 1, 1, '', '', '')", "commits of run #9"),
        ("UPDATE signals SET run = 9", "there are signals for run #9, which is not there"),
        ("UPDATE tags SET run = 9", "there are tags of run #9, which is not there"),
        ("UPDATE leases SET id = 'x'", "somebody holds run 'x', which is not there"),
        ("DELETE FROM leases", "run 'r' is running, and nobody holds it"),
        ("UPDATE counts SET n = 5", "the number of runs with the status 'running' is wrong"),
    ],
)
def test_what_does_not_fit_together_is_found(statement, sentence, path):
    """In the tables of a file that is sound."""
    from gostage._db.protocol import Item

    database = open_database(path)
    first = Commit(1.0, "[]", written=[(0, "k")], items=[Item(0, "s", "done", 0, "[]")])
    begin(database, tags=("x",), first=first)
    database.signal("r", "go", "{}", 1.0)
    assert list(database.check()) == []
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()

    assert any(sentence in each for each in database.check())
    database.close()


# -------------------------------------------------------------------- what else may happen


def test_an_error_nobody_has_thought_of_keeps_its_words():
    """And says how to look."""
    error = explained(sqlite3.OperationalError("no such function: magic"), "runs.db")

    assert str(error) == "the database 'runs.db' failed: no such function: magic"
    assert "integrity_check" in error.hint


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the limit cannot be lowered")
def test_a_text_that_is_too_large_is_refused_and_nothing_is_written(path):
    """The run goes on."""
    database = open_database(path)
    lease = begin(database)
    database._here().writing._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000)

    with pytest.raises(DatabaseError, match="a value is too large") as caught:
        database.commit(lease, Commit(2.0, changes_json="x" * 2_000_000))

    assert "files" in caught.value.hint
    assert database.commit(lease, Commit(2.0)) == 2
    database.close()


@pytest.mark.parametrize("url", ["sqlite://", "{path}"], ids=["memory", "file"])
def test_a_text_that_is_not_unicode_is_explained(url, path):
    """Whether it is written or looked for."""
    database = open_database(url.format(path=path))
    lease = begin(database)

    for attempt in (
        lambda: database.find("\udcff"),
        lambda: database.commit(lease, Commit(2.0, events_json="\udcff")),
    ):
        with pytest.raises(DatabaseError, match="is not Unicode"):
            attempt()
    assert database.commit(lease, Commit(2.0)) == 2
    database.close()


def test_the_files_of_a_database_are_for_its_owner_to_share(path):
    """They are made with the permissions that the process gives its files."""
    before = os.umask(0o077)
    try:
        database = open_database(path)
        begin(database)
        modes = {each.name: each.stat().st_mode & 0o777 for each in Path(path).parent.iterdir()}
    finally:
        os.umask(before)
    database.close()

    assert set(modes.values()) == {0o600}
