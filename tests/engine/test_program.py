"""The program: every item has a stable id, and names say which is which."""

from __future__ import annotations

import pytest
from hypothesis import given

from gostage._engine import nodes
from gostage._engine.plan import Plan
from gostage._engine.program import Names, Program, as_node, children, compile_definition
from gostage.errors import DuplicateName
from tests.engine.hand import Flow, body, do, each, order, parallel, stage, until
from tests.engine.trees import trees


def program_of(*items: nodes.Item) -> Program:
    """Compile a flow of these items."""
    return compile_definition(Flow(list(items)))


def ids(*items: nodes.Item) -> list[str]:
    """List what is visible of these items."""
    return order(Plan(program_of(*items)))


def named(name: str) -> nodes.Do:
    """Make an action whose author gave its step a name."""
    return do(name, named=True)


@pytest.mark.parametrize(
    ("item", "below"),
    [
        pytest.param(nodes.Group("x", body(do("a"))), ["x/a"], id="group"),
        pytest.param(stage("x", do("a")), ["x/a"], id="stage"),
        pytest.param(stage("x", do("a"), retry="often"), ["x/a"], id="stage with a retry"),
        pytest.param(nodes.Retry("x", body(do("a")), "often"), ["x/a"], id="retry"),
        pytest.param(until("x", do("a")), ["x/a"], id="loop"),
        pytest.param(
            nodes.Choice("x", (("?", body(do("a"))),), body(do("b"))), ["x/a", "x/b"], id="choice"
        ),
        pytest.param(
            parallel("x", left=do("a"), right=do("a")),
            ["x/left", "x/left/a", "x/right", "x/right/a"],
            id="parallel",
        ),
        pytest.param(each("x", do("a")), ["x/a"], id="for each"),
        pytest.param(nodes.Sub("x", body(do("a"))), ["x/a"], id="sub"),
        pytest.param(nodes.Spawn("x", body(do("a"))), ["x/a"], id="spawn"),
        pytest.param(nodes.Wait("x", "?"), [], id="wait"),
        pytest.param(nodes.Sleep("x", 1), [], id="sleep"),
        pytest.param(nodes.Receive("x"), [], id="receive"),
    ],
)
def test_ids_are_the_names_on_the_way(item: nodes.Item, below: list[str]) -> None:
    """Wiring has no part in them."""
    assert ids(item, do("z")) == ["x", *below, "z"]


def test_an_action_that_stands_several_times_is_numbered() -> None:
    """Below each parent anew."""
    assert ids(do("load"), stage("s", do("load"), do("load")), do("load"), do("load")) == [
        "load",
        "s",
        "s/load",
        "s/load#2",
        "load#2",
        "load#3",
    ]


@pytest.mark.parametrize(
    "items",
    [
        pytest.param((named("a"), named("a")), id="two named actions"),
        pytest.param((do("a"), named("a")), id="an action and a named one"),
        pytest.param((do("a"), stage("a")), id="an action and a stage"),
        pytest.param((stage("a"), stage("a")), id="two stages"),
        pytest.param((nodes.Group("a", body()), until("a")), id="a group and a loop"),
    ],
)
def test_a_name_that_stands_twice_is_refused(items: tuple[nodes.Item, ...]) -> None:
    """The sentence names the parent and the name."""
    with pytest.raises(DuplicateName, match="two steps under 'flow' are called 'a'") as caught:
        program_of(*items)
    assert caught.value.hint

    with pytest.raises(DuplicateName, match="two steps under 'g' are called 'a'"):
        program_of(nodes.Group("g", body(*items)))


def test_the_same_name_may_stand_below_different_parents() -> None:
    """It is siblings that must differ."""
    assert ids(stage("s", named("a")), stage("t", named("a"))) == ["s", "s/a", "t", "t/a"]


def test_an_action_after_a_named_step_is_numbered() -> None:
    """The name is taken, and the action has none of its own to insist on."""
    assert ids(named("a"), do("a")) == ["a", "a#2"]


