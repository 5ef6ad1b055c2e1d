"""The contract of databases about owners: one for each run, and who was one writes no more."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from gostage._db.protocol import Commit, Held, Item, Lease, Listing, Plan, RunRow, Stop
from gostage.errors import RunOwned
from gostage.testing._databases.samples import (
    LATER,
    ME,
    OTHER,
    PLAN,
    THREADS,
    Contract,
    always,
    at_once,
    begin,
    if_nobody_has_it,
    leave,
    look,
    never,
    new_run,
    take,
)

if TYPE_CHECKING:
    from gostage._db.protocol import Database


# A test suite is made of asserts.
# ruff: noqa: S101
class OwningContract(Contract):
    """Creating, taking, renewing, losing."""

    def test_a_new_run_is_kept_as_it_was_given(self, database: Database) -> None:
        """Every value comes back; its first commit is number 1."""
        run = new_run(tags=("nightly", "a b"), created=5.0, json='{"source": null}')

        lease = database.create(run, Commit(at=6.0, position_json="[1]"), ME, LATER)

        assert lease == Lease("r", lease.fence if lease else 0)
        assert database.find("r") == RunRow(
            run_id="r",
            workflow="w",
            tags=("nightly", "a b"),
            status="running",
            created=5.0,
            updated=6.0,
            ended=None,
            due=None,
            held=Held(ME, LATER),
            is_cancelled=False,
            plan="digest",
            json='{"source": null}',
            outcome_json=None,
            seq=1,
        )

    def test_a_new_run_without_an_owner_waits_for_one(self, database: Database) -> None:
        """It keeps its status and when it is due; nobody holds it."""
        lease = database.create(new_run(status="pending", due=7.0), Commit(at=1.0), None, LATER)

        assert lease == Lease("r", 0)
        row = look(database)
        assert (row.status, row.due, row.held, row.seq) == ("pending", 7.0, None, 1)

    def test_a_held_run_is_never_due(self, database: Database) -> None:
        """Whatever was said about it when it was created."""
        begin(database, status="pending", due=7.0)

        assert (look(database).status, look(database).due) == ("running", None)

    def test_the_lease_of_a_run_without_an_owner_is_good_for_nothing(
        self, database: Database
    ) -> None:
        """It neither writes, nor prolongs, nor lets go."""
        lease = database.create(new_run(), Commit(at=1.0), None, LATER)
        assert lease is not None

        with pytest.raises(RunOwned):
            database.commit(lease, Commit(at=2.0))
        assert list(database.renew([lease], LATER)) == [lease]
        assert not database.release(lease, Stop("completed", has_ended=True))
        assert look(database).seq == 1

    @pytest.mark.parametrize("owner", [ME, None], ids=["with an owner", "without one"])
    def test_an_id_is_used_once(self, database: Database, owner: object) -> None:
        """The second run of an id changes nothing."""
        begin(database)
        before = (look(database), database.log("r"), database.counts())
        again = new_run(workflow="another", tags=("t",), plan=Plan("second", "{}"))

        assert database.create(again, Commit(at=9.0), None if owner is None else ME, 9.0) is None

        assert (look(database), database.log("r"), database.counts()) == before
        assert database.plan("second") is None
        assert not database.runs(Listing(tag="t"))

    def test_runs_share_a_plan(self, database: Database) -> None:
        """It is found by its digest."""
        begin(database, "a")
        begin(database, "b")
        begin(database, "c", plan=Plan("another", "[2]"))

        assert database.plan("digest") == PLAN.json
        assert database.plan("another") == "[2]"
        assert database.plan("unknown") is None

    def test_the_first_commit_of_a_run_is_one_like_any_other(self, database: Database) -> None:
        """Its entries and items are where the run stands."""
        item = Item(0, "step", "done", 3, "[3]")
        first = Commit(
            at=1.0,
            position_json="[1]",
            events_json='["e"]',
            changes_json='["c"]',
            written=[(0, "key")],
            items=[item],
        )
        begin(database, first=first)

        stored = database.stored("r")
        assert stored is not None
        assert (stored.seq, stored.position_json) == (1, "[1]")
        assert [tuple(each) for each in stored.entries] == [(0, "key", 1)]
        assert [tuple(each) for each in stored.changes] == [(1, '["c"]')]
        assert list(stored.items) == [item]
        assert [each.events_json for each in database.log("r")] == ['["e"]']

    # ---------------------------------------------------------------- taking

    def test_a_run_that_is_free_is_taken(self, database: Database) -> None:
        """It is running then, and not due any more."""
        leave(database, due=3.0)

        lease = database.take("r", OTHER, LATER, if_nobody_has_it)

        assert isinstance(lease, Lease)
        row = look(database)
        assert (row.status, row.due, row.held) == ("running", None, Held(OTHER, LATER))
        assert database.commit(lease, Commit(at=2.0)) == 2

    def test_a_run_that_is_not_free_stays_with_its_owner(self, database: Database) -> None:
        """Whoever asks gets its row instead."""
        lease = begin(database)

        assert database.take("r", OTHER, LATER, if_nobody_has_it) == look(database)

        assert look(database).held == Held(ME, LATER)
        assert database.commit(lease, Commit(at=2.0)) == 2

    def test_the_question_is_asked_about_the_row_as_it_is(self, database: Database) -> None:
        """It sees who holds the run, and all else that `find` would tell."""
        begin(database)
        seen: list[RunRow] = []

        def is_free(row: RunRow) -> bool:
            seen.append(row)
            return False

        database.take("r", OTHER, LATER, is_free)

        assert seen == [look(database)]

    def test_a_run_that_is_not_there_cannot_be_taken(self, database: Database) -> None:
        """The question is not even asked."""
        assert database.take("nobody", ME, LATER, always) is None

    def test_a_question_that_fails_changes_nothing(self, database: Database) -> None:
        """Its error comes out, and the database goes on."""
        leave(database)

        def fail(row: RunRow) -> bool:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            database.take("r", ME, LATER, fail)

        assert look(database).held is None
        assert isinstance(database.take("r", ME, LATER, always), Lease)

    def test_taking_leaves_the_request_to_stop(self, database: Database) -> None:
        """The new owner is asked to stop as well."""
        begin(database)
        database.ask_to_stop("r", 2.0)

        take(database)

        assert look(database).is_cancelled

    def test_a_run_that_ended_goes_on_when_it_is_taken(self, database: Database) -> None:
        """It has not ended any more; how it left its last owner is still told."""
        lease = begin(database)
        stop = Stop("failed", outcome_json='{"error": 1}', has_ended=True)
        database.commit(lease, Commit(at=2.0), stop)

        take(database)

        row = look(database)
        assert (row.status, row.ended, row.outcome_json) == ("running", None, '{"error": 1}')

    @pytest.mark.parametrize("first", ["held at first", "free at first"])
    def test_every_owner_has_a_higher_fence(self, database: Database, first: str) -> None:
        """Also when the run was let go in between."""
        begin(database) if first == "held at first" else leave(database)
        fences = []
        for _ in range(3):
            lease = take(database)
            fences.append(lease.fence)
            database.release(lease, Stop("waiting"))
            fences.append(take(database).fence)

        assert fences == sorted(set(fences))

    def test_who_lost_a_run_writes_nothing_more(self, database: Database) -> None:
        """It can neither commit, nor let the run go, nor prolong its lease."""
        lost = begin(database)
        lease = take(database)
        before = (look(database), database.log("r"), database.stored("r"))
        commit = Commit(
            at=3.0,
            position_json="[3]",
            written=[(0, "k")],
            items=[Item(0, "s", "k", 0, "1")],
            plan=Plan("new", "{}"),
        )

        with pytest.raises(RunOwned, match="'r'") as caught:
            database.commit(lost, commit)
        with pytest.raises(RunOwned):
            database.commit(lost, commit, Stop("completed", has_ended=True))
        assert not database.release(lost, Stop("failed", has_ended=True))
        assert list(database.renew([lost, lease], LATER)) == [lost]

        assert caught.value.hint
        assert (look(database), database.log("r"), database.stored("r")) == before
        assert database.plan("new") is None
        assert database.commit(lease, Commit(at=4.0)) == 2

    def test_who_took_its_own_run_again_has_the_new_lease_alone(self, database: Database) -> None:
        """An owner is known by its fence, not by its name."""
        old = begin(database)
        new = take(database, owner=ME)

        with pytest.raises(RunOwned):
            database.commit(old, Commit(at=2.0))
        assert database.commit(new, Commit(at=2.0)) == 2

    def test_a_lease_is_over_only_when_somebody_takes_the_run(self, database: Database) -> None:
        """Time alone takes nothing from its owner."""
        lease = database.create(new_run(), Commit(at=1.0), ME, until=0.5)
        assert lease is not None

        assert database.commit(lease, Commit(at=1_000.0)) == 2

    def test_renewing_prolongs(self, database: Database) -> None:
        """For every lease that still holds, and no other."""
        first, second = begin(database, "a"), begin(database, "b")
        take(database, "b")

        assert list(database.renew([first, second], 9_000.0)) == [second]

        assert look(database, "a").held == Held(ME, 9_000.0)
        assert look(database, "b").held == Held(OTHER, LATER)
        assert list(database.renew([], 9_000.0)) == []

    @pytest.mark.parametrize("is_there_again", [False, True], ids=["gone", "there again"])
    def test_the_lease_of_a_deleted_run_is_lost(
        self, database: Database, is_there_again: bool
    ) -> None:
        """Also if there is a new run of its id."""
        lease = begin(database)
        database.delete("r", always)
        if is_there_again:
            begin(database)

        with pytest.raises(RunOwned):
            database.commit(lease, Commit(at=2.0))
        assert list(database.renew([lease], LATER)) == [lease]
        assert not database.release(lease, Stop("failed", has_ended=True))

    def test_another_connection_is_another_owner(self, database: Database, other: Database) -> None:
        """Who takes a run there takes it away here."""
        lease = begin(database)
        assert isinstance(other.take("r", OTHER, LATER, never), RunRow)
        taken = take(other)

        with pytest.raises(RunOwned):
            database.commit(lease, Commit(at=2.0))
        assert other.commit(taken, Commit(at=2.0)) == 2
        assert database.commit(taken, Commit(at=3.0)) == 3
        assert other.commit(taken, Commit(at=4.0)) == 4

    # ---------------------------------------------------------------- many at once

    def test_many_threads_want_one_run_and_one_gets_it(self, database: Database) -> None:
        """Every time, whoever is first."""
        for run_id in ("a", "b", "c", "d", "e"):
            leave(database, run_id)

            got = at_once(partial(_take_if_free, database, run_id))

            held = look(database, run_id).held
            assert held is not None
            assert isinstance(got.pop(held.owner.pid), Lease)
            assert got == [look(database, run_id)] * (THREADS - 1)

    def test_many_threads_create_one_run_and_one_does(self, database: Database) -> None:
        """The others learn that it is there."""
        first = Commit(at=1.0)
        got = at_once(
            lambda number: database.create(new_run(), first, replace(ME, pid=number), LATER)
        )

        assert sum(each is not None for each in got) == 1
        assert database.counts() == {"running": 1}

    def test_many_threads_write_at_once_and_nothing_is_lost(self, database: Database) -> None:
        """Each run has all of its commits, in their order."""

        def go_on(number: int) -> list[int]:
            lease = begin(database, f"r{number}")
            return [
                database.commit(lease, Commit(at=float(at), events_json=f"[{at}]"))
                for at in range(2, 20)
            ]

        assert at_once(go_on) == [list(range(2, 20))] * THREADS
        for number in range(THREADS):
            log = database.log(f"r{number}", after=1)
            assert [row.events_json for row in log] == [f"[{at}]" for at in range(2, 20)]

    def test_many_threads_read_while_one_writes(self, database: Database) -> None:
        """What they see is whole."""
        lease = begin(database)
        is_over = threading.Event()

        def work(number: int) -> bool:
            if number == 0:
                for at in range(2, 100):
                    events = Commit(at=float(at), position_json=f"[{at}]", written=[(0, "k")])
                    database.commit(lease, events)
                is_over.set()
                return True
            is_sound = True
            while not is_over.is_set():
                stored = database.stored("r")
                is_sound &= stored is not None and (
                    stored.seq == 1
                    or (
                        stored.position_json == f"[{stored.seq}]"
                        and [tuple(each) for each in stored.entries] == [(0, "k", stored.seq)]
                        and [seq for seq, _ in stored.changes] == [stored.seq]
                    )
                )
            return is_sound

        assert all(at_once(work))


def _take_if_free(database: Database, run_id: str, number: int) -> Lease | RunRow | None:
    return database.take(run_id, replace(ME, pid=number), LATER, if_nobody_has_it)
