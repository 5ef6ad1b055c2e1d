"""Choosing: what expressions, stages and bounds leave out of a workflow."""

from __future__ import annotations

import pytest
from hypothesis import given

from gostage import Stage, Workflow, action, errors, run, steps
from gostage._author.choose import Choice, left_out
from gostage._author.walk import walk
from gostage._run.compiled import program_of
from tests.properties.trees import build, trees


@action(tags=["io"])
def read() -> None: ...


@action(tags=["io", "slow"])
def save() -> None: ...


@action
def check() -> None: ...


def nightly() -> Workflow:
    """Stages, and steps among them and inside."""
    return (
        Workflow("nightly", tags=["all"])
        .stage("extract", read, check, tags=["eu"], name="Read it")
        .stage("report load", save, read.options(name="read again"))
        .wait_for("ready", lambda: True)
        .case(
            "is-monday",
            lambda: True,
            steps().do("weekly", check).add(Stage("deep", save)),
            otherwise=steps().do("daily", save),
        )
        .parallel("both", left=steps().do("one", check), right=steps().sleep("nap", 0))
        .sub("inner", Workflow("part", tags=["part"]).do("last", check))
        .add(Stage("empty", tags=["bare"]))
    )


def chosen(**given) -> list[str]:
    """The leaves that are left in the workflow."""
    workflow = nightly()
    left = left_out(workflow, Choice.of(**given))
    items = list(walk(workflow))
    holders = {id(item.parent) for item in items}
    assert left < {item.path for item in items}
    return [item.path for item in items if item.path not in left and id(item) not in holders]


ALL = [
    "extract/read",
    "extract/check",
    "report load/save",
    "report load/read again",
    "ready",
    "is-monday/weekly",
    "is-monday/deep/save",
    "is-monday/daily",
    "both/left/one",
    "both/right/nap",
    "inner/last",
    "empty",
]


@pytest.mark.parametrize(
    ("expression", "leaves"),
    [
        pytest.param("rea", [*ALL[:2], "report load/read again", "ready"], id="part"),
        pytest.param("READ*N", ["report load/read again"], id="star"),
        pytest.param("'read'", ["extract/read"], id="quoted is the whole name"),
        pytest.param("'report load'", ALL[2:4], id="quoted with a space"),
        pytest.param("EXTRACT and not check", ["extract/read"], id="and not, in any case"),
        pytest.param("weekly or daily", ["is-monday/weekly", "is-monday/daily"], id="or"),
        pytest.param("monday", ALL[5:8], id="name of a case"),
        pytest.param("left", ["both/left/one"], id="name of a branch"),
        pytest.param("deep", ["is-monday/deep/save"], id="stage inside"),
        pytest.param("'both/right/nap'", ["both/right/nap"], id="path"),
        pytest.param("both/left", ["both/left/one"], id="part of a path"),
        pytest.param("empty", ["empty"], id="stage without actions"),
        pytest.param("inner", ["inner/last"], id="workflow inside, by its step"),
        pytest.param("*", ALL, id="everything"),
        pytest.param("not nightly", ALL, id="the workflow's own name does not count"),
    ],
)
def test_names_choose(expression, leaves) -> None:
    """The names of an item and of all that it stands in."""
    assert chosen(names=expression) == leaves


@pytest.mark.parametrize(
    ("expression", "leaves"),
    [
        ("io", ["extract/read", *ALL[2:4], "is-monday/deep/save", "is-monday/daily"]),
        ("eu", ["extract/read", "extract/check"]),
        ("io and not slow", ["extract/read", "report load/read again"]),
        ("eu and io", ["extract/read"]),
        ("not (io or eu)", [ALL[4], ALL[5], *ALL[8:]]),
        ("s*w", ["report load/save", "is-monday/deep/save", "is-monday/daily"]),
        ("part", ["inner/last"]),
        ("bare", ["empty"]),
    ],
)
def test_tags_choose(expression, leaves) -> None:
    """A stage's tags count for its actions, and so do those of a workflow inside."""
    assert chosen(tags=expression) == leaves


