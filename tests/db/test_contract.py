"""The contract of databases, kept by SQLite: in a file, and in memory."""

from __future__ import annotations

import pytest

from gostage._db import sqlite_reading
from gostage._db.opening import open_database
from gostage.testing import DatabaseContract
from gostage.testing._databases.commits import CommitContract
from gostage.testing._databases.looking import LookingContract


class TestFile(DatabaseContract):
    """One file, opened as often as needed."""

    LONG = 300

    @pytest.fixture
    def database(self, tmp_path):
        database = open_database(tmp_path / "runs.db")
        yield database
        database.close()

    @pytest.fixture
    def reopen(self, database):
        return lambda: open_database(database.url)


class TestFileThatTrustsThePower(CommitContract):
    """The same with less care about the loss of power; only what commits do differs."""

    LONG = 20_000

    @pytest.fixture
    def database(self, tmp_path):
        database = open_database(f"sqlite:///{tmp_path}/runs.db?synchronous=normal")
        yield database
        database.close()

    @pytest.fixture
    def reopen(self, database):
        return lambda: open_database(database.url)


class TestMemoryWithManyRuns(LookingContract):
    """Lists walk along other indexes where many runs have a status."""

    @pytest.fixture
    def database(self, monkeypatch):
        monkeypatch.setattr(sqlite_reading, "_FEW", -1)
        database = open_database("sqlite://")
        yield database
        database.close()


class TestMemory(DatabaseContract):
    """Nothing but this process."""

    LONG = 100_000

    @pytest.fixture
    def database(self):
        database = open_database("sqlite://")
        yield database
        database.close()
