"""Stored definitions: JSON-able, complete, and refused with a sentence where they are not."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Annotated, Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._author.action import OPTIONS, Action, action
from gostage._author.dump import dump_workflow
from gostage._author.flow import Stage, Steps, steps
from gostage._author.function import Function
from gostage._author.header import Headed
from gostage._author.load import load_workflow
from gostage._author.tree import Flow
from gostage._author.workflow import WorkflowDefinition
from gostage._engine import nodes
from gostage._engine.backoff import exponential, fixed, jittered
from gostage._engine.policy import Retry
from gostage._engine.value import Value
from gostage._store.codec import Codec
from gostage._store.keys import Key
from gostage.errors import DefinitionError, NotFound, NotImportable, NotStorable
from tests.author import samples
from tests.author.samples import give_up, is_ready, load, pause, plain, save


def shape(thing: Any) -> Any:
    """Everything a definition says, as plain values that can be compared."""
    if isinstance(thing, Action):
        said = {name: shape(getattr(thing, name)) for name in OPTIONS}
        return type(thing), said, dict(thing.params), plain_function(thing.function)
    if isinstance(thing, Flow):
        return shape_of_flow(thing)
    if isinstance(thing, Function):
        return plain_function(thing), dict(thing.params), dict(thing.inputs)
    names = names_of(thing)
    if names is not None:
        return type(thing), {name: shape(getattr(thing, name)) for name in names}
    if isinstance(thing, (list, tuple)):
        return type(thing), [shape(each) for each in thing]
    return thing


def names_of(thing: object) -> list[str] | None:
    """The fields of a value, of either kind."""
    if isinstance(thing, Value):
        return list(thing.__slots__)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return [each.name for each in dataclasses.fields(thing) if each.compare]
    return None


def plain_function(function: Function) -> object:
    """What is called; a method without the instance, which is another one after reading."""
    return getattr(function.fn, "__func__", function.fn)


def shape_of_flow(flow: Flow) -> Any:
    """What a flow says, inside and about itself."""
    about: list[Any] = [flow.kind, [shape(item) for item in flow.items]]
    if isinstance(flow, Headed):
        about += [flow.id, flow.name, flow.description, flow.tags, flow.middleware]
        about += [{key: shape(value) for key, value in flow.initial.items()}]
    if isinstance(flow, Stage):
        node = flow.as_node()
        about += [shape(node.when), node.retry, node.timeout, node.isolate]
    if isinstance(flow, WorkflowDefinition):
        about += [type(flow), flow.version, flow.disabled]
    return about


class Special(WorkflowDefinition):
    """A subclass, as the runnable workflow is one."""


def again(workflow: WorkflowDefinition) -> WorkflowDefinition:
    """The workflow after a way through JSON."""
    return type(workflow).from_dict(json.loads(json.dumps(workflow.to_dict())))


def everything() -> Special:
    """A workflow that says everything that can be said."""
    bound = load.bind(batch=3, source="there").options(
        name="eu",
        tags=["eu"],
        description="Loads.",
        provides=Key("rows", list[int]),
        when=is_ready,
        retry=Retry(2, exponential(0.1), (OSError, ValueError), give_up),
        timeout=9,
        isolate=samples.PLACE,
        use=[samples.around_action],
        inputs={"source": "x.y"},
    )
    stage = (
        Stage(
            "s",
            bound,
            plain,
            name="Stage",
            description="D",
            tags=["t"],
            initial={"at": datetime(2024, 1, 2, tzinfo=timezone.utc)},
            when=load.bind(batch=1),
            retry=Retry(5, pause, OSError),
            timeout=60,
            isolate="process",
        )
        .use(samples.around)
        .set_initial("b", b"x", ttl=3, tags=["a"], props={"p": (1, 2)}, description="d")
    )
    inner = Special("inner", version=3).do("named", save.options(provides=None, timeout=None))
    workflow = Special("w", stage, name="W", description="All", tags=["x"], version="1")
    workflow.use(samples.around).set_initial("k", {1: 2})
    (
        workflow.steps("g", steps().steps("h", load))
        .wait_for("wait", is_ready, every=2, timeout=9)
        .case("c", Function.of(is_ready, params={"limit": 9}), load, otherwise=plain)
        .branch("b", (samples.Tools.look, load), (samples.Tools.check, save))
        .retry("r1", load, 2, fixed(1), OSError, give_up)
        .retry("r2", load, backoff=jittered(exponential(1, 3, 9), 0.1, random=samples.draw))
        .retry("r3", load, backoff=pause, on=(OSError,))
        .loop_until("lu", is_ready, load, max_passes=4)
        .loop_while("lw", is_ready, load)
        .parallel("p", name=load, self=steps().do(samples.Step()).do(samples.Guarded()))
        .for_each("f1", "rows", load, into=samples.total, concurrency=2, isolate=True)
        .for_each("f2", is_ready, load, into=samples.names, on_error="continue")
        .for_each("f3", Key("k", int | None, default=4), samples.copy_here)
        .sleep("sl", 1.5)
        .receive("re", into="answer", timeout=3)
        .receive("re2")
        .sub("sub", inner)
        .spawn("sp", load, backend=samples.PLACE, timeout=3)
        .spawn("sw", inner, backend="process")
        .stage("last", samples.a_lambda, samples.Step(name="own"))
        .do(samples.copy_here.options(name="there"))
        .do(samples.a_lambda.options(tags=["l"]))
    )
    workflow.put(nodes.Do("unnamed", load))
    workflow.disable(stage="last")
    workflow.disable(action="eu")
    return workflow


def test_a_definition_comes_back_as_it_was() -> None:
    """Through JSON, every kind of step and every option."""
    workflow = everything()

    assert shape(again(workflow)) == shape(workflow)


def test_the_way_back_and_forth_settles() -> None:
    """A definition that was read is written the same."""
    data = everything().to_dict()

    assert Special.from_dict(data).to_dict() == data


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda workflow: pickle.loads(pickle.dumps(workflow)), id="pickle"),
    ],
)
def test_a_definition_can_be_copied_and_pickled(way: Any) -> None:
    """By value, where by reference is not enough."""
    workflow = WorkflowDefinition("w", initial={"k": [1]}).do("x", load.bind(batch=2))
    workflow.add(Stage("s", save, samples.Guarded(), when=is_ready).use(samples.around))

    made = way(workflow)

    assert shape(made) == shape(workflow)
    assert made.items[1] is not workflow.items[1]


def test_writing_changes_nothing() -> None:
    """Neither the workflow nor, later, the data."""
    workflow = everything()
    before = shape(workflow)
    data = workflow.to_dict()
    copy = json.loads(json.dumps(data))

    Special.from_dict(data)

    assert shape(workflow) == before
    assert json.loads(json.dumps(data)) == copy


def test_a_stored_definition_is_readable() -> None:
    """What is not said is not written."""
    workflow = WorkflowDefinition("w").stage("s", load.bind(batch=2), plain).do("x", load)

    assert workflow.to_dict() == {
        "gostage": 1,
        "kind": "workflow",
        "id": "w",
        "items": [
            {
                "kind": "stage",
                "id": "s",
                "items": [
                    {
                        "kind": "action",
                        "action": "tests.author.samples:load",
                        "params": {"batch": 2},
                    },
                    {"kind": "action", "action": "tests.author.samples:plain"},
                ],
            },
            {"kind": "do", "name": "x", "action": "tests.author.samples:load"},
        ],
    }


ACTIONS = st.sampled_from(
    [
        load,
        save,
        plain,
        load.bind(batch=2),
        load.options(name="other", tags=["x"], timeout=3, when=is_ready),
        samples.Step(),
        samples.Step(name="mine", retry=Retry(2)),
        samples.copy_here,
    ]
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=1)


def bodies(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Steps with one more step of any kind around a body."""
    builders: list[Any] = [
        lambda flow, name, body: flow.steps(name, body),
        lambda flow, name, body: flow.case(name, is_ready, body, otherwise=steps().do(load)),
        lambda flow, name, body: flow.retry(name, body, 2, fixed(1), (OSError, KeyError)),
        lambda flow, name, body: flow.loop_while(name, is_ready, body, 3),
        lambda flow, name, body: flow.parallel(name, a=body, b=load),
        lambda flow, name, body: flow.for_each(name, "rows", body, concurrency=3),
        lambda flow, name, body: flow.spawn(name, body, timeout=3),
        lambda flow, name, body: flow.sub(name, WorkflowDefinition(name, Stage(name, *body.items))),
        lambda flow, name, body: flow.add(Stage(name, *body.items, tags=[name])),
        lambda flow, name, body: flow.sleep(name, 2).steps(name + "'", body),
    ]
    return st.builds(
        lambda build, name, body, end: build(steps(), name, body).do(end),
        st.sampled_from(builders),
        WORDS,
        inner,
        ACTIONS,
    )


