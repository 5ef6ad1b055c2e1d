"""Plans as texts: complete, made once, refused at the start where they would not do later."""

from __future__ import annotations

import copy
import functools
import json
from types import ModuleType

import pytest

from gostage import Action, Retry, Stage, Workflow, action, steps
from gostage._run.planned import PYTHON, changes, plan_of
from gostage._store.codec import Codec
from gostage.errors import DatabaseError, NotImportable, NotStorable
from tests.author import samples
from tests.author.samples import is_ready, load, plain, save


def simple() -> Workflow:
    return Workflow("w").do("a", load).wait_for("b", is_ready)


def test_a_plan_says_what_is_run_and_by_which_code() -> None:
    """The definition, its structure, and the fingerprints with the version they are of."""
    plan = plan_of(simple())

    data = json.loads(plan.json)
    assert list(data) == ["definition", "structure", "ways", "code", "python"]
    assert data["definition"] == simple().to_dict()
    assert data["structure"] == [["a", "action"], ["b", "wait"]]
    assert list(data["code"]) == ["tests.author.samples:is_ready", "tests.author.samples:load"]
    assert data["python"] == PYTHON
    assert len(plan.digest) == 24


def test_plans_that_say_the_same_have_one_digest() -> None:
    """Many runs share one; anything else in it makes another one."""
    others = [
        simple().do("c", load),
        Workflow("w").do("a", save).wait_for("b", is_ready),
        Workflow("w").do("a", load).wait_for("b", is_ready, every=3),
        Workflow("v").do("a", load).wait_for("b", is_ready),
    ]

    assert plan_of(simple()) == plan_of(simple())
    assert len({plan_of(each).digest for each in (simple(), *others)}) == 5


def test_a_plan_is_made_once_for_a_workflow() -> None:
    """Thousands of short runs share it."""
    flow = simple()

    assert plan_of(flow) is plan_of(flow)
    assert plan_of(copy.copy(flow)) == plan_of(flow)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda flow: flow.do("late", plain), id="a step"),
        pytest.param(lambda flow: flow.use(samples.around), id="middleware"),
        pytest.param(lambda flow: flow.set_initial("k", 2), id="initial data"),
        pytest.param(lambda flow: flow.add_tag("late"), id="a tag"),
        pytest.param(lambda flow: flow.disable(action="load"), id="what is off"),
        pytest.param(lambda flow: setattr(flow, "version", 2), id="the version"),
        pytest.param(lambda flow: setattr(flow, "description", "late"), id="the description"),
        pytest.param(lambda flow: flow.stages[0].set_initial("k", 2), id="of a stage"),
        pytest.param(lambda flow: setattr(flow.stages[0], "timeout", 3), id="a timeout"),
        pytest.param(lambda flow: setattr(flow.stages[0].actions[0], "timeout", 3), id="an option"),
    ],
)
def test_a_plan_is_made_again_when_the_workflow_was_changed(change) -> None:
    """Whatever it is that was changed."""
    flow = Workflow("w", Stage("s", load.options(name="load")), initial={"k": 1})
    before = plan_of(flow)

    change(flow)

    assert plan_of(flow).digest != before.digest


class Money:
    """What only a codec of one's own knows."""


def test_values_are_written_with_the_codec_of_the_run() -> None:
    """A plan that was made with another one is made again."""
    codec = Codec()
    codec.register(Money, "money", lambda money: 1, lambda data: Money())
    flow = Workflow("w", initial={"k": Money()}).do("a", load)

    assert '"$money":1' in plan_of(flow, codec).json
    with pytest.raises(NotStorable):
        plan_of(flow)


# -------------------------------------------------------------------- what is refused at the start


class Local(Action):
    """An action with state."""

    def __init__(self, place):
        self.place = place

    def run(self, ctx): ...


def closure(value):
    def inside(ctx, error=None, attempt=0):
        return value

    return inside


def layer():
    def around(run):
        yield

    return around


