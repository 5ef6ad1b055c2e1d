"""Stores of the past: after each commit, in each branch, and what changed."""

from __future__ import annotations

import time

import pytest

from gostage._app.past.moments import moment_of
from gostage._app.past.overview import overview
from gostage._app.past.stores import StoreChange, differences, store_at
from gostage._run.journal import EDITS, ENDED
from gostage.errors import NotFound
from tests.app.hand import Hand, ended, entry, started

PLAN = (("a", "action"), ("b", "action"), ("p", "parallel"), ("p/l", "branch"),
        ("p/l/x", "action"), ("p/r", "branch"), ("p/r/y", "action"), ("z", "action"))  # fmt: skip
FORKED = {
    "0": {"at": "p", "do": "fork"},
    "1": {"at": "p/l/x", "do": "call", "parent": 0, "index": 0},
    "2": {"at": "p/r/y", "do": "call", "parent": 0, "index": 1},
}


def values(entries) -> dict[str, object]:
    """What is in a store, by key."""
    return {each["key"]: each["value"] for each in entries}


def changes_of(hand: Hand) -> dict[str, list[str]]:
    """Which keys each step changed."""
    steps = overview(hand.database, hand.row).steps
    return {step.path: [each.key for each in step.changes] for step in steps if step.changes}


def test_the_store_is_as_it_was_after_each_commit() -> None:
    """Values are put, replaced and deleted, in the order of the keys."""
    hand = Hand(PLAN)
    hand.step("a", changes=[hand.put("one", 1), hand.put("two", 2)])
    hand.step("b", changes=[(0, "one", entry("one", 11)), (0, "two", None)])
    hand.step("z", changes=[(0, "two", entry("two", 22, 9))])
    rows = hand.database.log(hand.run_id)

    assert [values(store_at(rows, hand.run_id, seq)) for seq in range(1, 5)] == [
        {},
        {"one": 1, "two": 2},
        {"one": 11},
        {"one": 11, "two": 22},
    ]
    assert values(store_at(rows, hand.run_id)) == {"one": 11, "two": 22}


def test_keys_stand_in_their_order() -> None:
    """One that was deleted and put again is the last."""
    hand = Hand(PLAN)
    hand.step("a", changes=[(0, "late", entry("late", 1, 5)), (0, "early", entry("early", 1, 2))])

    assert list(values(store_at(hand.database.log(hand.run_id), hand.run_id))) == ["early", "late"]


def test_what_has_expired_is_not_there() -> None:
    """It counts when the commit was, not when somebody looks."""
    hand = Hand(PLAN)
    soon = hand.now + 1.5
    hand.step("a", changes=[hand.put("short", 1, expires=soon), hand.put("long", 1)])
    hand.step("b")
    rows = hand.database.log(hand.run_id)

    assert list(values(store_at(rows, hand.run_id, 2))) == ["short", "long"]
    assert list(values(store_at(rows, hand.run_id, 3))) == ["long"]


def test_each_step_has_its_changes() -> None:
    """Those that a failing step of several in a commit made are of none of the others."""
    hand = Hand(PLAN)
    hand.commit(changes=[hand.put("first", 0)])
    hand.commit(started("a"), ended("a"), ended("b", status="skipped"), changes=[hand.put("k", 1)])
    hand.step("z", changes=[(0, "first", None)])

    assert changes_of(hand) == {"a": ["k"], "z": ["first"]}
    assert [each.key for each in overview(hand.database, hand.row).first] == ["first"]


def test_a_change_is_told_with_what_was_there_before() -> None:
    """So it can be shown from and to."""
    hand = Hand(PLAN)
    hand.step("a", changes=[hand.put("k", 1)])
    hand.step("b", changes=[(0, "k", entry("k", 2))])
    (change,) = overview(hand.database, hand.row).steps[1].changes

    assert change == StoreChange("k", entry("k", 1), entry("k", 2))


def test_a_step_that_runs_again_has_the_changes_of_the_last_time() -> None:
    """Passes of a loop do not add up."""
    hand = Hand((("l", "loop"), ("l/a", "action")))
    for number in range(3):
        hand.step("l/a", changes=[(0, "n", entry("n", number)), hand.put(f"k{number}", 1)])
    step = overview(hand.database, hand.row).steps[1]

    assert [each.key for each in step.changes] == ["n", "k2"]
    assert step.how == {"completed": 3}


def test_branches_have_their_own_view() -> None:
    """A step in a branch is told its changes; joined ones are not told again."""
    hand = Hand(PLAN)
    hand.step("a", changes=[hand.put("base", 1)], at=FORKED)
    hand.step("p/l/x", changes=[hand.put("left", 1, 1), hand.put("base", 2, 1)], at=FORKED)
    hand.step("p/r/y", changes=[hand.put("right", 1, 2)], at={"at": "p", "do": "join"})
    joined = [(0, "left", entry("left", 1)), (0, "base", entry("base", 2))]
    joined += [(0, "right", entry("right", 1)), (0, "folded", entry("folded", 3))]
    hand.commit(
        ended("p", "parallel"), started("z"), ended("z"), changes=joined, at={"at": "", "do": "x"}
    )

    assert changes_of(hand) == {
        "a": ["base"],
        "p/l/x": ["left", "base"],
        "p/r/y": ["right"],
        "z": ["folded"],
    }
    before = overview(hand.database, hand.row).steps[4].changes[1].before
    assert before is not None
    assert before["value"] == 1


