"""The position: a run written down anywhere goes on as if nothing had been; nonsense is refused."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._engine import effects as fx
from gostage._engine import nodes, position
from gostage._engine.machine import Machine
from gostage._engine.plan import Plan
from gostage.errors import UnknownState
from tests.engine.hand import (
    PACKING,
    Boom,
    Halt,
    Hand,
    body,
    do,
    each,
    order,
    parallel,
    stage,
    until,
)
from tests.engine.trees import Chance, trees


def dumped(hand: Hand) -> dict[str, Any]:
    """Write down where the run stands, as JSON gives it back."""
    made: dict[str, Any] = json.loads(json.dumps(position.dump(hand.machine, PACKING)))
    return made


# ---------------------------------------------------------------- the law


@given(trees(), st.integers(0, 2**32))
def test_a_run_written_down_before_every_effect_is_the_same_run(
    items: list[nodes.Item], seed: int
) -> None:
    """Same effects in the same order, same end, same notes, whatever each effect came to."""
    whole, pieces = Hand(*items), Hand(*items)

    assert pieces.follow(Chance(seed, pieces), before=pieces.reload) == whole.follow(
        Chance(seed, whole)
    )
    assert pieces.noted == whole.noted
    first, second = whole.machine.end, pieces.machine.end
    assert first is not None
    assert second is not None
    assert str(first.error) == str(second.error)
    assert first.interrupted == second.interrupted
    assert (first.failed_at and first.failed_at.id) == (second.failed_at and second.failed_at.id)


@given(trees(), st.integers(0, 2**32))
def test_writing_down_what_was_read_gives_the_same(items: list[nodes.Item], seed: int) -> None:
    """Nothing is lost, and nothing is added."""
    hand = Hand(*items)

    def check() -> None:
        before = dumped(hand)
        hand.reload()
        assert dumped(hand) == before

    hand.follow(Chance(seed, hand), before=check)


@given(trees(), st.integers(0, 2**32))
def test_every_scope_that_was_opened_is_closed_youngest_first(
    items: list[nodes.Item], seed: int
) -> None:
    """Whatever failed or was stopped, where it did; branch by branch."""
    hand = Hand(*items)
    chance = Chance(seed, hand)
    open_scopes: dict[str, list[str]] = {}

    def script(asked: str) -> fx.Outcome | None:
        branch = hand.first()
        outcome = chance(asked)
        kind, _, scope = asked.partition(" ")
        stack = open_scopes.setdefault(f"{branch.key} {branch.root.id} {branch.index}", [])
        if kind == "open" and (outcome is None or isinstance(outcome, fx.Opened)):
            stack.append(scope)
        if kind == "close" and (branch.interrupted or not isinstance(outcome, fx.Reopened)):
            assert not scope or stack.pop() == scope  # the run's own was open before
        return outcome

    hand.follow(script)

    assert not any(open_scopes.values())


def test_a_run_that_has_not_begun_can_be_written_down() -> None:
    """It begins with its own scope, like any other."""
    hand = Hand(do("a"))
    fresh = position.dump(Machine(Plan(hand.program)), PACKING)

    hand.stand(fresh)
    hand.start()

    assert fresh == {"branches": {"0": {"at": "", "do": "begin"}}}
    assert hand.play() == ["open", "call a", "close"]


def test_branches_that_have_not_begun_can_be_written_down() -> None:
    """As they are after a single step that forked."""
    hand = Hand(do("a"), parallel("p", left=do("b"), right=do("c")))
    hand.machine.feed(hand.branch(), fx.Done())

    hand.reload()
    assert [child.effect for child in hand.machine.root.children.values()] == [None, None]
    hand.start()

    assert hand.wanted == ["call p/left/b", "call p/right/c"]


# ---------------------------------------------------------------- size


@pytest.mark.parametrize(
    "loop",
    [
        pytest.param(until("l", do("a")), id="action"),
        pytest.param(until("l", parallel("p", x=do("a"), y=do("b"))), id="branches"),
        pytest.param(until("l", each("f", do("a"), concurrency=2)), id="items"),
        pytest.param(until("l", stage("s", do("a"), retry="often")), id="stage"),
    ],
)
def test_a_position_does_not_grow_with_the_passes(loop: nodes.Loop) -> None:
    """But for the digits of their count."""
    hand = Hand(loop)
    sizes = {}
    for passed in range(1, 1_001):
        hand.until("ask l:0", {"items l/f": [fx.Listed("xyz")]})
        if passed in (10, 1_000):
            sizes[passed] = len(json.dumps(dumped(hand)))
        hand.feed(fx.Answer(holds=False))

    assert sizes[1_000] - sizes[10] == len("1000") - len("10")


def test_a_position_does_not_grow_with_what_was_done() -> None:
    """It says where the run stands, and nothing of how it came there."""
    hand = Hand(*(do(f"step{number:03}") for number in range(500)))
    hand.until("call step001")
    early = len(json.dumps(dumped(hand)))
    hand.until("call step499")

    assert len(json.dumps(dumped(hand))) == early


def test_the_value_of_an_action_is_kept_where_somebody_collects_it() -> None:
    """Elsewhere it is not part of the position: it may be large, or not storable."""
    outside, inside = Hand(do("a"), do("b")), Hand(each("f", do("a"), do("b")))
    inside.feed(fx.Listed("x"))
    for hand in (outside, inside):
        hand.feed(fx.Done("value"))

    assert "value" not in dumped(outside)["branches"]["0"]
    inside.reload()
    assert inside.branch().value == "value"


# ---------------------------------------------------------------- edits


def test_edits_are_part_of_the_position() -> None:
    """Inserted, removed and disabled items are the same after loading, under the same ids."""
    hand = Hand(stage("s", do("a"), do("b")), do("load"), do("y"), do("z"))
    ops = hand.program.ops
    first = hand.plan.insert_after(ops["load"], do("load"), ops["s/a"]).op
    hand.plan.insert_after(first, do("load"), first)
    hand.plan.insert_after(ops["s"], stage("t", do("c")), ops["s/a"])
    hand.plan.append(ops["s//around//inside"], do("d"), ops["s/a"])
    hand.plan.remove(ops["y"])
    hand.plan.disable(ops["z"])
    before = order(hand.plan)
    assert before == ["s", "s/a", "s/b", "s/d", "t", "t/c", "load", "load#2", "load#3", "z"]

    hand.reload()

    assert order(hand.plan) == before
    assert hand.plan.disabled == {"z"}


def test_what_a_run_enabled_stays_enabled() -> None:
    """The definition's own list does not come back with a resume."""
    hand = Hand(do("a"), do("b"))
    hand.plan.disable(hand.program.ops["a"])
    data = dumped(hand)

    plan = Plan(hand.program, frozenset({"b"}))
    position.load(plan, data, PACKING)

    assert plan.disabled == {"a"}


