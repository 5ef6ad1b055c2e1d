"""URLs of databases, and what they open."""

from __future__ import annotations

from pathlib import Path

import pytest

from gostage._db.opening import open_database, scheme_of
from gostage._db.protocol import Listing
from gostage.errors import DatabaseError
from gostage.testing._databases.samples import begin, look
from tests.db.children import python


def the_file(url):
    """Open a URL; gives the path of its file."""
    database = open_database(url)
    try:
        return database._file.path
    finally:
        database.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///runs.db",
        "SQLITE:///runs.db",
        "sqlite:////{folder}/runs.db",
        "{folder}/runs.db",
        "runs.db",
        "sqlite:///sub/../runs.db",
        "sqlite:///runs%2Edb",
    ],
)
def test_a_url_names_a_file(url, tmp_path, monkeypatch):
    """Three slashes before a path from here, four before one from the root."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()

    assert the_file(url.replace("{folder}", str(tmp_path).strip("/"))) in {
        str(tmp_path / "runs.db"),
        str(tmp_path / str(tmp_path).strip("/") / "runs.db"),
    }


def test_a_path_object_names_a_file(tmp_path):
    """As it is, with everything a URL would take for something else."""
    path = tmp_path / "a%20b?synchronous=normal#é"

    assert the_file(path) == str(path)
    assert path.exists()


def test_folders_are_made(tmp_path):
    """All that are missing."""
    open_database(tmp_path / "a" / "b" / "runs.db").close()

    assert [each.name for each in (tmp_path / "a" / "b").iterdir()] == ["runs.db"]


@pytest.mark.parametrize("name", ["runs.db", "ä b%41?c=d#e&f.db"])
def test_the_url_of_a_database_opens_it_from_anywhere(name, tmp_path):
    """In another process and folder, whatever its name holds."""
    database = open_database(tmp_path / name)
    begin(database)
    code = "print(open_database(sys.argv[1]).find('r').workflow)"

    assert python("os.chdir('/');" + code, database.url) == "w"

    database.close()


@pytest.mark.parametrize(
    ("query", "level"),
    [("", 2), ("?synchronous=full", 2), ("?synchronous=NORMAL", 1), ("?network=yes", 2)],
    ids=["by default", "full", "normal", "network"],
)
def test_how_safe_a_commit_is_can_be_said(query, level, tmp_path):
    """Safe against the loss of power unless said otherwise; the URL keeps it."""
    first = open_database(f"sqlite:///{tmp_path}/runs.db{query}")
    second = open_database(first.url)
    try:
        for database in (first, second):
            with database._here().writing as connection:
                assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
    finally:
        first.close()
        second.close()


def test_a_database_in_memory_is_its_own(tmp_path, monkeypatch):
    """Two of them know nothing of each other, and neither leaves a file."""
    monkeypatch.chdir(tmp_path)
    first, second = open_database("sqlite://"), open_database("sqlite://")
    begin(first)

    assert look(first).run_id == "r"
    assert list(second.runs(Listing())) == []
    assert first.url == "sqlite://"
    assert list(tmp_path.iterdir()) == []
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("sqlit:///runs.db", "no database of the kind 'sqlit'", "did you mean 'sqlite'"),
        ("postgresql://host/db", "of the kind 'postgresql'", "known: sqlite://"),
        ("sqlite://runs.db", "names a host", "sqlite:///runs.db"),
        ("sqlite:///runs.db?synchronos=full", "no option 'synchronos'", "'synchronous'"),
        ("sqlite:///runs.db?x=1", "no option 'x'", "known: network, synchronous"),
        ("sqlite:///runs.db?synchronous=off", "cannot be 'off'", "known: full, normal"),
    ],
)
def test_a_url_that_makes_no_sense_is_explained(url, message, hint, tmp_path, monkeypatch):
    """With what would make sense; nothing is made."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DatabaseError, match=message) as caught:
        open_database(url)

    assert hint in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_the_scheme_of_a_url_is_known_before_it_is_opened():
    """So that others can be asked about theirs first."""
    assert scheme_of("PostgreSQL+async://host/db") == "postgresql+async"
    assert scheme_of("runs.db") is None
    assert scheme_of(Path("a://b")) is None
    assert scheme_of("c:/runs.db") is None
