"""The workflow as a definition: what is in it, how it is found and switched off."""

from __future__ import annotations

from typing import Any

import pytest

from gostage._author.action import Action
from gostage._author.flow import Stage, steps
from gostage._author.middleware import Layer
from gostage._author.walk import walk
from gostage._author.workflow import WorkflowDefinition
from gostage._engine.ops import Op
from gostage._engine.program import compile_definition
from gostage.errors import DefinitionError, NotFound
from tests.author.samples import Step, around, is_ready, load, plain, save


class Special(WorkflowDefinition):
    """A subclass, as the runnable workflow is one."""


def everything() -> WorkflowDefinition:
    """A workflow with every kind of step and names that repeat."""
    return (
        WorkflowDefinition("w")
        .stage("extract", load, save, load, tags=["first"])
        .add(Stage("check", load, Step(), tags=["slow"], name="The check", description="Looks."))
        .case("c", is_ready, steps().do("x", save).do(load), steps().do(load).do("y", load))
        .parallel("p", l=load, r=steps().do(save).do(save))
        .for_each("fe", "rows", Stage("inner", save))
        .sub("sub", WorkflowDefinition("other").stage("deep", save))
        .spawn("sp", plain)
        .retry("r", load)
        .loop_until("lu", is_ready, load)
        .loop_while("lw", is_ready, steps().steps("g", save))
        .wait_for("wf", is_ready)
        .sleep("sl", 3)
        .receive("rc")
        .do(load)
    )


def test_a_workflow_has_a_header() -> None:
    """Everything it was told can be read."""
    workflow = WorkflowDefinition(
        "w", Stage("s"), name="Title", description="D", tags=["t"], initial={"k": 1}, version="2"
    ).use(around)

    assert (workflow.id, workflow.name, workflow.description) == ("w", "Title", "D")
    assert (workflow.tags, workflow.version) == (["t"], "2")
    assert workflow.initial["k"].value == 1
    assert workflow.middleware == (Layer.of(around, "workflow"),)
    assert [stage.id for stage in workflow.stages] == ["s"]
    assert repr(workflow) == "<workflow 'w'>"


def test_builder_methods_keep_the_class() -> None:
    """A chain on a subclass stays one."""
    workflow = Special("w").stage("s", load).do("x", load).use(around).add_tag("t")

    assert type(workflow) is Special


def test_a_walk_meets_everything_with_the_paths_of_a_run() -> None:
    """Paths are those that the compiled program has, numbers included."""
    workflow = everything()

    paths = [found.path for found in walk(workflow)]

    shown = [op for op in compile_definition(workflow).ops.values() if is_shown(op)]
    assert sorted(paths) == sorted(op.id.replace("//", "/") for op in shown)
    assert len(set(paths)) == len(paths)


def is_shown(op: Op) -> bool:
    """Whether the op stands for an item of the definition."""
    return not op.hidden and op.kind != "branch"


def test_a_walk_goes_in_the_order_of_the_definition() -> None:
    """Parents come before what is inside, and siblings as written."""
    paths = [found.path for found in walk(everything())]

    assert paths[:8] == [
        "extract",
        "extract/load",
        "extract/save!",
        "extract/load#2",
        "check",
        "check/load",
        "check/Step",
        "c",
    ]
    assert paths[8:12] == ["c/x", "c/load", "c/load#2", "c/y"]
    assert paths[-1] == "load"


def test_a_walk_is_as_deep_as_it_takes() -> None:
    """Deep nesting costs no recursion."""
    flow = steps().do("bottom", load)
    for number in range(3000):
        flow = steps().steps(f"g{number}", flow)

    assert sum(1 for _ in walk(flow)) == 3001


@pytest.mark.parametrize(
    ("question", "names"),
    [
        pytest.param({"stage": "check"}, ["load", "Step"], id="stage"),
        pytest.param({"stage": "extract", "tag": "io"}, ["load", "load"], id="stage and tag"),
        pytest.param({"name": "x"}, ["save!"], id="name of the step"),
        pytest.param({"name": "Step"}, ["Step"], id="name of the action"),
        pytest.param({"contains": "STE"}, ["Step"], id="contains"),
        pytest.param({"description": "function"}, ["plain"], id="description"),
        pytest.param({"type": Step}, ["Step"], id="type"),
        pytest.param({"expr": "class or nothing"}, ["Step"], id="expression"),
        pytest.param({"tags_all": ["class"]}, ["Step"], id="all tags"),
        pytest.param({"tags_any": []}, [], id="any of no tags"),
        pytest.param({"where": lambda a: a.timeout == 30, "stage": "inner"}, ["save!"], id="where"),
    ],
)
def test_actions_are_found(question: dict[str, Any], names: list[str]) -> None:
    """In order, wherever they stand; everything that is asked must hold."""
    assert [action.name for action in everything().find_actions(**question)] == names


def test_without_a_question_everything_is_found() -> None:
    """All actions, and all stages."""
    workflow = everything()

    assert len(workflow.find_actions()) == 19
    assert all(isinstance(action, Action) for action in workflow.find_actions())
    assert [stage.id for stage in workflow.find_stages()] == ["extract", "check", "inner", "deep"]


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        pytest.param({"name": "The check"}, ["check"], id="title"),
        pytest.param({"name": "check"}, ["check"], id="id"),
        pytest.param({"tag": "slow"}, ["check"], id="tag"),
        pytest.param({"expr": "not slow and not first"}, ["inner", "deep"], id="expression"),
        pytest.param({"description": "looks"}, ["check"], id="description"),
    ],
)
def test_stages_are_found(question: dict[str, Any], ids: list[str]) -> None:
    """By id or title, tags and description."""
    assert [stage.id for stage in everything().find_stages(**question)] == ids


