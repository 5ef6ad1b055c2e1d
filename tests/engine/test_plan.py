"""The plan: what one run inserts, removes and disables, and how all of it is undone again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._engine import effects as fx
from gostage._engine import nodes
from gostage._engine.plan import Edit, Plan
from gostage._engine.program import compile_definition
from gostage.errors import DuplicateName
from tests.engine.hand import Flow, Hand, body, do, each, order, parallel, stage, until


def plan_of(*items: nodes.Item) -> Plan:
    """Make the plan of a run that has not begun."""
    return Plan(compile_definition(Flow(list(items))))


def test_inserted_actions_come_right_after_their_step() -> None:
    """Calls in their order, and what an inserted one inserts before the next: depth first."""
    hand = Hand(do("A"), do("B"))
    step = hand.program.ops["A"]
    first = hand.plan.insert_after(step, do("D1"), step).op
    hand.plan.insert_after(first, do("D2"), step)
    hand.feed(fx.Done())
    assert hand.wanted == ["call D1"]

    hand.plan.insert_after(first, do("D1a"), first)

    assert hand.play() == ["call D1", "call D1a", "call D2", "call B", "close"]


def test_an_action_inserted_after_the_last_is_called_too() -> None:
    """It is the last then."""
    hand = Hand(do("A"))
    step = hand.program.ops["A"]
    hand.plan.insert_after(step, do("D"), step)

    assert hand.play() == ["call A", "call D", "close"]


def test_an_inserted_action_stands_inside_what_its_step_stands_inside() -> None:
    """The retry around a step is the retry around what it inserts."""
    hand = Hand(nodes.Retry("r", body(do("a")), "often"))
    step = hand.program.ops["r/a"]
    hand.plan.insert_after(step, do("new"), step)
    hand.feed(fx.Done())

    assert hand.feed(fx.Failed(ValueError())) == ["judge r"]


def test_an_inserted_stage_brings_its_items() -> None:
    """And its scopes."""
    hand = Hand(stage("s", do("a")), do("z"))
    made = hand.plan.insert_after(hand.program.ops["s"], stage("t", do("b")), hand.program.ops["s"])

    assert order(hand.plan) == ["s", "s/a", "t", "t/b", "z"]
    assert hand.plan.find("t/b") is not None
    assert made.op.id == "t"
    assert "open t//around//inside" in hand.play()


def test_an_appended_action_is_its_parent_s_last() -> None:
    """Also where the parent had none."""
    plan = plan_of(stage("s", do("a")), stage("empty"))
    by = plan.program.ops["s/a"]

    for name in ("s//around//inside", "empty//around//inside"):
        plan.append(plan.program.ops[name], do("new"), by)
        plan.append(plan.program.ops[name], do("last"), by)

    assert order(plan) == ["s", "s/a", "s/new", "s/last", "empty", "empty/new", "empty/last"]


def test_a_name_that_is_taken_is_numbered() -> None:
    """Declared and inserted ones count together."""
    plan = plan_of(do("load"), do("load"))
    step = plan.program.ops["load"]

    made = [plan.insert_after(step, do("load"), step).op.id for _ in range(2)]

    assert made == ["load#3", "load#4"]


def test_a_name_of_its_own_that_is_taken_is_refused() -> None:
    """The plan is as it was before."""
    plan = plan_of(stage("s", do("a")), do("z"))
    step = plan.program.ops["z"]

    with pytest.raises(DuplicateName, match="two steps under 'flow' are called 's'"):
        plan.insert_after(step, stage("s"), step)

    assert order(plan) == ["s", "s/a", "z"]
    assert plan.insert_after(step, stage("t"), step).op.id == "t"


def test_a_removed_item_is_passed() -> None:
    """With everything inside it."""
    hand = Hand(do("a"), nodes.Group("g", body(do("b"))), do("c"))

    hand.plan.remove(hand.program.ops["g"])

    assert order(hand.plan) == ["a", "c"]
    assert hand.play() == ["call a", "call c", "close"]


@pytest.mark.parametrize(
    "gone", [("a",), ("b",), ("c",), ("a", "b"), ("b", "c"), ("a", "b", "c")], ids="".join
)
def test_any_items_can_be_removed(gone: tuple[str, ...]) -> None:
    """First ones, last ones, neighbours and all."""
    plan = plan_of(nodes.Group("g", body(do("a"), do("b"), do("c"))))

    for name in gone:
        plan.remove(plan.program.ops[f"g/{name}"])

    assert order(plan) == ["g", *(f"g/{name}" for name in "abc" if name not in gone)]


def test_a_removed_item_can_be_inserted_after() -> None:
    """Its place in the order is known."""
    plan = plan_of(do("a"), do("b"), do("c"))
    ops = plan.program.ops
    plan.remove(ops["b"])

    plan.insert_after(ops["b"], do("new"), ops["a"])

    assert order(plan) == ["a", "new", "c"]


def test_an_inserted_item_can_be_removed() -> None:
    """It is gone like a declared one."""
    plan = plan_of(do("a"), do("b"))
    step = plan.program.ops["a"]

    plan.remove(plan.insert_after(step, do("new"), step).op)

    assert order(plan) == ["a", "b"]


def test_a_disabled_item_is_skipped_until_it_is_enabled() -> None:
    """What is so already is no edit."""
    plan = plan_of(do("a"))
    op = plan.program.ops["a"]

    assert plan.enable(op) is None
    assert plan.disable(op) is not None
    assert plan.disable(op) is None
    assert plan.disabled == {"a"}
    assert plan.enable(op) is not None
    assert plan.disabled == set()


def test_what_the_definition_disables_a_run_may_enable() -> None:
    """Its set is the run's own."""
    declared = frozenset({"a"})
    plan = Plan(compile_definition(Flow([do("a")])), declared)

    plan.enable(plan.program.ops["a"])

    assert plan.disabled == set()
    assert declared == {"a"}


