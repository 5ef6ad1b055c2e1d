"""The contract of databases about asking: what others leave for a run is found, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._db.protocol import Commit, Inbox, Signal, Stop
from gostage.testing._databases.samples import (
    Contract,
    always,
    at_once,
    begin,
    leave,
    look,
    take,
)

if TYPE_CHECKING:
    from gostage._db.protocol import Database


# A test suite is made of asserts.
# ruff: noqa: S101
class AskingContract(Contract):
    """Signals, requests to stop, news, alarms."""

    # ---------------------------------------------------------------- signals

    def test_signals_are_kept_in_the_order_of_their_arrival(self, database: Database) -> None:
        """With their names and texts; their numbers grow."""
        begin(database)
        for number, name in enumerate(["b", "a", "b"]):
            assert database.signal("r", name, f"[{number}]", 5.0)

        signals = _left(database)
        assert [(each.name, each.json) for each in signals] == [
            ("b", "[0]"),
            ("a", "[1]"),
            ("b", "[2]"),
        ]
        numbers = [each.number for each in signals]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > 0

    def test_a_signal_for_nobody_is_refused(self, database: Database) -> None:
        """There is no such run, and nothing is kept for one to come."""
        assert not database.signal("r", "go", "{}", 5.0)

        begin(database)
        assert _left(database) == []

    def test_a_signal_makes_a_run_due_that_nobody_holds(self, database: Database) -> None:
        """Now, not when it would have been."""
        leave(database, status="waiting", due=99.0)

        database.signal("r", "go", "{}", 5.0)

        assert look(database).due == 5.0
        assert look(database).status == "waiting"

    def test_a_signal_leaves_a_run_to_its_owner(self, database: Database) -> None:
        """Who holds it finds the signal."""
        begin(database)

        database.signal("r", "go", "{}", 5.0)

        assert look(database).due is None

    def test_a_signal_does_not_wake_a_run_that_has_ended(self, database: Database) -> None:
        """It is kept, for somebody who resumes the run."""
        database.release(begin(database), Stop("failed", has_ended=True))

        assert database.signal("r", "go", "{}", 5.0)

        assert look(database).due is None
        assert len(_left(database)) == 1

    def test_a_signal_is_used_once(self, database: Database) -> None:
        """By the run it was for, and no other."""
        mine, other = begin(database, "r"), begin(database, "s")
        for name in "abc":
            database.signal("r", name, "{}", 5.0)
        first, second, _ = _left(database)

        database.commit(other, Commit(at=6.0, signals=[first.number]))
        database.commit(mine, Commit(at=6.0, signals=[second.number]))

        assert [each.name for each in _left(database)] == ["a", "c"]

    def test_numbers_of_signals_are_never_used_again(self, database: Database) -> None:
        """Or one would be taken for another that is known already."""
        lease = begin(database)
        database.signal("r", "go", "{}", 5.0)
        (first,) = _left(database)
        database.commit(lease, Commit(at=6.0, signals=[first.number]))
        database.signal("r", "go", "{}", 7.0)

        (second,) = _left(database)
        assert second.number > first.number

    def test_many_leave_signals_at_once_and_none_is_lost(self, database: Database) -> None:
        """Those of one sender stay in order."""
        begin(database)

        at_once(
            lambda sender: [
                database.signal("r", str(sender), f"[{turn}]", 5.0) for turn in range(5)
            ]
        )

        left = _left(database)
        for sender in {each.name for each in left}:
            turns = [each.json for each in left if each.name == sender]
            assert turns == [f"[{turn}]" for turn in range(5)]
        assert len(left) == 8 * 5

    # ---------------------------------------------------------------- requests to stop

    def test_a_run_that_somebody_holds_is_asked_to_stop(self, database: Database) -> None:
        """It goes on until its owner notices."""
        lease = begin(database)

        assert database.ask_to_stop("r", 5.0)

        row = look(database)
        assert (row.is_cancelled, row.status, row.due) == (True, "running", None)
        assert database.commit(lease, Commit(at=6.0)) == 2
        assert look(database).is_cancelled

    def test_a_run_that_nobody_holds_is_due_when_it_is_to_stop(self, database: Database) -> None:
        """Whoever looks after it then ends it."""
        leave(database, status="sleeping", due=99.0)

        assert database.ask_to_stop("r", 5.0)

        row = look(database)
        assert (row.is_cancelled, row.status, row.due) == (True, "sleeping", 5.0)

    def test_a_run_that_has_ended_is_not_asked(self, database: Database) -> None:
        """It would stop whoever resumes it."""
        database.release(begin(database), Stop("failed", has_ended=True))

        assert not database.ask_to_stop("r", 5.0)

        row = look(database)
        assert (row.is_cancelled, row.due) == (False, None)

    def test_a_run_that_is_not_there_is_not_asked(self, database: Database) -> None:
        """Nor is one to come."""
        assert not database.ask_to_stop("r", 5.0)

        begin(database)
        assert not look(database).is_cancelled

    # ---------------------------------------------------------------- inbox

    def test_an_inbox_holds_what_is_new(self, database: Database) -> None:
        """Nothing that is known already, and nothing of others."""
        begin(database, "r")
        begin(database, "s")
        for run_id in ("r", "s", "r"):
            database.signal(run_id, "go", f'"{run_id}"', 5.0)
        first, second = _left(database)

        assert list(database.inbox([("r", 0)])) == [Inbox("r", False, [first, second])]
        assert list(database.inbox([("r", first.number)])) == [Inbox("r", False, [second])]
        assert list(database.inbox([("r", second.number)])) == []

    def test_an_inbox_tells_of_a_request_to_stop(self, database: Database) -> None:
        """For as long as it stands."""
        begin(database)
        database.ask_to_stop("r", 5.0)

        for _ in range(2):
            assert list(database.inbox([("r", 0)])) == [Inbox("r", True, [])]

    def test_inboxes_of_many_runs_are_found_at_once(self, database: Database) -> None:
        """Those with nothing in them, and those of nobody, are left out."""
        for number in range(20):
            begin(database, f"r{number}")
        database.signal("r3", "go", "{}", 5.0)
        database.ask_to_stop("r7", 5.0)

        found = database.inbox([(f"r{number}", 0) for number in range(25)])

        assert sorted((each.run_id, each.is_cancelled) for each in found) == [
            ("r3", False),
            ("r7", True),
        ]
        assert list(database.inbox([])) == []

    # ---------------------------------------------------------------- news

    def test_what_another_connection_commits_is_news(
        self, database: Database, other: Database
    ) -> None:
        """Everybody who asks is told."""
        begin(database)
        seen = database.news()

        other.signal("r", "go", "{}", 5.0)

        assert database.news() > seen
        assert database.news() == database.news()

    def test_what_a_run_commits_itself_is_no_news(self, database: Database) -> None:
        """Or every step would be a reason to look for signals."""
        lease = begin(database)
        seen = database.news()

        database.commit(lease, Commit(at=2.0, written=[(0, "k")]))

        assert database.news() == seen

    def test_what_is_left_through_the_same_connection_is_news(self, database: Database) -> None:
        """The thread that leaves it is not the one that looks."""
        leave(database, "s")
        begin(database)
        seen = [database.news()]

        database.signal("r", "go", "{}", 5.0)
        seen.append(database.news())
        database.ask_to_stop("r", 5.0)
        seen.append(database.news())
        database.wake("s", 6.0)
        seen.append(database.news())
        leave(database, "t")
        seen.append(database.news())

        assert seen == sorted(set(seen))

    # ---------------------------------------------------------------- alarms

    def test_a_run_that_nobody_holds_is_woken(self, database: Database) -> None:
        """When it is said, or never."""
        leave(database, due=5.0)

        assert database.wake("r", 9.0)
        assert look(database).due == 9.0
        assert database.wake("r", None)
        assert look(database).due is None

    def test_a_run_that_somebody_holds_is_not_woken(self, database: Database) -> None:
        """It looks after itself."""
        begin(database)

        assert not database.wake("r", 9.0)
        assert look(database).due is None

    def test_a_run_that_is_not_there_is_not_woken(self, database: Database) -> None:
        """Nobody is."""
        assert not database.wake("r", 9.0)

    def test_a_run_taken_by_another_owner_keeps_its_signals(self, database: Database) -> None:
        """They were for the run, not for who held it."""
        begin(database)
        database.signal("r", "go", "{}", 5.0)

        take(database)

        assert len(_left(database)) == 1
        database.delete("r", always)
        begin(database)
        assert _left(database) == []


def _left(database: Database) -> list[Signal]:
    stored = database.stored("r")
    assert stored is not None
    return list(stored.signals)
