"""The contract of databases about letting go: what a run waits for, and that nothing is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from gostage._db.protocol import Commit, Stop
from gostage.testing._databases.samples import Contract, always, begin, look, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._db.protocol import Database, Lease, Signal

    Leave = Callable[[Database, Lease, Stop], object]

BY_COMMIT: Final = "with a commit"
WAYS: Final[dict[str, Leave]] = {
    BY_COMMIT: lambda database, lease, stop: database.commit(lease, Commit(at=8.0), stop),
    "without one": lambda database, lease, stop: database.release(lease, stop),
}
NOW: Final = 8.0
"""The time of that commit."""
ENDED: Final = Stop("completed", has_ended=True)


# A test suite is made of asserts.
# ruff: noqa: S101
class StoppingContract(Contract):
    """How a run leaves its owner."""

    @pytest.fixture(params=list(WAYS.values()), ids=list(WAYS))
    def let_go(self, request: pytest.FixtureRequest) -> Leave:
        """Every way to leave."""
        way: Leave = request.param
        return way

    def test_a_run_that_waits_says_for_what(self, database: Database, let_go: Leave) -> None:
        """Nobody holds it; when somebody should look after it is kept."""
        lease = begin(database)

        let_go(database, lease, Stop("sleeping", due=99.0, outcome_json='{"duration": 1}'))

        row = look(database)
        assert (row.status, row.due, row.outcome_json) == ("sleeping", 99.0, '{"duration": 1}')
        assert (row.held, row.ended) == (None, None)

    def test_a_run_that_ended_is_never_due(self, database: Database, let_go: Leave) -> None:
        """It says how it ended, and when."""
        lease = begin(database)

        let_go(database, lease, Stop("bailed", outcome_json="{}", has_ended=True))

        row = look(database)
        assert (row.status, row.outcome_json, row.due, row.held) == ("bailed", "{}", None, None)
        assert row.ended == row.updated

    def test_who_has_left_writes_nothing_more(self, database: Database, let_go: Leave) -> None:
        """Nor does it leave again."""
        lease = begin(database)
        let_go(database, lease, Stop("waiting"))

        assert not database.release(lease, ENDED)
        assert list(database.renew([lease], 9.0)) == [lease]
        assert look(database).status == "waiting"

    def test_an_outcome_is_that_of_the_last_owner(self, database: Database, let_go: Leave) -> None:
        """The one before is forgotten, also if there is no other."""
        let_go(database, begin(database), Stop("waiting", outcome_json="[1]"))
        let_go(database, take(database), Stop("waiting"))

        assert look(database).outcome_json is None

    def test_letting_go_writes_no_commit(self, database: Database) -> None:
        """Only a commit does."""
        assert database.release(begin(database), Stop("waiting"))

        assert look(database).seq == 1

    # ---------------------------------------------------------------- what nobody may miss

    def test_a_request_to_stop_that_came_too_late_makes_the_run_due(
        self, database: Database, let_go: Leave
    ) -> None:
        """The owner has not noticed it any more: the next one will."""
        lease = begin(database)
        database.ask_to_stop("r", 5.0)

        let_go(database, lease, Stop("waiting"))

        row = look(database)
        assert row.is_cancelled
        assert [each.run_id for each in database.due(NOW, 10)] == ["r"]

    def test_a_request_to_stop_ends_with_the_run(self, database: Database, let_go: Leave) -> None:
        """Whoever resumes it is not asked to stop."""
        lease = begin(database)
        database.ask_to_stop("r", 5.0)

        let_go(database, lease, Stop("cancelled", has_ended=True))

        row = look(database)
        assert (row.is_cancelled, row.due) == (False, None)
        take(database)
        assert not look(database).is_cancelled

    def test_a_signal_that_came_too_late_makes_the_run_due(
        self, database: Database, let_go: Leave
    ) -> None:
        """It is newer than the last one that the owner knows."""
        lease = begin(database)
        database.signal("r", "go", "{}", 5.0)
        (inbox,) = database.inbox([("r", 0)])
        database.signal("r", "go", "{}", 6.0)

        let_go(database, lease, Stop("waiting", due=99.0, known=inbox.signals[-1].number))

        assert [each.run_id for each in database.due(NOW, 10)] == ["r"]

    def test_a_signal_that_the_owner_knows_wakes_nobody(
        self, database: Database, let_go: Leave
    ) -> None:
        """It is kept for later, and would only be found useless again."""
        lease = begin(database)
        database.signal("r", "go", "{}", 5.0)
        (inbox,) = database.inbox([("r", 0)])

        let_go(database, lease, Stop("waiting", due=99.0, known=inbox.signals[-1].number))

        assert look(database).due == 99.0
        assert len(_signals(database)) == 1

    def test_a_signal_does_not_wake_a_run_that_ended(
        self, database: Database, let_go: Leave
    ) -> None:
        """There is nothing it could do with it."""
        lease = begin(database)
        database.signal("r", "go", "{}", 5.0)

        let_go(database, lease, ENDED)

        assert look(database).due is None

    def test_a_signal_that_is_used_up_by_the_last_commit_wakes_nobody(
        self, database: Database
    ) -> None:
        """It is gone before the run leaves."""
        lease = begin(database)
        database.signal("r", "go", "{}", 5.0)
        numbers = [each.number for each in _signals(database)]

        database.commit(lease, Commit(at=8.0, signals=numbers), Stop("waiting"))

        assert look(database).due is None

    def test_a_run_that_is_due_earlier_stays_so(self, database: Database, let_go: Leave) -> None:
        """What came too late does not put it off."""
        lease = begin(database)
        database.ask_to_stop("r", 5.0)

        let_go(database, lease, Stop("waiting", due=0.5))

        assert look(database).due == 0.5

    def test_a_commit_that_stops_is_written_with_its_stop(self, database: Database) -> None:
        """Both are there, and at the same moment."""
        lease = begin(database)

        number = database.commit(
            lease, Commit(at=8.0, position_json="[8]", written=[(0, "k")]), ENDED
        )

        row, stored = look(database), database.stored("r")
        assert (number, row.seq, row.updated, row.ended) == (2, 2, 8.0, 8.0)
        assert stored is not None
        assert stored.position_json == "[8]"
        assert database.delete("r", always) == row


def _signals(database: Database) -> list[Signal]:
    stored = database.stored("r")
    return [] if stored is None else list(stored.signals)