# ---------------------------------------------------------------- undo

EDITS: dict[str, Callable[[Plan], Edit | None]] = {
    "insert first": lambda plan: _insert(plan, "a"),
    "insert last": lambda plan: _insert(plan, "g"),
    "insert inside": lambda plan: _insert(plan, "g/b"),
    "insert a stage": lambda plan: plan.insert_after(
        plan.program.ops["a"], stage(f"new{inserted(plan)}", do("x")), plan.program.ops["a"]
    ),
    "append": lambda plan: plan.append(plan.program.ops["g"], do("b"), plan.program.ops["a"]),
    "append to nothing": lambda plan: plan.append(
        plan.program.ops["empty"], do("b"), plan.program.ops["a"]
    ),
    "remove first": lambda plan: plan.remove(plan.program.ops["a"]),
    "remove inside": lambda plan: plan.remove(plan.program.ops["g/b"]),
    "disable": lambda plan: plan.disable(plan.program.ops["g/c"]),
    "enable": lambda plan: plan.enable(plan.program.ops["g/c"]),
}


def _insert(plan: Plan, after: str) -> Edit:
    anchor = plan.program.ops[after]
    return plan.insert_after(anchor, do("b"), anchor)


def inserted(plan: Plan) -> int:
    """Count what was inserted."""
    return sum(len(overlay.inserted) for overlay in plan.overlays.values())


def edited() -> Plan:
    """Make a plan for all of these edits."""
    return plan_of(
        do("a"), nodes.Group("empty", body()), nodes.Group("g", body(do("b"), do("b"), do("c")))
    )


def look(plan: Plan) -> tuple[object, ...]:
    """Say everything a run can see of a plan."""
    return order(plan), sorted(plan.disabled), [plan.find(id_) is None for id_ in ("b", "b#2")]


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_can_be_undone(name: str) -> None:
    """The plan is as before, and the same edit can be made again."""
    plan = edited()
    if name == "enable":
        plan.disable(plan.program.ops["g/c"])
    before = look(plan)

    edit = EDITS[name](plan)
    assert edit is not None
    after = look(plan)
    plan.undo(edit)

    assert look(plan) == before != after
    EDITS[name](plan)
    assert look(plan) == after


@given(st.lists(st.sampled_from(sorted(EDITS)), max_size=12), st.integers(0, 12))
def test_edits_undone_youngest_first_leave_no_trace(names: list[str], kept: int) -> None:
    """Whatever was edited before and after: a failed attempt takes its own edits back only."""
    plan = edited()
    looks = [look(plan)]
    done: list[Edit] = []
    for name in names:
        edit = EDITS[name](plan)
        if edit is not None and not (edit.kind == "remove" and edit.op.id in _gone(done)):
            done.append(edit)
            looks.append(look(plan))

    while len(done) > kept:
        plan.undo(done.pop())
        looks.pop()
        assert look(plan) == looks[-1]


