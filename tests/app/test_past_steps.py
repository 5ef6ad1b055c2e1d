"""Steps of the past: how each item stands, whatever has been written of it."""

from __future__ import annotations

import time

import pytest

from gostage._app.past.overview import overview
from gostage._app.past.reading import stored_steps
from gostage._app.past.saved import EDITS
from gostage._run import journal
from tests.app.hand import GONE, Hand, ended, started

CASE = (("c", "case"), ("c/x", "action"), ("c/w", "receive"), ("c/y", "action"), ("z", "action"))
ARMS = {"ways": {"c/x": "arm 1", "c/w": "arm 1", "c/y": "else"}}


def statuses(hand: Hand) -> dict[str, str]:
    """How each item stands, by path."""
    return {step.path: step.status for step in overview(hand.database, hand.row).steps}


def errors_of(hand: Hand, error: BaseException | None = None) -> dict[str, BaseException | None]:
    """The error of each record, by path."""
    rows = hand.database.log(hand.run_id)
    records = stored_steps(hand.database.plan(hand.row.plan), rows, hand.run_id, error)
    return {record.path: record.error for record in records}


def test_the_branches_that_are_no_stores_are_those_of_the_journal() -> None:
    """Both sides know them by the same numbers."""
    from gostage._app.past import saved

    assert (EDITS, saved.ENDED) == (journal.EDITS, journal.ENDED)


def test_a_run_that_has_not_begun_has_only_pending_steps() -> None:
    """In the order of its plan."""
    assert statuses(Hand(CASE)) == dict.fromkeys(["c", "c/x", "c/w", "c/y", "z"], "pending")


@pytest.mark.parametrize(
    ("at", "status", "expected"),
    [
        ({"at": "s/b", "do": "call"}, "running", ("running", "running")),
        ({"at": "s/b", "do": "call"}, "interrupted", ("interrupted", "interrupted")),
        ({"at": "s/b", "do": "ask"}, "running", ("running", "running")),
        ({"at": "s/b", "do": "call"}, "sleeping", ("sleeping", "pending")),
        ({"at": "s/b", "do": "call"}, "blocked", ("blocked", "pending")),
        ({"at": "s/b", "do": "pause", "until": 5.0}, "sleeping", ("sleeping", "sleeping")),
        ({"at": "s/b", "do": "pause", "until": 5.0}, "running", ("running", "sleeping")),
        ({"at": "s/b", "do": "listen"}, "waiting", ("waiting", "waiting")),
        ({"at": "s/b", "do": "hold"}, "waiting", ("waiting", "waiting")),
        ({"at": "s//around//inside", "do": "open"}, "running", ("pending", "pending")),
        ({"at": "s/b", "do": "call"}, "pending", ("pending", "pending")),
        ({"at": "gone/for/good", "do": "call"}, "running", ("pending", "pending")),
    ],
    ids=str,
)
def test_what_is_going_on_is_known_from_where_the_run_stands(at, status, expected) -> None:
    """No event tells of a step before it has ended."""
    owner = GONE if status == "interrupted" else None
    hand = Hand((("s", "stage"), ("s/b", "action")), owner=owner)
    hand.commit(at=at)
    if status not in ("running", "interrupted"):
        hand.stop(status)
    step = {step.path: step for step in overview(hand.database, hand.row).steps}

    assert (step["s"].status, step["s/b"].status) == expected
    assert step["s/b"].until == at.get("until")


def test_what_a_failed_run_tries_again_is_going_on() -> None:
    """However it ended before."""
    hand = Hand((("s", "stage"), ("s/a", "action")))
    error = {"type": "ValueError", "message": "boom"}
    hand.commit(started("s", "stage"), started("s/a"), ended("s/a", status="failed", error=error),
                ended("s", "stage", status="failed", error=error))  # fmt: skip
    hand.commit(at={"at": "s/a", "do": "call"})

    assert statuses(hand) == {"s": "running", "s/a": "running"}


def test_an_arm_that_was_not_taken_is_skipped() -> None:
    """As soon as another one has begun."""
    hand = Hand(CASE, plan=ARMS)
    hand.step("c/x", at={"at": "c/w", "do": "listen"})
    hand.stop("waiting")

    assert statuses(hand) == {
        "c": "waiting",
        "c/x": "completed",
        "c/w": "waiting",
        "c/y": "skipped",
        "z": "pending",
    }


def test_what_was_not_reached_in_something_that_is_over_was_skipped() -> None:
    """It would be pending for ever."""
    hand = Hand(CASE)
    hand.commit(started("c", "case"), started("c/x"), ended("c/x"), ended("c", "case"))

    assert statuses(hand)["c/y"] == "skipped"
    assert statuses(hand)["z"] == "pending"
    hand.stop("completed")
    assert statuses(hand)["z"] == "skipped"