def test_one_stage_is_found_by_its_id() -> None:
    """Wherever it stands."""
    assert everything().find_stage("deep").id == "deep"


@pytest.mark.parametrize(
    ("workflow", "id_", "hint"),
    [
        pytest.param(everything(), "chek", "did you mean 'check'?", id="close"),
        pytest.param(
            WorkflowDefinition("w").stage("a"), "zzz", "its stages are 'a'", id="nothing close"
        ),
        pytest.param(WorkflowDefinition("w"), "a", "it has no stages", id="none"),
    ],
)
def test_a_stage_that_is_not_there(workflow: WorkflowDefinition, id_: str, hint: str) -> None:
    """The error names what there is."""
    with pytest.raises(NotFound) as caught:
        workflow.find_stage(id_)

    assert str(caught.value) == f"workflow 'w' has no stage {id_!r}"
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("target", "paths"),
    [
        pytest.param({"action": "Step"}, {"check/Step"}, id="action"),
        pytest.param({"action": "load", "stage": "check"}, {"check/load"}, id="one action"),
        pytest.param({"action": "load#2"}, {"extract/load#2", "c/load#2"}, id="numbered"),
        pytest.param({"stage": "check"}, {"check"}, id="stage"),
        pytest.param(
            {"stage": "check", "kind": "action"}, {"check/load", "check/Step"}, id="its actions"
        ),
        pytest.param({"tag": "slow"}, {"check"}, id="tag of a stage"),
        pytest.param({"tag": "class"}, {"check/Step"}, id="tag of an action"),
        pytest.param({"tag": "slow", "kind": "action"}, set(), id="tag and kind"),
        pytest.param({"type": Step}, {"check/Step"}, id="type"),
        pytest.param(
            {"where": lambda i: "e" not in i.name and "a" not in i.name}, set(), id="where"
        ),
        pytest.param(
            {"kind": "stage"}, {"extract", "check", "fe/inner", "sub/deep"}, id="all of a kind"
        ),
        pytest.param({"action": "nothing"}, set(), id="nothing"),
    ],
)
def test_things_are_switched_off_and_on(target: dict[str, Any], paths: set[str]) -> None:
    """Both say how many matched; on is what there was before."""
    workflow = everything()

    assert workflow.disable(**target) == len(paths)
    assert workflow.disabled == paths
    assert workflow.disable(**target) == len(paths)
    assert workflow.enable(**target) == len(paths)
    assert workflow.disabled == frozenset()


def test_switching_on_touches_only_what_is_meant() -> None:
    """The rest stays off."""
    workflow = everything()
    workflow.disable(stage="check", kind="action")

    assert workflow.enable(action="Step") == 1
    assert workflow.disabled == {"check/load"}


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        pytest.param(
            {}, "it is not said which actions or stages are meant", "give action=", id="nothing"
        ),
        pytest.param(
            {"action": 3}, "action= must be a text, not 3", "for example action=", id="action"
        ),
        pytest.param(
            {"tag": ["a"]}, "tag= must be a text, not ['a']", "tags_all=[", id="several tags"
        ),
        pytest.param(
            {"type": "Step"},
            "type= must be a class or a tuple of classes, not 'Step'",
            "it is used as in isinstance",
            id="type",
        ),
        pytest.param(
            {"where": 3}, "where= must be a function of the item, not 3", "for example", id="where"
        ),
        pytest.param(
            {"kind": "stag"}, "kind= cannot be 'stag'", "did you mean 'stage'?", id="kind"
        ),
        pytest.param({"kind": 3}, "kind= cannot be 3", 'it is "action" or "stage"', id="kinds"),
        pytest.param(
            {"action": "a", "kind": "stage"},
            "action='a' and kind='stage' exclude each other",
            "take one of them out",
            id="both",
        ),
    ],
)
def test_a_target_without_sense_is_refused(target: dict[str, Any], message: str, hint: str) -> None:
    """Nothing is switched off by mistake."""
    workflow = everything()

    for switch in (workflow.disable, workflow.enable):
        with pytest.raises(DefinitionError) as caught:
            switch(**target)
        assert str(caught.value) == message
        assert caught.value.hint.startswith(hint)
    assert workflow.disabled == frozenset()


@pytest.mark.parametrize(
    ("question", "message"),
    [
        pytest.param({"name": 3}, "name= must be a text, not 3", id="name"),
        pytest.param({"stage": 3}, "stage= must be a text, not 3", id="stage"),
        pytest.param({"tags_all": "a"}, "tags of tags_all= must be a list of texts", id="tags"),
        pytest.param(
            {"expr": "a b"}, "cannot read the tag expression 'a b' at column 3", id="expr"
        ),
    ],
)
def test_a_question_without_sense_is_refused(question: dict[str, Any], message: str) -> None:
    """Mistakes raise, they do not find nothing."""
    with pytest.raises(DefinitionError) as caught:
        everything().find_actions(**question)

    assert str(caught.value).startswith(message)


def test_a_stage_can_be_named_by_itself() -> None:
    """Instead of its id, the stage will do."""
    workflow = everything()

    assert workflow.find_actions(stage=workflow.find_stage("inner")) == [save]
    assert workflow.disable(stage=workflow.find_stage("inner")) == 1