def _gone(done: list[Edit]) -> set[str]:
    return {edit.op.id for edit in done if edit.kind == "remove"}


# ---------------------------------------------------------------- starting over


def test_a_body_that_starts_over_has_what_was_declared() -> None:
    """However deep something was inserted or removed, and what was inserted into that."""
    plan = plan_of(
        until("l", nodes.Choice("c", (("?", body(do("a"))),)), parallel("p", x=do("b")), do("d")),
        do("z"),
    )
    before = order(plan)
    ops = plan.program.ops
    first = plan.insert_after(ops["l/c/a"], stage("new", do("q")), ops["l/c/a"]).op
    plan.insert_after(first, do("more"), first)
    plan.insert_after(ops["l/p/x/b"], do("new"), ops["l/p/x/b"])
    plan.insert_after(ops["l/d"], do("new"), ops["l/d"])
    plan.remove(ops["l/p/x/b"])
    assert order(plan) != before

    plan.restart(ops["l"])

    assert order(plan) == before
    assert plan.find("l/c/new/q") is None
    assert plan.insert_after(ops["l/d"], do("new"), ops["l/d"]).op.id == "l/new"


def test_starting_over_leaves_the_rest_alone() -> None:
    """What was edited outside the body stays."""
    plan = plan_of(do("a"), until("l", do("b")), do("z"))
    ops = plan.program.ops
    plan.insert_after(ops["a"], do("new"), ops["a"])
    plan.remove(ops["z"])

    plan.restart(ops["l"])

    assert order(plan) == ["a", "new", "l", "l/b"]


def test_starting_over_takes_back_what_the_body_put_elsewhere() -> None:
    """Else each attempt would add another one."""
    plan = plan_of(nodes.Retry("r", body(do("a")), "often"), stage("s", do("b")), do("z"))
    ops = plan.program.ops
    plan.append(ops["s//around//inside"], do("new"), by=ops["r/a"])
    plan.append(ops["s//around//inside"], do("kept"), by=ops["z"])

    plan.restart(ops["r"])

    assert order(plan) == ["r", "r/a", "s", "s/b", "s/kept", "z"]


def test_the_next_item_keeps_what_the_last_one_put_elsewhere() -> None:
    """Its body begins anew; what it added to another stage is a result of its work."""
    plan = plan_of(each("f", do("a")), stage("s", do("b")))
    ops = plan.program.ops
    plan.append(ops["s//around//inside"], do("new"), by=ops["f/a"])
    plan.insert_after(ops["f/a"], do("near"), by=ops["f/a"])

    plan.next_item(ops["f"])

    assert order(plan) == ["f", "f/a", "s", "s/b", "s/new"]


def test_a_failed_stage_takes_back_the_stages_it_added() -> None:
    """They were to run when it succeeds."""
    hand = Hand(stage("s", do("a"), do("b")), do("z"))
    hand.until("call s/a")
    ops = hand.program.ops
    hand.plan.insert_after(ops["s"], stage("more", do("x")), by=ops["s/a"])

    trace = hand.play({"call s/b": [fx.Failed(ValueError())], "close s//around": [fx.Closed()]})

    assert trace[-2:] == ["call z", "close"]
    assert order(hand.plan) == ["s", "s/a", "s/b", "z"]


def test_the_tail_is_where_the_next_added_stage_goes() -> None:
    """Behind those that steps of the same stage have added, and what those added themselves."""
    plan = plan_of(stage("s", do("a"), do("b")), do("z"))
    ops = plan.program.ops
    assert plan.tail(ops["s"]) is ops["s"]

    one = plan.insert_after(plan.tail(ops["s"]), stage("one"), by=ops["s/a"]).op
    assert plan.tail(ops["s"]) is one
    plan.insert_after(plan.tail(ops["s"]), stage("two"), by=ops["s/b"])
    plan.append(ops["s//around//inside"], do("new"), by=ops["z"])

    assert [id_ for id_ in order(plan) if "/" not in id_] == ["s", "one", "two", "z"]