@pytest.mark.parametrize("edit", ["remove", "disable"])
def test_an_edit_that_stands_alone_is_still_one(edit: str) -> None:
    """What was removed or disabled is not run after loading."""
    hand = Hand(do("a"), do("b"), do("c"))
    getattr(hand.plan, edit)(hand.program.ops["b"])

    hand.reload()

    assert hand.play() == ["call a", "call c", "close"]


def test_edits_of_one_item_are_loaded_into_its_zone() -> None:
    """The other items do not get them."""
    hand = Hand(each("f", do("a"), do("b"), concurrency=2), do("z"))
    hand.feed(fx.Listed("xy"))
    step = hand.program.ops["f/a"]
    zone = hand.machine.root.children[1].zone
    hand.plan.insert_after(step, do("new"), step, zone)

    hand.reload()
    hand.feed_item(0, fx.Done())
    hand.feed_item(1, fx.Done())

    hand.reload()
    assert hand.wanted == ["call f/b", "call f/new"]


def test_a_loaded_insertion_is_taken_back_when_its_step_starts_over() -> None:
    """Who inserted what is part of the position."""
    hand = Hand(nodes.Retry("r", body(do("a")), "often"), stage("s", do("b")))
    ops = hand.program.ops
    hand.plan.append(ops["s//around//inside"], do("new"), by=ops["r/a"])
    hand.until("judge r", {"call r/a": [fx.Failed(Boom())]})

    hand.reload()
    assert order(hand.plan)[-1] == "s/new"
    hand.feed(fx.Again())

    assert order(hand.plan)[-1] == "s/b"