def test_the_store_after_a_step_in_a_branch_is_as_the_step_saw_it() -> None:
    """What branches beside it wrote is not in it."""
    hand = Hand(PLAN)
    hand.step("a", changes=[hand.put("base", 1)], at=FORKED)
    hand.step("p/l/x", changes=[hand.put("left", 1, 1)], at=FORKED)
    hand.step("p/r/y", changes=[hand.put("right", 1, 2)], at=FORKED)

    def store(at: str) -> dict[str, object]:
        return values(moment_of(hand.database, hand.row, at).store)

    assert store("p/l/x") == {"base": 1, "left": 1}
    assert store("p/r/y") == {"base": 1, "right": 1}
    assert store("4") == {"base": 1}


def test_changes_of_the_plan_are_no_changes_of_the_store() -> None:
    """They are saved beside them."""
    hand = Hand(PLAN)
    hand.step("a", changes=[(EDITS, "remove:0:b", [1, None])])

    assert changes_of(hand) == {}
    assert store_at(hand.database.log(hand.run_id), hand.run_id) == []


def test_what_a_failed_run_left_while_it_unwound_counts_until_it_goes_on() -> None:
    """Then it is gone, as if it had never been."""
    hand = Hand(PLAN)
    hand.step("a", changes=[hand.put("k", 1), hand.put("x", 1)])
    gone = {"gone": "deleted"}
    hand.commit(changes=[(ENDED, "k", entry("k", 2)), (ENDED, "x", gone)])
    rows = hand.database.log(hand.run_id)
    hand.step("b")
    later = hand.database.log(hand.run_id)

    assert values(store_at(rows, hand.run_id)) == {"k": 2}
    assert values(store_at(later, hand.run_id)) == {"k": 1, "x": 1}


def test_declared_keys_find_their_makers() -> None:
    """What a for_each collects and a stage begins with is theirs, and not the next action's."""
    structure = (("s", "stage"), ("s/a", "action"), ("e", "for_each"), ("e/b", "action"),
                 ("z", "action"))  # fmt: skip
    definition = {
        "items": [
            {"kind": "stage", "id": "s", "initial": {"region": {}}, "items": [{"kind": "action"}]},
            {"kind": "for_each", "into": {"key": "all"}, "body": [{"kind": "action"}]},
            {"kind": "do"},
        ]
    }
    hand = Hand(structure, plan={"definition": definition})
    hand.commit(
        started("s", "stage"),
        started("s/a"),
        ended("s/a"),
        changes=[hand.put("region", "eu"), hand.put("k", 1)],
    )
    hand.commit(
        ended("e", "for_each"), started("z"), ended("z"), changes=[hand.put("all", []),
                                                                   hand.put("end", 1)]
    )  # fmt: skip

    assert changes_of(hand) == {"s": ["region"], "s/a": ["k"], "e": ["all"], "z": ["end"]}


def test_stores_differ_by_value() -> None:
    """What is known of a key beside its value makes no difference."""
    before = [entry("same", 1), entry("gone", 1), entry("other", 1)]
    after = [entry("same", 1, tags=["x"]), entry("other", 2), entry("new", 1)]

    assert [each.key for each in differences(before, after)] == ["gone", "other", "new"]


# -------------------------------------------------------------------- moments


@pytest.fixture
def hand() -> Hand:
    """A run with two passes, and two items."""
    made = Hand((("e", "for_each"), ("e/a", "action"), ("z", "action"), ("7", "action")))
    for item in (0, 1, 0):
        change = (0, "n", entry("n", f"{item} of {made.row.seq}"))
        made.step("e/a", item=item, changes=[change])
    made.step("7", changes=[(0, "n", entry("n", "seven"))])
    return made


@pytest.mark.parametrize(
    ("at", "seq", "value"),
    [
        ("e/a", 4, "0 of 3"),
        ("e/a[1]", 3, "1 of 2"),
        ("e/a[0]", 4, "0 of 3"),
        ("2", 2, "0 of 1"),
        ("7", 5, "seven"),
    ],
)
def test_a_moment_is_given_by_a_step_or_a_commit(hand, at, seq, value) -> None:
    """A step is meant as it ended last; a step that is called like a number comes first."""
    found = moment_of(hand.database, hand.row, at)

    assert found.seq == seq
    assert values(found.store) == {"n": value}


@pytest.mark.parametrize(
    ("at", "message", "hint"),
    [
        ("e/b", "has no step 'e/b'", "did you mean 'e/a'?"),
        ("e/a[9]", "has no step 'e/a[9]'", "did you mean 'e/a'?"),
        ("z", "step 'z' of run .* has not ended", "`gostage show` says how it stands"),
        ("99", "has no commit 99", "it has 5, from 1; `gostage tail -v` shows them"),
        ("0", "has no commit 0", "it has 5, from 1; `gostage tail -v` shows them"),
        ("qqq", "has no step 'qqq'", "`gostage show` lists its steps"),
    ],
)
def test_a_moment_that_never_was_is_named(hand, at, message, hint) -> None:
    """With what there is instead."""
    with pytest.raises(NotFound, match=message.replace("[", r"\[")) as caught:
        moment_of(hand.database, hand.row, at)

    assert caught.value.hint == hint
    assert caught.value.where.run == hand.run_id


def test_a_moment_knows_when_it_was(hand) -> None:
    """As the commit does."""
    assert moment_of(hand.database, hand.row, "1").at == pytest.approx(hand.now - 4, abs=0.01)
    assert moment_of(hand.database, hand.row, "5").at < time.time()