@pytest.mark.parametrize(
    ("build", "words"),
    [
        pytest.param(lambda: Workflow("w").do("x", closure(1)), "action of step 'x'", id="closure"),
        pytest.param(lambda: Workflow("w").do("x", lambda: 1), "it is a lambda", id="lambda"),
        pytest.param(
            lambda: Workflow("w").do("x", functools.partial(plain)), "partial objects", id="partial"
        ),
        pytest.param(
            lambda: Workflow("w").do(Local("here")), "state of its own (place)", id="instance"
        ),
        pytest.param(
            lambda: Workflow("w").do("x", Local("here").run),
            "a method of a Local that no module holds",
            id="method",
        ),
        pytest.param(
            lambda: Workflow("w").wait_for("x", lambda: True), "condition of step 'x'", id="wait"
        ),
        pytest.param(
            lambda: Workflow("w").case("x", is_ready, plain, otherwise=steps().do("y", closure(1))),
            "action of step 'x/y'",
            id="in an arm",
        ),
        pytest.param(
            lambda: Workflow("w").parallel("x", left=closure(1)),
            "action of step 'x/left/inside'",
            id="in a branch",
        ),
        pytest.param(
            lambda: Workflow("w").sub("x", Workflow("v").do("y", closure(1))),
            "action of step 'x/y'",
            id="in another workflow",
        ),
        pytest.param(
            lambda: Workflow("w").do(load.options(when=lambda: True)), "when= of", id="when"
        ),
        pytest.param(
            lambda: Workflow("w").stage("s", load, when=closure(1)),
            "when= of stage 's'",
            id="stage",
        ),
        pytest.param(
            lambda: Workflow("w").stage("s", load, retry=Retry(handler=closure(1))),
            "handler of stage 's'",
            id="handler",
        ),
        pytest.param(
            lambda: Workflow("w").retry("x", load, backoff=lambda attempt: 1),
            "backoff of step 'x'",
            id="backoff",
        ),
        pytest.param(
            lambda: Workflow("w").retry("x", load, on=type("Own", (Exception,), {})),
            "exception 'Own' of step 'x'",
            id="exception",
        ),
        pytest.param(
            lambda: Workflow("w").for_each("x", closure([]), load), "over= of step 'x'", id="over"
        ),
        pytest.param(
            lambda: Workflow("w").do(load).use(layer()), "middleware 'around' of", id="middleware"
        ),
        pytest.param(
            lambda: Workflow("w").add(Stage("s", load).use(layer())),
            "middleware 'around' of stage 's'",
            id="of a stage",
        ),
        pytest.param(
            lambda: Workflow("w").do(load.options(use=[lambda ctx: (yield)])),
            "middleware 'lambda' of use= of the action of step 'load'",
            id="of an action",
        ),
    ],
)
def test_code_that_could_not_be_found_again_is_refused(build, words) -> None:
    """It is named with its place, and what to do is said."""
    with pytest.raises(NotImportable) as caught:
        plan_of(build())

    assert words in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("build", "words"),
    [
        pytest.param(
            lambda: Workflow("w", initial={"k": object()}).do(load),
            "initial value 'k' of workflow 'w'",
            id="initial",
        ),
        pytest.param(
            lambda: Workflow("w").add(Stage("s", load, initial={"k": [object()]})),
            "initial value 'k' of stage 's'",
            id="of a stage",
        ),
        pytest.param(
            lambda: Workflow("w").do(load.bind(batch=object())),
            "parameter 'batch' of the action of step 'load'",
            id="parameter",
        ),
    ],
)
def test_values_that_could_not_be_given_are_refused(build, words) -> None:
    """They are named with their place."""
    with pytest.raises(NotStorable, match=words):
        plan_of(build())


@action(when=lambda ctx: True, use=[lambda ctx: (yield)], retry=Retry(handler=lambda: True))
def brings_along(ctx): ...