# ---------------------------------------------------------------- zones


def test_items_side_by_side_do_not_see_each_other_s_edits() -> None:
    """What one inserts or removes counts for it alone."""
    hand = Hand(each("f", do("a"), do("b"), concurrency=2), do("z"))
    hand.feed(fx.Listed("xy"))
    ops = hand.program.ops
    first, second = hand.machine.root.children.values()
    assert first.zone != second.zone
    hand.plan.insert_after(ops["f/a"], do("new"), ops["f/a"], first.zone)
    hand.plan.remove(ops["f/b"], second.zone)

    hand.machine.feed(first, fx.Done())
    hand.machine.feed(second, fx.Done())

    assert hand.wanted == ["call f/new"]
    assert order(hand.plan) == ["f", "f/a", "f/b", "z"]


def test_a_zone_is_gone_with_its_item() -> None:
    """The next one begins with what was declared, under whatever key."""
    hand = Hand(each("f", do("a"), concurrency=2))
    hand.feed(fx.Listed("xyz"))
    ops = hand.program.ops
    first = hand.machine.root.children[0]
    hand.plan.insert_after(ops["f/a"], do("new"), ops["f/a"], first.zone)
    hand.machine.feed(first, fx.Done())
    assert first.zone in hand.plan.overlays

    hand.machine.feed(first, fx.Done())

    assert first.zone not in hand.plan.overlays
    assert hand.plan.find("f/new", first.zone) is None


def test_branches_inside_an_item_share_its_zone() -> None:
    """Only items side by side are apart."""
    hand = Hand(each("f", parallel("p", x=do("a"), y=do("b")), concurrency=2))
    hand.feed(fx.Listed("i"))

    (item,) = hand.machine.root.children.values()
    assert {child.zone for child in item.children.values()} == {item.zone}
    assert item.zone == item.key


def test_names_inserted_in_different_zones_do_not_meet() -> None:
    """The same insertion has the same id in every item."""
    plan = plan_of(each("f", do("a")))
    step = plan.program.ops["f/a"]

    ids = [plan.insert_after(step, do("new"), step, zone).op.id for zone in (1, 2)]

    assert ids == ["f/new", "f/new"]


def test_walking_goes_into_the_zones_it_is_told() -> None:
    """So that an item finds what it has inserted itself."""
    plan = plan_of(each("f", do("a")), do("z"))
    step = plan.program.ops["f/a"]
    plan.insert_after(step, do("new"), step, 5)

    inside = [op.id for op in plan.walk(zones={"f//item": 5}) if not op.hidden]

    assert inside == ["f", "f/a", "f/new", "z"]
    assert order(plan) == ["f", "f/a", "z"]


def test_ahead_is_what_may_still_come() -> None:
    """Later siblings with all they hold, then those of the parents."""
    plan = plan_of(
        do("a"), nodes.Group("g", body(do("b"), nodes.Group("h", body(do("c"))), do("d"))), do("e")
    )
    plan.remove(plan.program.ops["g/d"])

    ahead = list(plan.ahead(plan.program.ops["g/b"], {}))

    assert [op.id for op, _ in ahead] == ["g/h", "g/h/c", "e"]
    assert {zone for _, zone in ahead} == {0}


def test_ahead_knows_the_zone_of_each() -> None:
    """Inside the item it is the item's, after it the run's."""
    plan = plan_of(each("f", do("a"), do("b")), do("z"))
    zones = {"f//item": 3}

    ahead = [(op.id, zone) for op, zone in plan.ahead(plan.program.ops["f/a"], zones)]

    assert ahead == [("f/b", 3), ("z", 0)]


def test_a_plan_without_edits_leads_where_the_program_does() -> None:
    """Arms, branches and bodies count as what their step holds."""
    plan = plan_of(
        nodes.Choice("c", (("?", body(do("a"))),), body(do("b"))),
        parallel("p", x=do("a"), y=do("b")),
        each("f", do("a")),
    )

    assert order(plan) == ["c", "c/a", "c/b", "p", "p/x", "p/x/a", "p/y", "p/y/b", "f", "f/a"]
    assert [op.id for op in plan.walk(plan.program.ops["p"])] == ["p/x", "p/x/a", "p/y", "p/y/b"]