TREES: st.SearchStrategy[Steps] = st.recursive(
    st.lists(ACTIONS, max_size=3).map(lambda actions: steps(*actions)), bodies, max_leaves=6
)


@given(TREES, WORDS, st.dictionaries(WORDS, st.integers() | st.binary() | st.tuples(st.floats())))
def test_any_tree_comes_back_as_it_was(body: Steps, id_: str, initial: dict[str, Any]) -> None:
    """Whatever is nested in whatever."""
    workflow = WorkflowDefinition(id_, *body.items, initial=initial, tags=[id_])

    back = again(workflow)

    assert repr(shape(back)) == repr(shape(workflow))  # repr, since nan differs from itself


@pytest.mark.parametrize(
    "annotation",
    [
        int,
        int | None,
        tuple[int, ...],
        Literal["a", 1],
        dict[str, list[Literal[True]]],
        Callable[[int], str],
        Optional["Special"],
        list["Special"],
        "Special",
        Special,
        None,
        Any,
    ],
    ids=str,
)
def test_the_type_of_a_key_comes_back(annotation: Any) -> None:
    """Classes by reference, and everything that is made of them."""
    flow = WorkflowDefinition("w").receive("r", into=Key("k", annotation))

    (node,) = again(flow).items

    assert isinstance(node, nodes.Receive)
    assert node.into == Key("k", annotation)