lambda_here = lambda ctx: 1  # noqa: E731 - a module may hold one
made_here = closure(1)
acts_here = Local("here")


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda: Workflow("w").do("x", lambda_here), id="a lambda of a module"),
        pytest.param(lambda: Workflow("w").do("x", made_here), id="a closure of a module"),
        pytest.param(lambda: Workflow("w").do(acts_here), id="an instance of a module"),
        pytest.param(lambda: Workflow("w").do("x", acts_here.run), id="a method of such"),
        pytest.param(lambda: Workflow("w").do("x", samples.tools.use), id="a method of an object"),
        pytest.param(lambda: Workflow("w").do("x", samples.some), id="a partial of a module"),
        pytest.param(lambda: Workflow("w").wait_for("x", samples.ready), id="a callable object"),
        pytest.param(lambda: Workflow("w").do("x", samples.wrapped), id="a decorated function"),
        pytest.param(lambda: Workflow("w").do(samples.Step()), id="an instance without state"),
        pytest.param(
            lambda: Workflow("w").do(samples.Step(name="x", timeout=3)), id="with options"
        ),
        pytest.param(lambda: Workflow("w").do(brings_along), id="what an action brings along"),
        pytest.param(lambda: Workflow("w").do("x", print), id="a builtin"),
        pytest.param(
            lambda: Workflow("w").do(load.bind(batch=2).options(name="y")), id="what is bound"
        ),
    ],
)
def test_what_is_fine_is_not_refused(build) -> None:
    """It is found by its name, or by that of what holds it."""
    flow = build()

    data = json.loads(plan_of(flow).json)
    made = Workflow.from_dict(data["definition"])

    assert plan_of(made) == plan_of(flow)


# -------------------------------------------------------------------- comparing


TEXT = """
from gostage import Workflow, action

@action
def first(ctx):
    return 1

@action
def second(ctx):
    return 2

def holds(ctx):
    return True

flow = Workflow("w").do(first).do(second).wait_for("wait", holds).do("again", first)
"""


@pytest.fixture
def flow_of(monkeypatch):
    """Makes the workflow of a text, in a module of always the same name."""

    def make(text: str) -> Workflow:
        from importlib.machinery import ModuleSpec

        module = ModuleType("changing_flow")
        module.__spec__ = ModuleSpec("changing_flow", None)
        monkeypatch.setitem(__import__("sys").modules, "changing_flow", module)
        exec(text, vars(module))
        return module.flow

    return make


@pytest.mark.parametrize(
    ("old", "new", "code", "added"),
    [
        pytest.param("return 1", "return 3", ("first", "again"), (), id="a body"),
        pytest.param("return True", "return False", ("wait",), (), id="a condition"),
        pytest.param("return 1", "return 1  # one", (), (), id="a comment"),
        pytest.param(".do(second)", ".do('second', first)", ("second",), (), id="another action"),
        pytest.param('do("again"', 'do("more", first).do("again"', (), ("more",), id="a step"),
        pytest.param(
            'Workflow("w").do(first).do(second)',
            'Workflow("w").do("first", second).do("second", first)',
            ("first", "second"),
            (),
            id="two in each other's place",
        ),
    ],
)
def test_changes_are_named_by_the_steps_they_are_in(flow_of, old, new, code, added) -> None:
    """What the code does, apart from what the steps are."""
    assert old in TEXT
    stored = json.loads(plan_of(flow_of(TEXT)).json)

    found = changes(stored, plan_of(flow_of(TEXT.replace(old, new))))

    assert found.code == code
    assert found.structure.added == added


def test_code_that_was_moved_is_not_changed(flow_of) -> None:
    """To another module, or under another name."""
    stored = json.loads(plan_of(flow_of(TEXT)).json)
    moved = TEXT.replace("second(", "other(").replace(".do(second)", ".do('second', other)")

    found = changes(stored, plan_of(flow_of(moved)))

    assert (found.code, bool(found.structure)) == ((), False)


def test_code_of_another_python_is_not_compared(flow_of) -> None:
    """It is compiled to something else in any case."""
    stored = {**json.loads(plan_of(flow_of(TEXT)).json), "python": "3.9"}

    found = changes(stored, plan_of(flow_of(TEXT.replace("return 1", "return 3"))))

    assert found.code == ()


@pytest.mark.parametrize(
    "data",
    [{}, {"structure": [[1]]}, {"structure": [["a", "action"]]}, {"structure": [], "ways": 3}],
    ids=str,
)
def test_a_plan_that_does_not_read_is_an_error_of_the_database(data) -> None:
    """Whatever has happened to it."""
    with pytest.raises(DatabaseError, match="the stored plan does not read as one"):
        changes(data, plan_of(simple()))
