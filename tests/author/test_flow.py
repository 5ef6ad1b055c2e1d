"""Steps and stages: every builder method, and every mistake it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gostage._author.action import Action
from gostage._author.flow import Stage, Steps, steps
from gostage._author.function import Function
from gostage._author.initial import InitialValue
from gostage._author.middleware import Layer
from gostage._author.workflow import WorkflowDefinition
from gostage._engine import nodes
from gostage._engine.backoff import fixed
from gostage._engine.policy import Retry
from gostage._store.keys import Key
from gostage.errors import DefinitionError, DuplicateName, TypeMismatch
from tests.author.samples import PLACE, around, is_ready, load, plain, save

READY = Function.of(is_ready)


def only(flow: Steps) -> Any:
    """The single item of a flow."""
    (item,) = flow.items
    return item


def test_every_method_changes_the_steps_and_gives_them_back() -> None:
    """Chains and separate calls build the same."""
    flow = steps()

    assert flow.do(load) is flow
    assert flow.add(save).do("x", load) is flow
    assert len(flow.items) == 3


def test_do_takes_an_action_by_its_own_name() -> None:
    """Such a step may be repeated; a plain function becomes an action."""
    flow = steps().do(load).do(load).do(plain)

    assert flow.items[:2] == [load, load]
    assert isinstance(flow.items[2], Action)
    assert flow.items[2].name == "plain"


def test_do_takes_a_name_for_the_step() -> None:
    """The node carries the action's own condition and retry."""
    guarded = load.options(when=is_ready, retry=Retry())

    node = only(steps().do("first", guarded))

    assert node == nodes.Do("first", guarded, named=True, when=READY, retry=Retry())


def test_a_group_holds_its_body() -> None:
    """The body is the very object, so that what is added later counts."""
    body = steps().do(load)

    node = only(steps().steps("group", body))

    assert node == nodes.Group("group", body)
    assert node.body is body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(load, id="action"),
        pytest.param(plain, id="function"),
        pytest.param(Stage("s", load), id="stage"),
        pytest.param(steps().do(load), id="steps"),
    ],
)
def test_a_body_may_be_an_action_a_function_a_stage_or_steps(body: Any) -> None:
    """All of them become steps; a stage stays a stage inside."""
    made = only(steps().steps("g", body)).body

    assert isinstance(made, Steps)
    assert len(made.items) == 1
    if isinstance(body, Stage):
        assert made.items[0] is body


def test_a_wait_asks_every_so_often() -> None:
    """Times are seconds or timedeltas."""
    node = only(steps().wait_for("w", is_ready, every=timedelta(seconds=5), timeout=600))

    assert node == nodes.Wait("w", READY, 5.0, 600.0)
    assert only(steps().wait_for("w", is_ready)) == nodes.Wait("w", READY, 1.0, None)


def test_a_case_is_a_branch_with_one_condition() -> None:
    """What is otherwise done may be left out."""
    body, rest = steps().do(load), steps().do(save)

    assert only(steps().case("c", is_ready, body)) == nodes.Choice("c", ((READY, body),), None)
    assert only(steps().branch("c", (is_ready, body), (is_ready, rest), otherwise=rest)) == (
        nodes.Choice("c", ((READY, body), (READY, rest)), rest)
    )


def test_a_condition_may_be_a_bound_action() -> None:
    """What is bound to it is bound in the condition."""
    node = only(steps().case("c", load.bind(batch=2), save))

    assert node.arms[0][0].params == {"batch": 2}


def test_a_retry_carries_its_policy() -> None:
    """The options are those of a Retry."""
    body = steps().do(load)

    def handler(ctx: object, error: Exception, attempt: int) -> bool:
        return False

    node = only(steps().retry("r", body, 5, fixed(1), OSError, handler))

    assert node == nodes.Retry("r", body, Retry(5, fixed(1), OSError, handler))
    assert only(steps().retry("r", body)).policy == Retry()