def test_what_an_ended_item_put_elsewhere_is_loaded_without_it() -> None:
    """The step that asked for it stood in the item's zone, and that is gone."""
    hand = Hand(each("f", do("a"), concurrency=2), stage("s", do("b")))
    hand.feed(fx.Listed("x"))
    step, last = hand.program.ops["f/a"], hand.program.ops["s//around//inside"]
    made = hand.plan.insert_after(step, do("new"), step, hand.branch().zone).op
    hand.plan.append(last, do("late"), by=made)
    hand.feed(fx.Done())
    assert hand.feed(fx.Done()) == ["join f"]

    hand.reload()

    assert order(hand.plan) == ["f", "f/a", "s", "s/b", "s/late"]


# ---------------------------------------------------------------- what does not fit

REACHED: dict[str, tuple[list[nodes.Item], str, dict[str, list[fx.Outcome]]]] = {
    "action": ([do("a")], "call a", {}),
    "hold": ([do("a")], "hold a", {"call a": [fx.Suspend("why", {})]}),
    "judge": ([do("a", retry="often")], "judge a", {"call a": [fx.Failed(Boom())]}),
    "stage": ([stage("s", do("a"))], "close s//around", {}),
    "loop": ([until("l", do("a"))], "ask l:0", {}),
    "choice": ([nodes.Choice("c", (("?", body(do("a"))),))], "ask c:0", {}),
    "wait": (
        [nodes.Wait("w", "?", timeout=9)],
        "pause w 1 wait",
        {"ask w:0": [fx.Answer(holds=False)]},
    ),
    "branches": (
        [parallel("p", x=do("a"), y=do("b"))],
        "call p/y/b",
        {"call p/x/a": [fx.Failed(Boom())]},
    ),
    "side by side": ([parallel("p", x=do("a"), y=do("b"))], "call p/x/a", {}),
    "items": ([each("f", do("a"))], "call f/a", {"items f": [fx.Listed("xy")]}),
    "items side by side": (
        [each("f", do("a"), concurrency=2)],
        "call f/a",
        {"items f": [fx.Listed("xy")]},
    ),
    "interrupt": ([stage("s", do("a"))], "close s//around", {"call s/a": [fx.Stopped(Halt())]}),
}
"""A place of each kind: items, what is wanted there, and the outcomes that lead to it."""


def stand(name: str) -> Hand:
    """Go to one of these places."""
    items, wanted, answers = REACHED[name]
    hand = Hand(*items)
    hand.until(wanted, answers)
    return hand


def change(data: dict[str, Any], **entries: object) -> dict[str, Any]:
    """Change the entries of the root branch."""
    data["branches"]["0"].update(entries)
    return data


def change_branch(data: dict[str, Any], key: str, **entries: object) -> dict[str, Any]:
    """Change the entries of a forked branch."""
    data["branches"][key].update(entries)
    return data


def frame(data: dict[str, Any], id_: str, **entries: object) -> dict[str, Any]:
    """Change what the root branch remembers of one guard."""
    data["branches"]["0"]["frames"][id_].update(entries)
    return data