@pytest.mark.parametrize(
    ("given", "leaves"),
    [
        pytest.param({"stages": ["extract"]}, ALL[:2], id="stage"),
        pytest.param({"stages": ["extract", "empty"]}, [*ALL[:2], "empty"], id="stages"),
        pytest.param({"stages": ["deep"]}, ["is-monday/deep/save"], id="stage inside"),
        pytest.param({"stages": ["is-monday"]}, ALL[5:8], id="step"),
        pytest.param({"stages": ["is-monday/daily"]}, ["is-monday/daily"], id="path"),
        pytest.param({"stages": ["check"]}, ["extract/check"], id="action"),
        pytest.param({"from_": "both"}, ALL[8:], id="from"),
        pytest.param({"from_": "extract/check"}, ALL[1:], id="from inside a stage"),
        pytest.param({"until": "report load"}, ALL[:4], id="until includes it"),
        pytest.param({"from_": "ready", "until": "is-monday"}, ALL[4:8], id="from until"),
        pytest.param({"from_": "ready", "until": "ready"}, ["ready"], id="only one"),
        pytest.param(
            {"names": "save", "tags": "slow", "until": "report load"},
            ["report load/save"],
            id="all must hold",
        ),
        pytest.param({}, ALL, id="nothing said"),
    ],
)
def test_stages_and_bounds_choose(given, leaves) -> None:
    """By the id of a stage, the name of a step, or a path."""
    assert chosen(**given) == leaves


def test_what_holds_nothing_chosen_is_left_out_itself() -> None:
    """So its middleware does not run; a decision with something left is taken."""
    entered = []

    def around(run, stage):
        entered.append(stage.id)
        return (yield)

    workflow = nightly().use(around)
    workflow.switch_off(left_out(workflow, Choice.of(names="daily or extract")))

    result = run(workflow)

    assert entered == ["extract"]
    statuses = {step.path: step.status for step in result.steps}
    assert statuses["extract"] == statuses["is-monday"] == "completed"
    assert statuses["is-monday/deep"] == statuses["is-monday/weekly"] == "skipped"
    assert statuses["report load"] == statuses["report load/save"] == "skipped"
    assert statuses["both"] == statuses["ready"] == statuses["empty"] == "skipped"
    assert result.ok


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"stages": ["extrakt"]}, "--stage 'extrakt': workflow 'nightly' has no", "'extract'?"),
        ({"from_": "zzz"}, "--from 'zzz': workflow", "it has 'extract', 'report load', 'deep',"),
        ({"until": "dayly"}, "--until 'dayly': workflow", "mean 'daily'"),
        ({"names": "extrct"}, "nothing in workflow 'nightly' is chosen by -k 'extrct'", "extract'"),
        ({"names": "zzz"}, "is chosen by -k 'zzz'", "the names are 'extract', 'read', 'check',"),
        ({"tags": "slwo"}, "is chosen by -t 'slwo'", "did you mean 'slow'?"),
        ({"tags": "zzz"}, "is chosen by -t 'zzz'", "tags are 'bare', 'eu', 'io', 'part', 'slow'"),
        (
            {"names": "read", "tags": "bare", "stages": ["empty"]},
            "is chosen by -k 'read' -t 'bare' --stage 'empty'",
            "each of these chooses something, but all must hold",
        ),
        ({"from_": "both", "until": "ready"}, "by --from 'both' --until 'ready'", "must hold"),
    ],
)
def test_choosing_nothing_is_an_error(given, message, hint) -> None:
    """It names what is close to what was meant."""
    with pytest.raises(errors.CollectionError) as caught:
        chosen(**given)

    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_without_tags_the_hint_says_so() -> None:
    """Nor is there anything to choose in an empty workflow."""
    with pytest.raises(errors.CollectionError) as caught:
        left_out(Workflow("w").do("a", print), Choice.of(tags="io"))
    assert caught.value.hint == "nothing in it has a tag"
    with pytest.raises(errors.CollectionError) as caught:
        left_out(Workflow("w"), Choice.of(tags="io"))
    assert caught.value.hint == "there is nothing in it"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"names": "a and"},
            "-k: cannot read the name expression 'a and' at column 6: a name is missing at the end",
        ),
        ({"tags": "a b"}, "-t: cannot read the tag expression 'a b' at column 3"),
        ({"from_": "save"}, "--from 'save': 2 items of workflow 'nightly' are called that"),
    ],
)
def test_what_makes_no_sense_is_a_mistake_of_the_caller(given, message) -> None:
    """And not of the workflow."""
    with pytest.raises(errors.ConfigError) as caught:
        chosen(**given)

    assert str(caught.value).startswith(message)
    assert caught.value.hint


@given(trees())
def test_every_path_is_one_that_a_run_can_skip(tree) -> None:
    """Whatever the tree: what is left out is known to the run."""
    workflow = build(tree)
    program = program_of(workflow)

    assert {found.path for found in walk(workflow)} <= set(program.ops)