def test_loops_ask_first_or_last() -> None:
    """Until: the body first, and it ends when true. While: the other way round."""
    body = steps().do(load)

    assert only(steps().loop_until("l", is_ready, body)) == (
        nodes.Loop("l", READY, body, ends_on=True, asks_first=False, max_passes=None)
    )
    assert only(steps().loop_while("l", is_ready, body, max_passes=3)) == (
        nodes.Loop("l", READY, body, ends_on=False, asks_first=True, max_passes=3)
    )


def test_parallel_names_its_branches() -> None:
    """The names are those of the arguments, `name` and `self` included."""
    left, right = steps().do(load), steps().do(save)

    node = only(steps().parallel("p", name=left, self=right))

    assert node == nodes.Parallel("p", (("name", left), ("self", right)))


def test_for_each_goes_over_a_key_or_a_function() -> None:
    """A function is read like an action."""
    body = steps().do(load)
    into = Key("results", list)

    node = only(
        steps().for_each("f", "rows", body, into, concurrency=4, isolate=True, on_error="continue")
    )

    assert node == nodes.ForEach(
        name="f",
        over="rows",
        body=body,
        into=into,
        concurrency=4,
        on_error="continue",
        isolate=True,
    )
    assert only(steps().for_each("f", is_ready, body)).over == READY


def test_timers_signals_and_children() -> None:
    """The remaining kinds of step."""
    inner = WorkflowDefinition("inner").do(load)
    body = steps().do(load)

    flow = (
        steps()
        .sleep("s", timedelta(minutes=1))
        .receive("r", into="answer", timeout=3)
        .sub("w", inner)
        .spawn("c", body, backend="process", timeout=9)
        .spawn("cw", inner, backend=PLACE)
    )

    assert flow.items == [
        nodes.Sleep("s", 60.0),
        nodes.Receive("r", "answer", 3.0),
        nodes.Sub("w", inner),
        nodes.Spawn("c", body, "process", 9.0),
        nodes.Spawn("cw", inner, PLACE, None, is_workflow=True),
    ]


def test_a_stage_may_stand_anywhere() -> None:
    """In a workflow, in steps, and inside another stage."""
    inner = Stage("inner", load)

    for flow in (WorkflowDefinition("w"), steps(), Stage("outer")):
        flow.add(inner).stage("new", load, tags=["x"], when=is_ready)
        assert flow.items[0] is inner
        assert isinstance(flow.items[1], Stage)
        assert (flow.items[1].id, flow.items[1].tags) == ("new", ["x"])


def test_a_stage_has_a_header() -> None:
    """Everything it was told can be read."""
    stage = Stage(
        "s",
        load,
        plain,
        name="The stage",
        description="Does it.",
        tags=["a"],
        initial={"k": 1},
        when=is_ready,
        retry=Retry(),
        timeout=timedelta(seconds=9),
        isolate="process",
    )

    assert (stage.id, stage.name, stage.description, stage.tags) == (
        "s",
        "The stage",
        "Does it.",
        ["a"],
    )
    assert (stage.when, stage.timeout, stage.isolate) == (READY, 9.0, "process")
    assert stage.initial == {"k": InitialValue(1)}
    assert stage.as_node() == nodes.Stage(
        "s", stage, when=READY, retry=Retry(), timeout=9.0, isolate="process"
    )
    assert repr(stage) == "<stage 's'>"
    assert Stage("t").name == "t"


def test_middleware_is_checked_where_it_is_used() -> None:
    """The first is the outermost; nothing is taken if one is refused."""
    stage = Stage("s")

    with pytest.raises(DefinitionError, match="not a generator function"):
        stage.use(around, plain)  # type: ignore[arg-type]
    assert stage.middleware == ()
    assert stage.use(around).middleware == (Layer.of(around, "stage"),)


def test_initial_data_is_copied_in() -> None:
    """Changing the value afterwards does not change the definition."""
    rows = [1]
    stage = Stage("s", initial={"a": rows}).set_initial(
        "b", rows, ttl=timedelta(seconds=3), tags=["t"], props={"p": 1}, description="d"
    )
    rows.append(2)

    assert stage.initial["a"].value == [1]
    assert stage.initial["b"] == InitialValue([1], 3.0, ("t",), {"p": 1}, "d")
    assert stage.initial["b"].options == {
        "ttl": 3.0,
        "tags": ["t"],
        "props": {"p": 1},
        "description": "d",
    }


