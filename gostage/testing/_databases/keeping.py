"""The contract of databases about keeping: what goes leaves nothing behind, the rest stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from gostage._db.protocol import Commit, Item, Listing, Plan, Stop
from gostage.errors import DatabaseError
from gostage.testing._databases.samples import (
    Contract,
    always,
    begin,
    leave,
    look,
    never,
    new_run,
    take,
)

if TYPE_CHECKING:
    from pathlib import Path

    from gostage._db.protocol import Database

FULL: Final = Commit(
    at=2.0,
    position_json="[2]",
    written=[(0, "a"), (1, "b")],
    items=[Item(0, "s", "done", 0, "[]")],
)
"""A commit of which something is kept everywhere."""


# A test suite is made of asserts.
# ruff: noqa: S101
class KeepingContract(Contract):
    """Deleting, purging, checking, copying, closing."""

    def test_a_run_that_is_deleted_leaves_nothing_behind(self, database: Database) -> None:
        """Nor is its plan kept, unless another run carries it out."""
        lease = begin(database, tags=("x",))
        leave(database, "s", tags=("x",))
        database.commit(lease, FULL)
        database.signal("r", "go", "{}", 3.0)
        before = look(database)

        assert database.delete("r", always) == before

        _assert_nothing_of(database)
        assert [row.run_id for row in database.runs(Listing(tag="x"))] == ["s"]
        assert database.plan("digest") is not None
        database.delete("s", always)
        assert database.plan("digest") is None
        assert database.counts() == {}
        assert list(database.check()) == []

    def test_a_run_that_is_not_free_is_not_deleted(self, database: Database) -> None:
        """Its row is given as it is."""
        lease = begin(database)

        assert database.delete("r", never) == look(database)

        assert database.commit(lease, Commit(at=2.0)) == 2

    def test_a_run_that_is_not_there_is_not_deleted(self, database: Database) -> None:
        """There is no row."""
        assert database.delete("r", always) is None

    def test_an_id_is_free_again_after_its_run(self, database: Database) -> None:
        """The new run has nothing of the old one."""
        database.commit(begin(database, tags=("x",)), FULL)
        database.signal("r", "go", "{}", 3.0)
        database.delete("r", always)

        leave(database)

        stored = database.stored("r")
        assert stored is not None
        assert (stored.seq, stored.entries, stored.items) == (1, [], [])
        assert list(stored.signals) == []
        assert len(database.log("r")) == 1
        assert list(database.runs(Listing(tag="x"))) == []

    # ---------------------------------------------------------------- purging

    def test_runs_that_ended_long_ago_are_purged(self, database: Database) -> None:
        """Not those that ended since, and not those that have not ended, however old."""
        for run_id, at in (("a", 10.0), ("b", 20.0), ("c", 30.0)):
            lease = begin(database, run_id, tags=("x",), plan=Plan(run_id, "{}"))
            database.commit(lease, FULL)
            database.commit(lease, Commit(at=at), Stop("completed", has_ended=True))
        leave(database, "waits")
        begin(database, "goes on")

        assert database.purge(20.0, 100) == 1

        assert sorted(database.ids("", 100)) == ["b", "c", "goes on", "waits"]
        _assert_nothing_of(database, "a")
        assert (database.plan("a"), database.plan("b")) == (None, "{}")
        assert list(database.check()) == []

    def test_a_purge_takes_no_more_than_it_is_told(self, database: Database) -> None:
        """The oldest first; it is called until nothing is left."""
        for number in range(7):
            lease = begin(database, f"r{number}")
            database.commit(lease, Commit(at=10.0 - number), Stop("failed", has_ended=True))

        assert database.purge(100.0, 3) == 3
        assert sorted(database.ids("", 100)) == ["r0", "r1", "r2", "r3"]
        assert [database.purge(100.0, 3) for _ in range(3)] == [3, 1, 0]

    def test_a_run_that_goes_on_again_is_not_purged(self, database: Database) -> None:
        """Somebody has resumed it."""
        database.commit(begin(database), Commit(at=2.0), Stop("failed", has_ended=True))
        take(database)

        assert database.purge(100.0, 10) == 0
        assert look(database).held is not None

    # ---------------------------------------------------------------- the whole

    def test_a_sound_database_has_nothing_to_complain_about(self, database: Database) -> None:
        """Whatever has been done with it."""
        lease = begin(database, "a", tags=("x", "y"))
        database.commit(lease, FULL)
        database.commit(lease, Commit(at=3.0, left=[1], erased=[(0, "a")], dropped=[(0, "s")]))
        database.signal("a", "go", "{}", 3.0)
        database.ask_to_stop("a", 3.0)
        database.release(lease, Stop("waiting", due=9.0))
        take(database, "a")
        leave(database, "b")
        database.delete("b", always)

        assert list(database.check()) == []

    def test_a_backup_takes_the_place_of_nothing(self, database: Database, tmp_path: Path) -> None:
        """A file that is there is refused, and left as it is."""
        taken = tmp_path / "backup"
        taken.write_text("precious")

        with pytest.raises(DatabaseError, match="backup") as caught:
            database.backup(taken)

        assert caught.value.hint
        assert taken.read_text() == "precious"

    def test_a_backup_is_one_new_file(self, database: Database, tmp_path: Path) -> None:
        """Nothing else is left in its folder."""
        folder = tmp_path / "backups"
        folder.mkdir()
        begin(database)

        database.backup(str(folder / "backup"))

        assert [each.name for each in folder.iterdir()] == ["backup"]

    def test_what_is_committed_is_there_when_it_is_opened_again(
        self, database: Database, other: Database
    ) -> None:
        """All of it, as it was."""
        lease = begin(database, tags=("x",))
        database.commit(lease, FULL)

        assert other.find("r") == database.find("r")
        assert other.stored("r") == database.stored("r")
        assert other.log("r") == database.log("r")
        assert other.plan("digest") == database.plan("digest")
        assert other.url == database.url

    def test_a_database_that_is_closed_says_so(self, database: Database) -> None:
        """Closing it twice is no mistake."""
        begin(database)
        database.close()
        database.close()

        with pytest.raises(DatabaseError, match="closed"):
            database.find("r")
        with pytest.raises(DatabaseError, match="closed"):
            database.create(new_run("s"), Commit(at=1.0), None, 0.0)


def _assert_nothing_of(database: Database, run_id: str = "r") -> None:
    assert database.find(run_id) is None
    assert database.stored(run_id) is None
    assert list(database.log(run_id)) == []
    assert list(database.items(run_id, 99)) == []
    assert list(database.inbox([(run_id, 0)])) == []
    assert run_id not in database.ids("", 1_000)
    assert not database.signal(run_id, "go", "{}", 1.0)
