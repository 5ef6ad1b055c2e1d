"""The lists that show the actions of a stage and the stages of a workflow."""

from __future__ import annotations

import operator
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._author.action import Action
from gostage._author.flow import Stage
from gostage._author.workflow import WorkflowDefinition
from gostage._engine import nodes
from gostage.errors import DefinitionError, DuplicateName
from tests.author.samples import is_ready, load, plain, save

NAMES = list("abcdef")


def workflow(*ids: str) -> WorkflowDefinition:
    """A workflow of stages with a timer in front and one behind."""
    made = WorkflowDefinition("w").sleep("first", 1)
    return made.add(*map(Stage, ids)).sleep("last", 1)


def test_the_actions_of_a_stage_are_shown_in_order() -> None:
    """Named steps show their action; what is no action is not shown."""
    stage = Stage("s", load).wait_for("w", is_ready).do("named", save)

    assert stage.actions == [load, save]
    assert list(stage.actions) == [load, save]
    assert len(stage.actions) == 2
    assert stage.actions[1] is save
    assert stage.actions[-1:] == [save]
    assert load in stage.actions
    assert stage.actions != [save, load]
    assert stage.actions != (load, save)
    assert repr(stage.actions) == "[<action 'load'>, <action 'save!'>]"
    assert operator.add(stage.actions, [plain]) == [load, save, plain]
    assert stage.actions.copy() == [load, save]


def test_a_view_has_no_hash() -> None:
    """What can be changed has none, as a list."""
    with pytest.raises(TypeError):
        hash(Stage("s").actions)


def test_changing_the_list_changes_the_stage() -> None:
    """Functions become actions; other items keep their places."""
    stage = Stage("s", load).wait_for("w", is_ready)

    stage.actions.append(plain)  # type: ignore[arg-type]
    stage.actions.insert(0, save)
    stage.actions += [load]

    names = [item.name for item in stage.items if isinstance(item, (Action, nodes.Wait))]
    assert names == ["save!", "load", "w", "plain", "load"]


def test_named_steps_keep_their_names_when_they_move() -> None:
    """Sorting moves the node, not just its action."""
    stage = Stage("s").do("second", save).do("first", load)

    stage.actions.sort(key=lambda action: action.name)

    assert [item.name for item in stage.items if isinstance(item, nodes.Do)] == ["first", "second"]


def test_an_assigned_list_replaces_all_actions() -> None:
    """The property can be assigned to; other items stay."""
    stage = Stage("s", load, load).wait_for("w", is_ready)

    stage.actions = [save]

    assert stage.actions == [save]
    assert len(stage.items) == 2


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        pytest.param(lambda v: v.reverse(), "cba", id="reverse"),
        pytest.param(lambda v: v.pop(1), "ac", id="pop"),
        pytest.param(lambda v: v.remove(v[0]), "bc", id="remove"),
        pytest.param(lambda v: v.insert(1, Stage("x")), "axbc", id="insert"),
        pytest.param(lambda v: v.insert(99, Stage("x")), "abcx", id="insert behind"),
        pytest.param(lambda v: v.append(Stage("x")), "abcx", id="append"),
        pytest.param(lambda v: v.extend([Stage("x"), Stage("y")]), "abcxy", id="extend"),
        pytest.param(lambda v: v.clear(), "", id="clear"),
        pytest.param(lambda v: v.__setitem__(0, Stage("x")), "xbc", id="set"),
        pytest.param(lambda v: v.__setitem__(slice(1, 3), [Stage("x")]), "ax", id="set slice"),
        pytest.param(lambda v: v.__delitem__(slice(0, 2)), "c", id="delete slice"),
        pytest.param(lambda v: v.sort(key=lambda s: s.id, reverse=True), "cba", id="sort"),
    ],
)
def test_a_view_changes_like_a_list(change: Any, ids: str) -> None:
    """Whatever a list can do, with the other items where they were."""
    made = workflow("a", "b", "c")

    change(made.stages)

    assert [stage.id for stage in made.stages] == list(ids)
    assert isinstance(made.items[0], nodes.Sleep)
    assert sum(isinstance(item, nodes.Sleep) for item in made.items) == 2


@given(st.permutations(NAMES), st.randoms(use_true_random=False))
def test_stages_can_be_shuffled(ids: list[str], chance: random.Random) -> None:
    """Swapping two puts one of them twice for a moment, which is no mistake."""
    made = workflow(*ids)
    plain_list = list(made.stages)
    state = chance.getstate()

    chance.shuffle(made.stages)
    chance.setstate(state)
    chance.shuffle(plain_list)

    assert made.stages == plain_list


def test_other_items_keep_their_neighbours() -> None:
    """What is inserted or taken out moves nothing across a step of another kind."""
    stage = Stage("s", load).sleep("t", 1).add(save)

    stage.actions.insert(0, plain)  # type: ignore[arg-type]
    assert [item.name for item in stage.items if isinstance(item, (Action, nodes.Sleep))] == [
        "plain",
        "load",
        "t",
        "save!",
    ]
    del stage.actions[0:2]
    assert [item.name for item in stage.items if isinstance(item, (Action, nodes.Sleep))] == [
        "t",
        "save!",
    ]


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(-3, 8)),
        st.tuples(st.just("del"), st.integers(-3, 8)),
        st.tuples(st.just("reverse"), st.just(0)),
        st.tuples(st.just("cut"), st.integers(-3, 8)),
    ),
    max_size=12,
)


@given(EDITS)
def test_a_view_is_a_list_for_any_edits(edits: list[tuple[str, int]]) -> None:
    """The same edits on a plain list give the same."""
    stage = Stage("s", load).sleep("t", 1).do("named", save)
    model: list[Action[..., Any]] = [load, save]
    for kind, index in edits:
        for target in (stage.actions, model):
            if kind == "insert":
                target.insert(index, load)
            elif kind == "reverse":
                target.reverse()
            elif kind == "cut":
                del target[:index]
            elif -len(target) <= index < len(target):
                del target[index]

    assert stage.actions == model
    assert sum(isinstance(item, nodes.Sleep) for item in stage.items) == 1


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        pytest.param(
            Stage("a"), DuplicateName, "two items of workflow 'w' are called 'a'", id="dup"
        ),
        pytest.param(
            load, DefinitionError, "the stages of workflow 'w' must be stages, not", id="action"
        ),
        pytest.param(
            None, DefinitionError, "the stages of workflow 'w' must be stages, not None", id="None"
        ),
    ],
)
def test_what_cannot_stand_there_is_refused_and_nothing_changes(
    value: Any, error: type[Exception], message: str
) -> None:
    """A refused change leaves the list as it was."""
    made = workflow("a", "b")
    before = list(made.items)

    for change in (
        lambda: made.stages.append(value),
        lambda: made.stages.insert(1, value),
        lambda: made.stages.__setitem__(1, value),
    ):
        with pytest.raises(error) as caught:
            change()
        assert str(caught.value).startswith(message)
        assert made.items == before


def test_stages_can_be_assigned() -> None:
    """The property takes a list."""
    made = workflow("a", "b")

    made.stages = [Stage("x")]

    assert [stage.id for stage in made.stages] == ["x"]