def test_initial_data_under_a_secret_key_is_sensitive() -> None:
    """The key's promise holds for what the definition puts in, too."""
    stage = Stage("s").set_initial(Key("token", str, secret=True), "x")

    assert stage.initial["token"].tags == ("sensitive",)


def test_initial_data_of_the_wrong_type_is_refused() -> None:
    """A typed key refuses a wrong type when it is written."""
    with pytest.raises(TypeMismatch) as caught:
        Stage("s").set_initial(Key("n", int), "x")

    assert str(caught.value) == "initial value 'n' must be int, not str"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"ttl": "1d"}, "ttl of initial value 'k' must be a number", id="ttl"),
        pytest.param({"tags": "a"}, "tags of initial value 'k' must be a list", id="tags"),
        pytest.param({"props": 3}, "props of initial value 'k' must be a dict", id="props"),
        pytest.param({"description": 3}, "description of initial value 'k' must be", id="text"),
    ],
)
def test_options_of_initial_data_are_checked(options: dict[str, Any], message: str) -> None:
    """The error names the key."""
    with pytest.raises(DefinitionError) as caught:
        Stage("s").set_initial("k", 1, **options)

    assert str(caught.value).startswith(message)


SELF = Stage("self")
WORKFLOW = WorkflowDefinition("w")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(
            lambda: Stage(""),
            "the id of a stage must be a text that is not empty, not ''",
            id="id",
        ),
        pytest.param(
            lambda: Stage(" "),
            "the id of a stage must be a text that is not empty, not ' '",
            id="blank id",
        ),
        pytest.param(
            lambda: Stage(None),  # type: ignore[arg-type]
            "the id of a stage must be a text that is not empty, not None",
            id="no id",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").stage(Stage("s")),  # type: ignore[arg-type]
            "the id of a stage must be a text, not <stage 's'>",
            id="stage as id",
        ),
        pytest.param(
            lambda: Stage("s", None),  # type: ignore[arg-type]
            "stage 's' takes an action, not None",
            id="None",
        ),
        pytest.param(
            lambda: Stage("s", 3),  # type: ignore[arg-type]
            "stage 's' takes an action, not 3",
            id="number",
        ),
        pytest.param(
            lambda: Stage("s", Action),
            "stage 's' takes an action, and 'Action' is a class",
            id="class",
        ),
        pytest.param(
            lambda: Stage("s", steps()), "stage 's' takes an action, not <steps of 0>", id="steps"
        ),
        pytest.param(
            lambda: Stage("s", WORKFLOW),
            "stage 's' takes an action, not <workflow 'w'>",
            id="workflow",
        ),
        pytest.param(
            lambda: Stage("s", initial=3),  # type: ignore[arg-type]
            "initial= of stage 's' must be a dict, not 3",
            id="initial",
        ),
        pytest.param(
            lambda: Stage("s").set_initial("", 1),
            "initial data of stage 's': a store key must be a text that is not empty, or a Key, "
            "not an empty text",
            id="empty key",
        ),
        pytest.param(lambda: steps().do("x"), "step 'x' has no function", id="do"),  # type: ignore[call-overload]
        pytest.param(
            lambda: steps().do("", load),
            "the name of a step in these steps must be a text that is not empty, not ''",
            id="do without name",
        ),
        pytest.param(
            lambda: steps().do(Stage("s")),  # type: ignore[call-overload]
            "do() in these steps takes an action, not <stage 's'>",
            id="do a stage",
        ),
        pytest.param(
            lambda: steps().wait_for("w", True),  # type: ignore[arg-type]
            "the condition of wait 'w' must be a function that gives a bool, not True",
            id="condition",
        ),
        pytest.param(
            lambda: steps().wait_for("w", is_ready, every=0),
            "every= of wait 'w' must be above zero, not 0",
            id="every",
        ),
        pytest.param(
            lambda: steps().wait_for("w", is_ready, timeout=-1),
            "timeout= of wait 'w' must be zero or more, not -1",
            id="timeout",
        ),
        pytest.param(
            lambda: steps().case("c", None, load),  # type: ignore[arg-type]
            "condition 1 of branch 'c' must be a function that gives a bool, not None",
            id="case",
        ),
        pytest.param(lambda: steps().branch("b"), "branch 'b' has no condition", id="branch"),
        pytest.param(
            lambda: steps().branch("b", is_ready),  # type: ignore[arg-type]
            "number 1 of branch 'b' must be a pair of condition and body, not ",
            id="pair",
        ),
        pytest.param(
            lambda: steps().case("c", is_ready, None),  # type: ignore[arg-type]
            "the body of branch 'c' takes an action, not None",
            id="body",
        ),
        pytest.param(
            lambda: steps().case("c", is_ready, WORKFLOW),
            "the body of branch 'c' cannot be <workflow 'w'> itself",
            id="workflow as body",
        ),
        pytest.param(
            lambda: steps().retry("r", load, attempts=0),
            "retry 'r': attempts of a retry must be a whole number of at least 1, not 0",
            id="attempts",
        ),
        pytest.param(
            lambda: steps().loop_until("l", is_ready, load, max_passes=0),
            "max_passes= of loop 'l' must be a whole number of at least 1, not 0",
            id="passes",
        ),
        pytest.param(
            lambda: steps().parallel("p"), "parallel step 'p' has no branches", id="no branches"
        ),
        pytest.param(
            lambda: steps().parallel("p", **{"": load}),
            "the name of a branch of parallel step 'p' must be a text that is not empty, not ''",
            id="branch without name",
        ),
        pytest.param(
            lambda: steps().for_each("f", 3, load),  # type: ignore[arg-type]
            "over= of for_each 'f' must be a store key or a function that gives the items, not 3",
            id="over",
        ),
        pytest.param(
            lambda: steps().for_each("f", "rows", load, into=3),  # type: ignore[arg-type]
            "into= of for_each 'f': a store key must be",
            id="into",
        ),
        pytest.param(
            lambda: steps().for_each("f", "rows", load, concurrency=0),
            "concurrency= of for_each 'f' must be a whole number of at least 1, not 0",
            id="concurrency",
        ),
        pytest.param(
            lambda: steps().for_each("f", "rows", load, on_error="stpo"),  # type: ignore[arg-type]
            "on_error= of for_each 'f' cannot be 'stpo'",
            id="on_error",
        ),
        pytest.param(
            lambda: steps().sleep("s", -1),
            "time of sleep 's' must be zero or more, not -1",
            id="sleep",
        ),
        pytest.param(
            lambda: steps().sub("s", steps()),
            "sub 's' takes a workflow, not <steps of 0>",
            id="sub",
        ),
        pytest.param(
            lambda: steps().spawn("s", load, backend=3),  # type: ignore[arg-type]
            "backend= of spawn 's' must be true, false, a backend's name or an Isolate, not 3",
            id="backend",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w", version=1.5),  # type: ignore[arg-type]
            "version= of workflow 'w' must be a text or a number, not 1.5",
            id="version",
        ),
        pytest.param(
            lambda: SELF.add(SELF),
            "a body cannot contain itself: stage 'self', inside 'self'",
            id="self",
        ),
    ],
)
def test_a_mistake_is_refused_at_once(build: Any, message: str) -> None:
    """The error names the thing; the hint says what to do next."""
    with pytest.raises(DefinitionError) as caught:
        build()

    assert str(caught.value).startswith(message)
    assert caught.value.hint