def test_what_an_annotation_says_beside_its_type_is_left_out() -> None:
    """It says nothing about the values, and may be anything."""
    flow = WorkflowDefinition("w").receive("r", into=Key("k", Annotated[int, object()]))

    (node,) = again(flow).items

    assert isinstance(node, nodes.Receive)
    assert node.into == Key("k", int)


class Money:
    """A type that only a codec of one's own knows."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


def test_a_codec_of_ones_own_writes_and_reads_the_values() -> None:
    """Those of the initial data, and what is bound to actions."""
    codec = Codec()
    codec.register(Money, "money", lambda money: money.cents, Money)
    flow = WorkflowDefinition("w", initial={"k": Money(1)}).do("x", load.bind(batch=Money(2)))

    data = json.loads(json.dumps(dump_workflow(flow, codec)))
    made = load_workflow(data, WorkflowDefinition, codec)

    (action_,) = made.find_actions()
    assert made.initial["k"].value.cents == 1  # type: ignore[attr-defined]
    assert action_.params["batch"].cents == 2  # type: ignore[attr-defined]
    with pytest.raises(NotStorable, match="initial value 'k' of workflow 'w'"):
        flow.to_dict()


def test_the_class_of_the_caller_is_made_inside_too() -> None:
    """Sub workflows are of the class that reads."""
    read = again(Special("w").sub("s", WorkflowDefinition("inner").do(load)))

    assert isinstance(read.items[0], nodes.Sub)
    assert type(read.items[0].workflow) is Special


def inside() -> Any:
    """Gives an action that nobody else can find."""

    @action
    def hidden(ctx: object) -> None: ...

    return hidden


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(
            lambda: WorkflowDefinition("w").stage("s", load, lambda ctx: 1),
            "the action of step 's/lambda' cannot be found again by another process: "
            "it is a lambda",
            id="lambda",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").steps("g", steps().do("x", inside())),
            "the action of step 'g/x' cannot be found again by another process: "
            "it is defined inside the function 'inside'",
            id="closure",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").do(load).do(samples.Copy("there")),
            "the action of step 'Copy' cannot be found again by another process: "
            "this Copy has state of its own (path)",
            id="instance with state",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").do(samples.Slotted()),
            "the action of step 'Slotted' cannot be found again by another process: "
            "this Slotted has state of its own (place)",
            id="instance with state in slots",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").wait_for("x", lambda: True),
            "the condition of step 'x' cannot be found again by another process: it is a lambda",
            id="condition",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").branch("x", (is_ready, load), (lambda: True, load)),
            "condition 2 of step 'x' cannot be found",
            id="second condition",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").retry("x", load, backoff=lambda attempt: 1.0),
            "backoff of step 'x' cannot be found",
            id="backoff",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").retry("x", load, handler=lambda *args: False),
            "handler of step 'x' cannot be found",
            id="handler",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").for_each("x", lambda: [1], load),
            "over= of step 'x' cannot be found",
            id="over",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").receive("x", Key("k", int, lambda a, b: a)),
            "the merge of Key('k', int) in step 'x' cannot be found",
            id="merge",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").stage("s", when=lambda: True),
            "when= of stage 's' cannot be found",
            id="when",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").parallel(
                "p", a=steps().loop_until("l", is_ready, inside())
            ),
            "the action of step 'p/a/l/hidden' cannot be found",
            id="deep",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").do(load).do(inside()).do(inside()),
            "the action of step 'hidden' cannot be found",
            id="first of two",
        ),
    ],
)
def test_code_that_cannot_be_found_again_is_named_with_its_step(build: Any, message: str) -> None:
    """The path of the step, the reason, and what to do."""
    with pytest.raises(NotImportable) as caught:
        build().to_dict()

    assert str(caught.value).startswith(message)
    assert caught.value.hint


def test_middleware_that_cannot_be_found_again() -> None:
    """It is named with what it stands around."""

    def hidden(run: object) -> Any:
        yield

    with pytest.raises(NotImportable, match="middleware 'hidden' of stage 's' at 's' cannot"):
        WorkflowDefinition("w").add(Stage("s").use(hidden)).to_dict()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(
            lambda: WorkflowDefinition("w", initial={"k": object()}),
            "initial value 'k' of workflow 'w': ",
            id="initial",
        ),
        pytest.param(
            lambda: WorkflowDefinition("w").stage("s", load.bind(batch=object())),
            "parameter 'batch' of the action of step 's/load': ",
            id="parameter",
        ),
    ],
)
def test_values_that_cannot_be_stored_are_named(build: Any, message: str) -> None:
    """The error says where the value stands."""
    with pytest.raises(NotStorable) as caught:
        build().to_dict()

    assert str(caught.value).startswith(message)


def stored(**changes: Any) -> dict[str, Any]:
    """A small stored definition, changed."""
    return {"gostage": 1, "kind": "workflow", "id": "w", "items": [], **changes}


LOAD = {"kind": "action", "action": "tests.author.samples:load"}


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        pytest.param(3, "the definition must be an object, not 3", "from_dict()", id="number"),
        pytest.param(
            {}, "this is no definition of version 1: it says None", "from_dict()", id="empty"
        ),
        pytest.param(
            stored(gostage=2), "this is no definition of version 1: it says 2", "", id="version"
        ),
        pytest.param(
            stored(kind="stage"), "the definition is a 'stage', not a workflow", "", id="kind"
        ),
        pytest.param(
            {"gostage": 1, "kind": "workflow", "items": []},
            "the definition has no 'id'",
            "",
            id="id",
        ),
        pytest.param(
            stored(items=3), "'items' of the definition must be a list, not 3", "", id="3"
        ),
        pytest.param(
            stored(tagz=[]),
            "the definition has the unknown key 'tagz', which a workflow cannot have",
            "did you mean 'tags'?",
            id="key",
        ),
        pytest.param(
            stored(items=[{"kind": "slep"}]),
            "items 1 of the definition has the unknown kind 'slep'",
            "did you mean 'sleep' or 'steps'?",
            id="unknown step",
        ),
        pytest.param(
            stored(items=[{"kind": 3}]),
            "items 1 of the definition has the unknown kind 3",
            "known are action, do,",
            id="number as kind",
        ),
        pytest.param(
            stored(items=[{"kind": "sleep", "name": "s", "seconds": 1, "second": 2}]),
            "'s' in the definition has the unknown key 'second', which 'sleep' cannot have",
            "did you mean 'seconds'?",
            id="key of a step",
        ),
        pytest.param(
            stored(items=[{"kind": "sleep", "name": "s"}]),
            "'s' in the definition has no",
            "",
            id="-",
        ),
        pytest.param(
            stored(items=[{"kind": "sleep", "name": "s", "seconds": "x"}]),
            "time of sleep 's' must be a number or a timedelta, not 'x'",
            "",
            id="value",
        ),
        pytest.param(
            stored(items=[{**LOAD, "options": {"timout": 3}}]),
            "the options of items 1 of the definition has the unknown option 'timout'",
            "did you mean 'timeout'?",
            id="option",
        ),
        pytest.param(
            stored(items=[{**LOAD, "params": {"bacth": 3}}]),
            "action 'load' has no parameter 'bacth' to bind",
            "did you mean 'batch'?",
            id="parameter",
        ),
        pytest.param(
            stored(items=[{**LOAD, "params": 3}]),
            "'params' of items 1 of the definition must be an object, not 3",
            "",
            id="parameters",
        ),
        pytest.param(
            stored(items=[{"kind": "action", "action": 3}]),
            "items 1 of the definition must name code as 'module:name', not 3",
            "",
            id="reference",
        ),
        pytest.param(
            stored(use=["tests.author.samples:plain"]),
            "middleware 'plain' is not a generator function",
            "",
            id="middleware",
        ),
        pytest.param(
            stored(disabled="s"),
            "'disabled' of the definition must be a list, not 's'",
            "",
            id="off",
        ),
        pytest.param(
            stored(disabled=[3]),
            "'disabled' of the definition must be a list of texts, not [3]",
            "",
            id="paths",
        ),
        pytest.param(
            stored(
                items=[
                    {
                        "kind": "retry",
                        "name": "r",
                        "attempts": 1,
                        "backoff": {"kind": "fixd"},
                        "body": [],
                    }
                ]
            ),
            "the backoff of 'r' in the definition has the unknown kind 'fixd'",
            "did you mean 'fixed'?",
            id="backoff",
        ),
        pytest.param(
            stored(items=[{"kind": "steps", "name": "g", "body": [{"kind": "x"}]}]),
            "body 1 of 'g' in the definition has the unknown kind 'x'",
            "",
            id="deep",
        ),
    ],
)
def test_data_that_makes_no_sense_is_refused(data: Any, message: str, hint: str) -> None:
    """With the place where it stands, and the closest thing that is known."""
    with pytest.raises(DefinitionError) as caught:
        WorkflowDefinition.from_dict(data)

    assert str(caught.value).startswith(message)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        pytest.param("no_such_module:x", NotImportable, id="module"),
        pytest.param("tests.author.samples:zzz", NotFound, id="name"),
    ],
)
def test_code_that_is_not_here_is_named_with_its_place(
    reference: str, error: type[Exception]
) -> None:
    """The error says which step asks for it."""
    data = stored(items=[{"kind": "do", "name": "x", "action": reference}])

    with pytest.raises(error) as caught:
        WorkflowDefinition.from_dict(data)

    assert str(caught.value).startswith("'x' in the definition: ")