def test_what_came_after_a_failure_is_pending() -> None:
    """Also where something around it has swallowed the error."""
    hand = Hand((("s", "sub"), ("s/a", "action"), ("s/b", "action")))
    hand.commit(started("s", "sub"), started("s/a"), ended("s/a", status="failed"),
                ended("s", "sub"))  # fmt: skip

    assert statuses(hand) == {"s": "completed", "s/a": "failed", "s/b": "pending"}


def test_what_came_after_a_bail_is_pending() -> None:
    """Though what the bailing step stood in is completed."""
    hand = Hand((("s", "stage"), ("s/a", "action"), ("s/b", "action"), ("t", "action")))
    hand.commit(started("s", "stage"), started("s/a"), ended("s/a"), ended("s", "stage"))
    hand.stop("bailed", bail_reason="enough")
    # A bailed run has ended, whatever the helper takes it for.
    assert statuses(hand) == {
        "s": "completed",
        "s/a": "completed",
        "s/b": "pending",
        "t": "pending",
    }


def test_attempts_are_one_time() -> None:
    """A failure that was tried again is no failure of the step."""
    hand = Hand((("a", "action"),))
    hand.commit(started("a"), ended("a", status="failed", error={"type": "E", "message": ""}))
    hand.commit(("step_retried", "a", {"kind": "action", "attempt": 1}))
    hand.commit(started("a", attempt=2), ended("a", attempts=2, duration=3.0))
    (step,) = overview(hand.database, hand.row).steps

    assert (step.status, step.attempts, step.how, step.duration) == (
        "completed", 2, {"completed": 1}, 3.0)  # fmt: skip
    assert step.started is not None
    assert step.started == pytest.approx(hand.now - 2, abs=0.01)


def test_failed_items_are_told_by_their_index() -> None:
    """The step has failed if its for_each has, though a later item got through."""
    hand = Hand((("e", "for_each"), ("e/a", "action")))
    error = {"type": "E", "message": "no"}
    hand.commit(started("e", "for_each"), started("e/a", item=0),
                ended("e/a", status="failed", error=error, item=0))  # fmt: skip
    hand.step("e/a", item=1)
    assert statuses(hand)["e/a"] == "completed"
    hand.commit(ended("e", "for_each", status="failed"))
    step = overview(hand.database, hand.row).steps[1]

    assert (step.status, step.item, step.how) == ("failed", 1, {"failed": 1, "completed": 1})
    assert step.failures == ((0, error),)


def test_an_item_that_gets_through_later_has_not_failed() -> None:
    """A resumed run does the failed items again."""
    hand = Hand((("e", "for_each"), ("e/a", "action")))
    hand.commit(ended("e/a", status="failed", error={"type": "E", "message": ""}, item=0))
    hand.step("e/a", item=0)

    assert overview(hand.database, hand.row).steps[1].failures == ()


def test_edits_of_the_plan_are_marked() -> None:
    """What was inserted stands where it was put; what was taken out stays in sight."""
    hand = Hand((("s", "stage"), ("s/a", "action"), ("s/b", "action"), ("t", "stage"),
                 ("t/c", "action"), ("z", "action")))  # fmt: skip
    place = [0, "s//around//inside", "s/a", "s/a", {"items": [{"kind": "do"}]}]
    late = [0, "", "s", "s/a", {}]
    hand.step("s/a", changes=[
        (EDITS, "insert:0:s/x", [1, place]),
        (EDITS, "insert:0:late", [2, late, [["late", "stage"], ["late/y", "action"]]]),
        (EDITS, "insert:0:s/x#2", [3, [0, "s//around//inside", None, "s/a", {}]]),
        (EDITS, "remove:0:t", [4, None]),
        (EDITS, "disable:0:z", [5, None]),
        (EDITS, "insert:7:elsewhere", [6, late]),
        (EDITS, "insert:0:undone", [7, late]),
    ])  # fmt: skip
    hand.commit(changes=[(EDITS, "insert:0:undone", None)])
    steps = overview(hand.database, hand.row).steps

    assert [(step.path, step.kind, step.mark) for step in steps] == [
        ("s", "stage", ""),
        ("s/a", "action", ""),
        ("s/x", "action", "inserted"),
        ("s/b", "action", ""),
        ("s/x#2", "action", "inserted"),
        ("late", "stage", "inserted"),
        ("late/y", "action", "inserted"),
        ("t", "stage", "removed"),
        ("t/c", "action", "removed"),
        ("z", "action", "disabled"),
    ]
    records = stored_steps(hand.database.plan(hand.row.plan), hand.database.log(hand.run_id))
    assert not any(record.path.startswith("t") for record in records)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("path", ["", "s", "x"])