def test_a_body_cannot_contain_itself_through_others() -> None:
    """The circle is found at the step that closes it."""
    outer, middle, inner = steps(), steps(), Stage("inner")
    outer.steps("m", middle)
    middle.case("c", is_ready, steps().do(load), otherwise=inner)

    with pytest.raises(
        DefinitionError, match="a body cannot contain itself: stage 'inner', inside 'back'"
    ):
        inner.parallel("back", a=steps().retry("r", outer))
    assert inner.items == []


def test_one_body_may_stand_in_several_places() -> None:
    """Sharing is no circle."""
    shared = steps().do(load)

    flow = steps().steps("a", shared).steps("b", shared).steps("c", steps().steps("d", shared))

    assert len(flow.items) == 3


def test_two_items_of_one_name_are_refused_with_both_places() -> None:
    """The error names the parent, the positions and the lines."""
    workflow = WorkflowDefinition("w").stage("load", plain).do("x", load)

    with pytest.raises(DuplicateName) as caught:
        workflow.stage("load")

    text = str(caught.value)
    assert text.startswith("two items of workflow 'w' are called 'load': number 1 (")
    assert f" and number 3 ({__file__}:" in text
    assert text.count("test_flow.py:") == 2
    assert caught.value.where.file == __file__
    assert len(workflow.items) == 2