def test_arms_of_a_choice_may_hold_the_same_names() -> None:
    """Only one of them runs; their ids still differ."""
    arms = (("?", body(named("a"))), ("?", body(named("a"))))

    assert ids(nodes.Choice("c", arms, body(named("a"), do("b")))) == [
        "c",
        "c/a",
        "c/a#2",
        "c/a#3",
        "c/b",
    ]


def test_a_name_that_stands_twice_in_one_arm_is_refused() -> None:
    """There both would run."""
    with pytest.raises(DuplicateName):
        program_of(nodes.Choice("c", (("?", body(named("a"), named("a"))),)))


@pytest.mark.parametrize(
    "items",
    [
        pytest.param((nodes.Group("a", body(do("b"))), do("a/b")), id="slash"),
        pytest.param((do("a"), do("a"), do("a#2")), id="number"),
    ],
)
def test_two_steps_with_the_same_path_are_refused(items: tuple[nodes.Item, ...]) -> None:
    """An id belongs to one step alone."""
    with pytest.raises(DuplicateName, match="two steps of 'flow' have the path 'a"):
        program_of(*items)


def test_a_program_knows_its_ops_by_id() -> None:
    """The root has the empty one."""
    program = program_of(stage("s", do("a")))

    assert program.id == "flow"
    assert program.ops[""] is program.root
    assert all(program.ops[id_].id == id_ for id_ in program.ops)
    assert repr(program.ops["s/a"]) == "<action 's/a'>"


def test_what_stands_in_a_loop_or_a_for_each_is_repeated() -> None:
    """Its step key has to tell the passes apart; a retry is one step tried again."""
    program = program_of(
        until("l", nodes.Group("g", body(do("a")))),
        each("f", do("a")),
        nodes.Retry("r", body(do("a")), "often"),
    )

    repeated = [id_ for id_, op in program.ops.items() if op.is_repeated and not op.hidden]
    assert sorted(repeated) == ["f/a", "l/g", "l/g/a"]


def test_an_authoring_object_stands_in_a_body_as_itself() -> None:
    """Its node is made when the flow is compiled, from what it says then."""

    class Author:
        name = "early"

        def as_node(self) -> nodes.Node:
            return do(self.name)

    author = Author()
    items: list[nodes.Item] = [author]
    author.name = "late"

    assert list(compile_definition(Flow(items)).ops) == ["", "late"]
    assert as_node(do("a")) == do("a")


def test_deep_bodies_cost_no_recursion() -> None:
    """Two thousand groups in each other compile."""
    item: nodes.Item = do("a")
    for _ in range(2_000):
        item = nodes.Group("g", body(item))

    assert len(program_of(item).ops) == 2_002


@given(trees())
def test_links_agree_with_each_other(items: list[nodes.Item]) -> None:
    """Children know their parent, and the last child is the one without a next."""
    program = program_of(*items)

    for op in program.ops.values():
        below = list(children(op))
        assert all(child.parent is op for child in below)
        assert (below[0] if below else None) is op.first
        assert (below[-1] if below else None) is op.last
        assert op.parent is not None or op is program.root


@given(trees())
def test_the_same_definition_compiles_to_the_same_ids(items: list[nodes.Item]) -> None:
    """In the same order: positions depend on it."""
    first, second = program_of(*items), program_of(*items)

    assert list(first.ops) == list(second.ops)
    assert order(Plan(first)) == order(Plan(second))
    visible = [op.id for op in first.ops.values() if not op.hidden]
    assert sorted(visible) == sorted(order(Plan(first)))


def test_names_count_and_take_back() -> None:
    """What was forgotten is free again."""
    names = Names()

    assert [names.number("a") for _ in range(3)] == ["a", "a#2", "a#3"]
    names.forget("a")
    assert names.number("a") == "a#3"
    for _ in range(3):
        names.forget("a")
    assert names.counts == {}