def test_edits_that_lead_in_a_circle_are_no_trap(path) -> None:
    """Only a damaged database has any."""
    hand = Hand((("s", "stage"), ("", "stage")))
    place = [0, path, None, path, {}]
    changes = [(EDITS, f"insert:0:{path}", [1, place]), (EDITS, f"remove:0:{path}", [2, None])]
    hand.step(path, changes=changes)

    assert "s" in statuses(hand)


def test_what_was_inserted_for_a_pass_that_is_over_is_seen() -> None:
    """It ran, so it belongs to the past; to the plan as it stands now it does not."""
    hand = Hand((("l", "loop"), ("l/a", "action"), ("z", "action")))
    hand.step("l/a")
    hand.step("l/new")
    steps = overview(hand.database, hand.row).steps

    assert [(step.path, step.mark) for step in steps] == [
        ("l", ""), ("l/a", ""), ("l/new", "inserted"), ("z", "")]  # fmt: skip
    records = stored_steps(hand.database.plan(hand.row.plan), hand.database.log(hand.run_id))
    assert [record.path for record in records] == ["l", "l/a", "z"]


def test_the_errors_of_records_are_the_same_object_where_they_are_the_same_error() -> None:
    """That of the run, and that of a step in what it stands in; others are their own."""
    hand = Hand((("s", "stage"), ("s/a", "action"), ("t", "stage"), ("t/b", "action"),
                 ("u", "action"), ("v", "action")))  # fmt: skip
    boom, odd = {"type": "ValueError", "message": "boom"}, {"type": "Odd", "message": "it is"}
    hand.commit(ended("s/a", status="failed", error=odd))
    hand.commit(ended("s", "stage", status="failed", error=odd))
    hand.commit(ended("t/b", status="failed", error=boom))
    hand.commit(ended("t", "stage", status="failed", error=boom))
    hand.commit(ended("u", status="failed", error={"type": "TimedOut", "message": "late"}))
    hand.commit(ended("v", status="failed", error=odd))
    error = ValueError("boom")
    found = errors_of(hand, error)

    assert found["t"] is found["t/b"] is error
    assert found["s"] is found["s/a"]
    assert found["s"] is not found["v"]
    assert str(found["v"]) == "Odd: it is"
    assert type(found["u"]).__name__ == "TimedOut"


def test_a_container_that_began_in_another_session_has_a_duration() -> None:
    """The process that ended it does not know when it began."""
    hand = Hand((("s", "stage"),))
    hand.commit(started("s", "stage"))
    hand.commit(ended("s", "stage", duration=None))

    assert overview(hand.database, hand.row).steps[0].duration == pytest.approx(1, abs=0.01)


def test_a_container_that_is_left_again_after_a_failure_has_ended_once() -> None:
    """A resumed run goes on from its last step, so it leaves again what it had left by then."""
    hand = Hand((("s", "stage"), ("t", "stage"), ("u", "stage")))
    hand.commit(started("s", "stage"), ended("s", "stage", duration=0.5), started("t", "stage"),
                ended("t", "stage", status="failed", duration=0.1),
                ended("u", "stage", status="skipped", duration=None))  # fmt: skip
    hand.commit(ended("s", "stage", duration=None), ended("t", "stage", duration=None),
                ended("u", "stage", status="skipped", duration=None))  # fmt: skip
    s, t, u = overview(hand.database, hand.row).steps

    assert (s.how, s.duration) == ({"completed": 1}, 0.5)
    assert (t.how, t.status) == ({"completed": 1}, "completed")
    assert t.duration == pytest.approx(1, abs=0.01)
    assert u.how == {"skipped": 2}


def test_the_time_of_a_run_is_that_of_its_sessions() -> None:
    """What lies between them is nobody's work; one that goes on has lasted until now."""
    hand = Hand((("a", "action"),))
    hand.commit(("run_started", "", {}))
    hand.commit(("run_paused", "", {"status": "waiting"}))
    hand.now += 100
    hand.commit(("code_changed", "", {"actions": ["a"]}), ("run_resumed", "", {}))
    past = overview(hand.database, hand.row, now=hand.now + 5)

    assert past.duration == pytest.approx(6, abs=0.01)
    assert [len(session.notes) for session in past.sessions] == [0, 1]
    assert past.sessions[0].ended is not None
    assert time.time() > hand.now
