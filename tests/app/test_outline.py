"""The outline: a definition as a tree of lines, without any terminal."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from hypothesis import given

from gostage import Retry, Stage, Workflow, action, exponential, fixed, jittered, steps
from gostage._app.facts import duration
from gostage._app.items import items_of
from gostage._app.lines import text_of
from gostage._app.outline import outline
from gostage._author.walk import walk
from gostage._cli.screen import Screen
from gostage._engine.program import compile_definition
from tests.properties.trees import Tree, build, trees


@action
def load(ctx):
    """Load the rows."""


@action(tags=["io", "slow"])
def save(ctx):
    """Save them."""


def is_ready(ctx) -> bool:
    return True


def is_old(ctx) -> bool:
    return False


def is_odd(attempt) -> bool:
    return bool(attempt % 2)


def drawn(definition, *skipped, **how) -> list[str]:
    """The lines of an outline without their styles."""
    return [text_of(line) for line in outline(definition, skipped, **how)]


def below(workflow) -> list[str]:
    """The lines below the title."""
    return drawn(workflow)[1:]


def test_a_definition_is_drawn_as_a_tree() -> None:
    """Guides lead from what holds to what is held, and say where a level goes on."""
    workflow = (
        Workflow("deploy/v1", tags=["prod"])
        .stage("reading", load, load, save)
        .case("wanted", is_ready, steps().do("push", load), otherwise=steps().steps("rest", load))
        .parallel("both", left=load, right=steps().sleep("nap", 90))
        .do(load)
    )

    assert drawn(workflow) == [
        "deploy/v1  [prod]",
        "├─ ■ reading",
        "│  ├─ • load",
        "│  ├─ • load#2",
        "│  └─ • save     [io, slow]",
        "├─ ◇ wanted",
        "│  ├─ if is_ready",
        "│  │  └─ • push  load()",
        "│  └─ else",
        "│     └─ □ rest",
        "│        └─ • load",
        "├─ ║ both",
        "│  ├─ left",
        "│  │  └─ • load",
        "│  └─ right",
        "│     └─ ○ nap   sleeps 1m30s",
        "└─ • load",
    ]


@pytest.mark.parametrize(
    ("flow", "line"),
    [
        pytest.param(steps().do(load), "• load", id="action"),
        pytest.param(steps().do("load", load), "• load", id="action by its own name"),
        pytest.param(steps().do("first", load), "• first  load()", id="action by another name"),
        pytest.param(steps().do("a", lambda: None), "• a", id="function without a name"),
        pytest.param(
            steps().do(load.options(when=is_ready, timeout=90, isolate=True)),
            "• load  when is_ready  at most 1m30s  in a child",
            id="action with options",
        ),
        pytest.param(
            steps().do(load.options(provides=("rows", "total"))),
            "• load  provides rows, total",
            id="action that provides",
        ),
        pytest.param(
            steps().do(load.options(retry=Retry(3, exponential(0.1), (OSError, KeyError)))),
            "• load  3 attempts, exponential(0.1), on OSError or KeyError",
            id="action with a retry",
        ),
        pytest.param(
            steps().do(load.options(retry=Retry(1, jittered(fixed(2))))),
            "• load  1 attempt, jittered(fixed(2))",
            id="one attempt",
        ),
        pytest.param(
            steps().do(load.options(retry=Retry(2, lambda attempt: 1.0))),
            "• load  2 attempts, lambda",
            id="own backoff",
        ),
        pytest.param(
            Workflow("w").stage("s", name="The stage", timeout=5, isolate="process"),
            "■ s  “The stage”  at most 5s  in a child (process)",
            id="stage",
        ),
        pytest.param(
            Workflow("w").stage("s", when=is_ready, retry=Retry(2), tags=["io"]),
            "■ s  when is_ready  2 attempts  [io]",
            id="stage with a condition",
        ),
        pytest.param(steps().steps("g", steps()), "□ g", id="group"),
        pytest.param(
            steps().wait_for("w", is_ready, every=0.5, timeout=timedelta(hours=1)),
            "○ w  until is_ready  every 0.5s  at most 1h",
            id="wait",
        ),
        pytest.param(
            steps().retry("r", steps(), attempts=5, on=OSError),
            "↻ r  5 attempts, on OSError",
            id="retry",
        ),
        pytest.param(
            steps().retry("r", steps(), handler=is_odd),
            "↻ r  again as is_odd decides",
            id="retry with a handler",
        ),
        pytest.param(steps().loop_until("l", is_ready, steps()), "↻ l  until is_ready", id="until"),
        pytest.param(
            steps().loop_while("l", is_ready, steps(), max_passes=9),
            "↻ l  while is_ready  at most 9 passes",
            id="while",
        ),
        pytest.param(
            steps().for_each("f", "rows", steps(), into="out", concurrency=3, on_error="continue"),
            "↻ f  over rows  into out  3 at a time  goes on after errors",
            id="for each",
        ),
        pytest.param(
            steps().for_each("f", is_ready, steps(), isolate=True),
            "↻ f  over is_ready  in a child",
            id="for each of a function",
        ),
        pytest.param(
            steps().sleep("s", timedelta(days=1, hours=2)), "○ s  sleeps 1d2h", id="sleep"
        ),
        pytest.param(
            steps().receive("go", into="who", timeout=60),
            "○ go  waits for a signal  into who  at most 1m",
            id="receive",
        ),
        pytest.param(
            steps().sub("s", Workflow("inner", tags=["x"])), "□ s  workflow inner  [x]", id="sub"
        ),
        pytest.param(
            steps().spawn("s", steps(), backend="process", timeout=5),
            "□ s  in a child (process)  at most 5s",
            id="spawn",
        ),
        pytest.param(
            steps().spawn("s", Workflow("inner")),
            "□ s  workflow inner  in a child",
            id="spawn of a workflow",
        ),
    ],
)
def test_every_kind_of_step_says_what_it_does(flow, line) -> None:
    """A mark, the name, and what else is declared of it, in words."""
    lines = [text.removeprefix("└─ ") for text in drawn(flow)]

    assert line in lines


def test_arms_say_when_they_are_taken() -> None:
    """In the order in which they are asked; names may repeat from arm to arm."""
    workflow = Workflow("w").branch(
        "which", (is_ready, load), (is_old, steps()), otherwise=steps().do(load)
    )

    assert below(workflow) == [
        "└─ ◇ which",
        "   ├─ if is_ready",
        "   │  └─ • load",
        "   ├─ else if is_old",
        "   └─ else",
        "      └─ • load#2",
    ]


def test_a_condition_without_a_name_says_where_it_stands() -> None:
    """A lambda is shown with its file and line."""
    line = below(Workflow("w").do(load.options(when=lambda: True)))[0]

    assert line.startswith("└─ • load  when lambda (test_outline.py:")


def test_slashes_in_names_do_not_indent() -> None:
    """The indent comes from what stands in what."""
    workflow = Workflow("w").stage("eu/west", load).stage("eu", load.options(name="a/b/c"))

    assert below(workflow) == [
        "├─ ■ eu/west",
        "│  └─ • load",
        "└─ ■ eu",
        "   └─ • a/b/c",
    ]


def test_what_is_switched_off_or_left_out_is_skipped_with_all_it_holds() -> None:
    """And drawn quietly, so that the rest stands out."""
    workflow = Workflow("w").stage("one", load, save).stage("two", load, save)
    workflow.disable(stage="one")

    lines = outline(workflow, {"two/save"})

    assert [text_of(line) for line in lines][1:] == [
        "├─ ■ one      skipped",
        "│  ├─ • load  skipped",
        "│  └─ • save  skipped  [io, slow]",
        "└─ ■ two",
        "   ├─ • load",
        "   └─ • save  skipped  [io, slow]",
    ]
    assert {span.style for span in lines[2]} == {"quiet"}
    assert "plain" in {span.style for span in lines[5]}


def test_a_workflow_inside_another_keeps_what_it_has_switched_off() -> None:
    """Whatever it is called there."""
    inner = Workflow("inner").stage("s", load, save)
    inner.disable(action="load")

    assert below(Workflow("w").steps("g", steps().sub("x", inner)).spawn("y", inner)) == [
        "├─ □ g",
        "│  └─ □ x           workflow inner",
        "│     └─ ■ s",
        "│        ├─ • load  skipped",
        "│        └─ • save  [io, slow]",
        "└─ □ y              workflow inner  in a child",
        "   └─ ■ s",
        "      ├─ • load     skipped",
        "      └─ • save     [io, slow]",
    ]


def test_names_stay_on_their_line() -> None:
    """What would break a line or move a cursor is escaped."""
    workflow = Workflow("w\x1b[2J").do("two\nlines", load).do("tab\there", load)

    assert drawn(workflow) == [
        r"w\x1b[2J",
        r"├─ • two\nlines  load()",
        r"└─ • tab\there   load()",
    ]


def test_wide_letters_take_two_columns() -> None:
    """So that what is said stands in one column."""
    workflow = Workflow("w").do("読む", load).do("read", load).do("e\u0301te\u0301", load)

    assert below(workflow) == [
        "├─ • 読む  load()",
        "├─ • read  load()",
        "└─ • e\u0301te\u0301   load()",
    ]


def test_descriptions_are_added_on_demand() -> None:
    """They come last."""
    workflow = Workflow("w", save, name="Everything", description="Do it all.", version=2)

    assert drawn(workflow, with_descriptions=True) == [
        "w  “Everything”  version 2  Do it all.",
        "└─ • save  [io, slow]  Save them.",
    ]
    assert drawn(workflow)[1] == "└─ • save  [io, slow]"


@pytest.mark.parametrize(
    ("definition", "lines"),
    [
        pytest.param(Stage("s", load, tags=["io"]), ["s  [io]", "└─ • load"], id="stage"),
        pytest.param(steps().do(load), ["└─ • load"], id="steps"),
        pytest.param(Workflow("empty"), ["empty"], id="nothing"),
    ],
)
def test_whatever_holds_items_can_be_drawn(definition, lines) -> None:
    """What has no name has no title."""
    assert drawn(definition) == lines


def test_depth_is_no_matter() -> None:
    """A thousand groups in each other are a thousand lines."""
    body = steps().do(load)
    for number in range(1000):
        body = steps().steps(f"g{number}", body)

    assert drawn(body)[-1] == "   " * 1000 + "└─ • load"


def test_a_stream_without_the_marks_gets_plain_ones() -> None:
    """The tree keeps its shape."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    workflow = Workflow("w").stage("s", load).wait_for("r", is_ready).case("c", is_ready, load)

    Screen(stream, has_color=False).show(outline(workflow))

    assert raw.getvalue().decode("ascii").splitlines() == [
        "w",
        "|- # s",
        "|  `- * load",
        "|- o r  until is_ready  every 1s",
        "`- ? c",
        "   `- if is_ready",
        "      `- * load",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.25, "0.25s"), (59.0, "59s"), (60.0, "1m"), (61.5, "61.5s"), (90061, "1d1h1m1s")],
)
def test_durations_are_shown_as_people_say_them(seconds, text) -> None:
    """In the largest units that fit."""
    assert duration(seconds) == text


@given(trees())
def test_every_item_is_drawn_once_under_the_path_of_its_record(tree: Tree) -> None:
    """The outline, a walk through the definition and the program of a run agree."""
    workflow = build(tree)
    items = items_of(workflow)
    steps_of = [item for item in items if item.kind not in {"arm", "branch"}]
    ops = compile_definition(workflow).ops.values()

    assert [item.path for item in steps_of] == [found.path for found in walk(workflow)]
    assert {(item.path, item.kind) for item in items if item.kind != "arm"} == {
        (op.id, op.kind) for op in ops if not op.hidden
    }
    assert len(outline(workflow)) == len(items) + 1
    for number, item in enumerate(items):
        above = None if item.parent is None else items[item.parent]
        assert item.parent is None or item.parent < number
        assert item.depth == 1 + (0 if above is None else above.depth)