def without(data: Any, *path: str) -> Any:
    """Leave something out."""
    place = data
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return data


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("place", "spoil"),
    [
        pytest.param("action", lambda data: [], id="a list"),
        pytest.param("action", lambda data: {}, id="nothing"),
        pytest.param("action", lambda data: {"branches": None}, id="no branches"),
        pytest.param("action", lambda data: {"branches": {}}, id="not one branch"),
        pytest.param("action", lambda data: {"branches": {"x": {}}}, id="a key that is no number"),
        pytest.param("action", lambda data: {"branches": {"0": "a"}}, id="a branch as text"),
        pytest.param(
            "side by side",
            lambda data: without(data, "branches", "0"),
            id="children without parent",
        ),
        pytest.param(
            "side by side", lambda data: without(data, "branches", "1"), id="a child missing"
        ),
        pytest.param("action", lambda data: change(data, at="gone"), id="a step that is not there"),
        pytest.param("action", lambda data: change(data, at=7), id="a step by number"),
        pytest.param("action", lambda data: without(data, "branches", "0", "do"), id="no effect"),
        pytest.param("action", lambda data: change(data, do="dance"), id="an unknown effect"),
        pytest.param("action", lambda data: change(data, do=["call"]), id="a list as effect"),
        pytest.param("action", lambda data: change(data, do="next"), id="an attribute as effect"),
        pytest.param("action", lambda data: change(data, do="open"), id="an action to open"),
        pytest.param("action", lambda data: change(data, do="ask"), id="no condition to ask"),
        pytest.param("action", lambda data: change(data, do="judge"), id="no retry to judge"),
        pytest.param(
            "action",
            lambda data: change(data, do="pause", seconds=1, why="backoff"),
            id="no retry to pause for",
        ),
        pytest.param("action", lambda data: change(data, do="start"), id="no child to start"),
        pytest.param("action", lambda data: change(data, do="listen"), id="no signal to wait for"),
        pytest.param("action", lambda data: change(data, do="hold"), id="a hold without reason"),
        pytest.param("action", lambda data: change(data, error="boom"), id="an error as text"),
        pytest.param("action", lambda data: change(data, frames=[1]), id="frames as a list"),
        pytest.param(
            "action", lambda data: change(data, frames={"gone": {}}), id="a frame of nothing"
        ),
        pytest.param(
            "action", lambda data: change(data, frames={"a": 3}), id="a frame that is no frame"
        ),
        pytest.param(
            "judge", lambda data: without(data, "branches", "0", "error"), id="nothing to judge"
        ),
        pytest.param(
            "stage",
            lambda data: change(data, failed_at="gone", error=["Boom", ""]),
            id="failed nowhere",
        ),
        pytest.param(
            "stage",
            lambda data: without(data, "branches", "0", "frames", "s//around"),
            id="a scope to close that is not open",
        ),
        pytest.param(
            "interrupt",
            lambda data: without(data, "branches", "0", "error"),
            id="interrupted by nothing",
        ),
        pytest.param(
            "side by side",
            lambda data: {"branches": {"0": {"at": "p/x/a", "do": "call", "frames": {"": {}}}}},
            id="inside a branch without having one",
        ),
        pytest.param(
            "side by side",
            lambda data: change_branch(data, "1", at="p/y/b"),
            id="in the branch of another",
        ),
        pytest.param(
            "side by side",
            lambda data: change_branch(data, "1", root="p/y"),
            id="a branch in another's place",
        ),
        pytest.param("wait", lambda data: change(data, why="sleep"), id="a wait that sleeps"),
        pytest.param("wait", lambda data: change(data, seconds=None), id="a pause without length"),
        pytest.param(
            "choice", lambda data: without(data, "branches", "0", "arm"), id="a choice without arm"
        ),
        pytest.param("choice", lambda data: change(data, arm=1), id="an arm too many"),
        pytest.param("choice", lambda data: change(data, arm=-1), id="an arm below none"),
        pytest.param("choice", lambda data: change(data, arm="x"), id="an arm as text"),
        pytest.param(
            "loop",
            lambda data: without(data, "branches", "0", "frames", "l"),
            id="a loop without its count",
        ),
        pytest.param("loop", lambda data: frame(data, "l", **{"pass": "x"}), id="passes as text"),
        pytest.param("wait", lambda data: change(data, seconds="x"), id="a pause as text"),
        pytest.param("wait", lambda data: change(data, until="x"), id="the end of a pause as text"),
        pytest.param("wait", lambda data: frame(data, "w", since="x"), id="a beginning as text"),
        pytest.param(
            "items",
            lambda data: without(data, "branches", "0", "frames", "f"),
            id="items without their list",
        ),
        pytest.param("items", lambda data: frame(data, "f", items=None), id="no items"),
        pytest.param("items", lambda data: frame(data, "f", next="x"), id="the next item as text"),
        pytest.param("items", lambda data: frame(data, "f", index=9), id="an item too many"),
        pytest.param("items", lambda data: frame(data, "f", results=[1]), id="results as a list"),
        pytest.param("items", lambda data: frame(data, "f", failures=[[0]]), id="half a failure"),
        pytest.param("branches", lambda data: {**data, "keys": 0}, id="keys already taken"),
        pytest.param("branches", lambda data: without(data, "keys"), id="keys not counted"),
        pytest.param("branches", lambda data: change(data, do="join"), id="a join with children"),
        pytest.param("action", lambda data: {**data, "edits": [1]}, id="edits as a list"),
        pytest.param(
            "action",
            lambda data: {**data, "edits": {"remove": [[0, "gone"]]}},
            id="removed nothing",
        ),
        pytest.param(
            "action", lambda data: {**data, "edits": {"disabled": ["gone"]}}, id="disabled nothing"
        ),
        pytest.param(
            "action",
            lambda data: {**data, "edits": {"insert": [[0, "", "gone", "a", ["b", []]]]}},
            id="inserted after nothing",
        ),
        pytest.param(
            "action",
            lambda data: {**data, "edits": {"insert": [[0, "", "a"]]}},
            id="half an insertion",
        ),
        pytest.param(
            "stage",
            lambda data: {**data, "edits": {"insert": [[0, "", "s", "s/a", ["s", [["b", []]]]]]}},
            id="inserted a name that is taken",
        ),
    ],
)
def test_a_position_that_does_not_fit_is_refused(place: str, spoil: Change) -> None:
    """Before anything is run from it."""
    hand = stand(place)
    data = dumped(hand)
    hand.stand(copy.deepcopy(data))

    with pytest.raises(UnknownState) as caught:
        hand.stand(spoil(data))

    assert str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("place", REACHED)
def test_a_position_of_another_flow_is_refused(place: str) -> None:
    """A step it does not have is named."""
    data = dumped(stand(place))

    with pytest.raises(UnknownState, match="'flow' has no such step"):
        Hand(do("other")).stand(data)


JUNK = st.sampled_from([None, -1, 10**30, 0.5, "x", "", [], {}, [None], {"0": 1}, True])


@given(st.sampled_from(sorted(REACHED)), st.data())
def test_a_spoiled_position_is_refused_or_read(place: str, draw: st.DataObject) -> None:
    """No other error comes out of it, whatever was put where; what is read can be run."""
    hand = stand(place)
    data = dumped(hand)
    path = draw.draw(st.sampled_from(list(_paths(data))))
    spoiled = data
    for key in path[:-1]:
        spoiled = spoiled[key]
    if draw.draw(st.booleans()):
        spoiled[path[-1]] = draw.draw(JUNK)
    else:
        del spoiled[path[-1]]

    with contextlib.suppress(UnknownState):
        hand.stand(data)
    hand.play()  # from there, or from where it stood


def _paths(data: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in inside:
        yield (*above, key)
        if isinstance(value, (dict, list)):
            yield from _paths(value, (*above, key))
