"""Copies of a database: whole, sound, and of one moment, while others go on."""

from __future__ import annotations

import os
import threading

import pytest

from gostage._db.opening import open_database
from gostage._db.protocol import Commit
from gostage.errors import DatabaseError
from gostage.testing._databases.samples import begin, look
from tests.db.test_trouble import TEXT


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_copy_is_the_same_database(kind, tmp_path):
    """It opens, is sound, and has what was committed until then."""
    database = open_database("sqlite://" if kind == "memory" else tmp_path / "runs.db")
    lease = begin(database, tags=("x",))
    for at in range(2, 50):
        database.commit(lease, Commit(float(at), changes_json=TEXT, written=[(0, f"k{at}")]))

    database.backup(tmp_path / "copy.db")

    database.commit(lease, Commit(60.0))
    copy = open_database(tmp_path / "copy.db")
    assert look(copy).seq == 49
    assert copy.stored("r").changes == database.stored("r").changes
    assert list(copy.check()) == []
    copy.close()
    database.close()


def test_a_copy_is_made_while_others_write(tmp_path):
    """It is that of one moment: no commit is in it by half."""
    database = open_database(f"sqlite:///{tmp_path}/runs.db?synchronous=normal")
    lease = begin(database)
    is_over = threading.Event()

    def write():
        while not is_over.is_set():
            database.commit(lease, Commit(2.0, changes_json=TEXT, written=[(0, "k")]))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            database.backup(tmp_path / f"copy{number}.db")
    finally:
        is_over.set()
        thread.join()

    seqs = []
    for number in range(5):
        copy = open_database(tmp_path / f"copy{number}.db")
        assert list(copy.check()) == []
        seqs.append(look(copy).seq)
        assert len(copy.log("r")) == seqs[-1]
        copy.close()
    assert seqs == sorted(seqs)
    database.close()


def test_a_copy_to_a_folder_that_is_not_there_is_explained(tmp_path):
    """Nothing is made."""
    database = open_database(tmp_path / "runs.db")

    with pytest.raises(DatabaseError, match=r"none/copy.db' cannot be written|cannot be opened"):
        database.backup(tmp_path / "none" / "copy.db")

    assert not (tmp_path / "none").exists()
    database.close()


def test_a_copy_that_another_process_makes_first_is_left_alone(tmp_path, monkeypatch):
    """Also if its file appears at the last moment."""
    database = open_database(tmp_path / "runs.db")
    link = os.link

    def late(source, target):
        target.write_text("precious")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(DatabaseError, match="is there already"):
        database.backup(tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_text() == "precious"
    assert len(list(tmp_path.glob("*copy*"))) == 1
    database.close()


def test_a_copy_where_files_have_one_name_only(tmp_path, monkeypatch):
    """Some file systems know no links."""
    database = open_database(tmp_path / "runs.db")
    begin(database)

    def none(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    database.backup(tmp_path / "copy.db")

    copy = open_database(tmp_path / "copy.db")
    assert look(copy).run_id == "r"
    copy.close()
    database.close()
