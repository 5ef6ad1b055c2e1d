"""The contract of databases about looking: lists are in order, whole, and no longer than asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from gostage._db.protocol import Commit, Listing, Stop
from gostage.testing._databases.samples import (
    LATER,
    ME,
    Contract,
    always,
    begin,
    leave,
    look,
    new_run,
    take,
)

if TYPE_CHECKING:
    from gostage._db.protocol import Database

FILTERS: Final = {
    "all": (Listing(), "lkjihgfedcba"),
    "one status": (Listing(statuses=("waiting",)), "kheb"),
    "two statuses": (Listing(statuses=("waiting", "failed")), "lkihfecb"),
    "a status twice": (Listing(statuses=("waiting", "waiting")), "kheb"),
    "a status of nobody": (Listing(statuses=("blocked",)), ""),
    "a workflow": (Listing(workflow="odd"), "kigeca"),
    "a workflow of nobody": (Listing(workflow="o"), ""),
    "a tag": (Listing(tag="fourth"), "lhd"),
    "a tag of nobody": (Listing(tag="four"), ""),
    "a workflow and a status": (Listing(statuses=("waiting",), workflow="odd"), "ke"),
    "a workflow and statuses": (Listing(statuses=("waiting", "failed"), workflow="odd"), "kiec"),
    "a tag and a status": (Listing(statuses=("waiting",), tag="fourth"), "h"),
    "a tag and a workflow": (Listing(workflow="odd", tag="fifth"), "e"),
    "all three": (Listing(statuses=("waiting", "failed"), workflow="even", tag="fourth"), "lh"),
}
STATUSES: Final = ("pending", "waiting", "failed")


# A test suite is made of asserts.
# ruff: noqa: S101
class LookingContract(Contract):
    """Finding runs."""

    def test_a_run_that_is_not_there_is_not_found(self, database: Database) -> None:
        """Neither it nor anything of it."""
        assert database.find("r") is None
        assert database.stored("r") is None
        assert list(database.log("r")) == []
        assert list(database.items("r", 10)) == []

    def test_an_empty_database_answers(self, database: Database) -> None:
        """With nothing."""
        assert list(database.runs(Listing())) == []
        assert database.counts() == {}
        assert list(database.ids("", 10)) == []
        assert list(database.due(1e12, 10)) == []
        assert database.next_due() is None
        assert list(database.held()) == []

    # ---------------------------------------------------------------- lists

    @pytest.fixture
    def twelve(self, database: Database) -> Database:
        """Twelve runs, a to l, of three statuses, two workflows and two tags."""
        for number, run_id in enumerate("abcdefghijkl", start=1):
            tags = [name for name, each in (("fourth", 4), ("fifth", 5)) if number % each == 0]
            leave(
                database,
                run_id,
                status=STATUSES[(number - 1) % 3],
                workflow="odd" if number % 2 else "even",
                tags=tuple(tags),
                created=float(number),
            )
        return database

    @pytest.mark.parametrize(("listing", "expected"), FILTERS.values(), ids=FILTERS.keys())
    def test_the_runs_that_fit_are_listed_newest_first(
        self, twelve: Database, listing: Listing, expected: str
    ) -> None:
        """And no others."""
        assert _ids(twelve, listing) == list(expected)

    @pytest.mark.parametrize(("listing", "expected"), FILTERS.values(), ids=FILTERS.keys())
    @pytest.mark.parametrize("size", [1, 2, 5])
    def test_pages_follow_each_other(
        self, twelve: Database, listing: Listing, expected: str, size: int
    ) -> None:
        """Every run that fits is on one page, in order."""
        seen: list[str] = []
        for _ in range(20):
            after = seen[-1] if seen else None
            page = _ids(
                twelve,
                Listing(listing.statuses, listing.workflow, listing.tag, size, after),
            )
            assert len(page) <= size
            seen += page
            if not page:
                break

        assert seen == list(expected)

    def test_a_page_begins_after_a_run_that_would_not_fit_itself(self, twelve: Database) -> None:
        """It only says where."""
        assert _ids(twelve, Listing(statuses=("waiting",), after="g")) == ["e", "b"]

    def test_a_page_after_a_run_that_is_not_there_is_empty(self, twelve: Database) -> None:
        """Nobody knows where it would begin."""
        assert _ids(twelve, Listing(after="nobody")) == []

    def test_a_page_of_no_runs_is_empty(self, twelve: Database) -> None:
        """As asked for."""
        assert _ids(twelve, Listing(limit=0)) == []

    def test_new_runs_do_not_move_the_pages_behind(self, twelve: Database) -> None:
        """Who pages through sees no run twice."""
        first = _ids(twelve, Listing(limit=3))
        leave(twelve, "m")

        assert _ids(twelve, Listing(limit=3, after=first[-1])) == ["i", "h", "g"]

    def test_a_list_shows_rows_as_find_does(self, database: Database) -> None:
        """Held or not, due or not, ended or not."""
        begin(database, "a", tags=("x",))
        leave(database, "b", due=3.0)
        database.release(begin(database, "c"), Stop("failed", outcome_json="[]", has_ended=True))

        assert list(database.runs(Listing())) == [look(database, each) for each in "cba"]

    def test_a_list_follows_the_status_of_a_run(self, database: Database) -> None:
        """Wherever it goes."""
        lease = begin(database)
        assert _ids(database, Listing(statuses=("running",))) == ["r"]

        database.release(lease, Stop("waiting"))
        assert _ids(database, Listing(statuses=("running",))) == []
        assert _ids(database, Listing(statuses=("waiting",), workflow="w")) == ["r"]

        take(database)
        assert _ids(database, Listing(statuses=("waiting",))) == []

    # ---------------------------------------------------------------- counts

    def test_counts_follow_every_change(self, database: Database) -> None:
        """Created, taken, let go, gone."""
        leases = [begin(database, run_id) for run_id in "abc"]
        leave(database, "d", status="pending")
        assert database.counts() == {"running": 3, "pending": 1}

        database.release(leases[0], Stop("waiting"))
        database.commit(leases[1], Commit(at=2.0), Stop("completed", has_ended=True))
        assert database.counts() == {"running": 1, "pending": 1, "waiting": 1, "completed": 1}

        take(database, "a")
        database.delete("d", always)
        assert database.counts() == {"running": 2, "completed": 1}

    # ---------------------------------------------------------------- ids

    def test_ids_are_found_by_how_they_begin(self, database: Database) -> None:
        """Newest first, and whatever they hold; no letter means anything else."""
        for run_id in ("ab1", "ab2", "a%b", "a_b", "AB3", "abé", "ab😀"):
            leave(database, run_id)

        assert list(database.ids("ab", 10)) == ["ab😀", "abé", "ab2", "ab1"]
        assert list(database.ids("ab", 2)) == ["ab😀", "abé"]
        assert list(database.ids("a%", 10)) == ["a%b"]
        assert list(database.ids("a_", 10)) == ["a_b"]
        assert list(database.ids("abé", 10)) == ["abé"]
        assert len(database.ids("", 10)) == 7
        assert list(database.ids("nobody", 10)) == []

    # ---------------------------------------------------------------- who is due

    def test_the_earliest_is_due_first(self, database: Database) -> None:
        """Only those whose time has come, and not more than asked for."""
        for run_id, due in (("a", 30.0), ("b", 10.0), ("c", None), ("d", 20.0), ("e", 40.0)):
            leave(database, run_id, due=due)

        assert [row.run_id for row in database.due(30.0, 10)] == ["b", "d", "a"]
        assert [row.run_id for row in database.due(30.0, 2)] == ["b", "d"]
        assert list(database.due(9.0, 10)) == []
        assert database.next_due() == 10.0

    def test_a_run_that_is_taken_is_not_due(self, database: Database) -> None:
        """Whoever has it looks after it."""
        leave(database, "a", due=10.0)
        leave(database, "b", due=20.0)

        take(database, "a")

        assert [row.run_id for row in database.due(99.0, 10)] == ["b"]
        assert database.next_due() == 20.0

    def test_a_run_that_is_due_is_shown_as_it_is(self, database: Database) -> None:
        """With everything that `find` tells."""
        leave(database, due=10.0, tags=("x",))

        assert list(database.due(10.0, 1)) == [look(database)]

    # ---------------------------------------------------------------- who is held

    def test_held_runs_are_listed_dead_or_alive(self, database: Database) -> None:
        """How long the lease lasts is for others to judge."""
        database.create(new_run("a"), Commit(at=1.0), ME, until=0.0)
        database.create(new_run("b"), Commit(at=1.0), ME, LATER)
        leave(database, "c")

        assert sorted(row.run_id for row in database.held()) == ["a", "b"]
        assert {row.run_id: row for row in database.held()}["a"] == look(database, "a")


def _ids(database: Database, listing: Listing) -> list[str]:
    return [row.run_id for row in database.runs(listing)]