@pytest.mark.parametrize(
    "repeat",
    [
        pytest.param(lambda flow: flow.do("x", load), id="do"),
        pytest.param(lambda flow: flow.sleep("x", 1), id="sleep"),
        pytest.param(lambda flow: flow.add(Stage("x")), id="stage"),
    ],
)
def test_names_are_unique_among_all_kinds_of_steps(repeat: Any) -> None:
    """A name is taken, whatever took it."""
    with pytest.raises(DuplicateName):
        repeat(steps().steps("x", load))


def test_a_name_is_free_again_when_its_item_is_gone() -> None:
    """Only what is there counts."""
    workflow = WorkflowDefinition("w").stage("a").stage("b")
    workflow.stages.pop(0)

    workflow.stage("a")

    assert [stage.id for stage in workflow.stages] == ["b", "a"]


def test_names_in_different_bodies_do_not_meet() -> None:
    """Only siblings must differ."""
    flow = steps().do("x", load).steps("g", steps().do("x", load))

    assert len(flow.items) == 2


def test_the_retry_option_and_the_retry_step_are_two_things() -> None:
    """A stage has both: one around itself, any number inside."""
    stage = Stage("s", retry=Retry(attempts=2)).retry("r", load)

    assert stage.as_node().retry == Retry(attempts=2)
    assert isinstance(only(stage), nodes.Retry)


def test_assigning_an_option_of_a_stage_checks_it() -> None:
    """What is kept is what an argument would have become."""
    stage = Stage("s")

    stage.when = is_ready
    stage.timeout = timedelta(seconds=3)

    assert (stage.when, stage.timeout) == (READY, 3.0)
    with pytest.raises(DefinitionError, match="timeout= of stage 's' must be above zero"):
        stage.timeout = 0


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda stage: setattr(stage, "timeout", 3), id="option"),
        pytest.param(lambda stage: stage.actions.reverse(), id="order"),
        pytest.param(lambda stage: stage.actions.__setitem__(0, plain), id="replaced"),
    ],
)
def test_what_does_not_change_the_length_is_counted(change: Any) -> None:
    """Whoever made something from the stage can see that it is out of date."""
    stage = Stage("s", load, save)
    before = stage.changes

    change(stage)

    assert stage.changes > before


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        pytest.param(None, "is a return missing where it comes from?", id="None"),
        pytest.param([], "put a star in front of it: Stage(id, *actions)", id="list"),
        pytest.param(
            3, "give a function, an @action or an instance of an Action class", id="number"
        ),
        pytest.param(steps(), "steps(name, body) appends a group of steps", id="steps"),
        pytest.param(
            WORKFLOW,
            "sub(name, workflow) appends another workflow, spawn(name, workflow) a child",
            id="workflow",
        ),
        pytest.param(Action, "give an instance of it: Action()", id="class"),
    ],
)
def test_the_hint_fits_what_was_given(value: Any, hint: str) -> None:
    """Each mistake has its own way out."""
    with pytest.raises(DefinitionError) as caught:
        Stage("s").add(value)

    assert caught.value.hint == hint
