"""Graphs: every way through a definition, and pictures of them that their languages can read."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage import Retry, Workflow, action, steps
from gostage._app.graph.chart import END, Chart, Node, chart
from gostage._app.graph.data import graph_data
from gostage._app.graph.dot import dot
from gostage._app.graph.mermaid import mermaid
from gostage._app.items import Item
from gostage.errors import DuplicateName
from tests.properties.trees import Tree, build, trees

LEAVES = ("action", "wait", "sleep", "receive")


@action
def load(ctx):
    """Load the "rows" & more."""


def is_ready(ctx) -> bool:
    return True


def is_old(ctx) -> bool:
    return False


def ways(workflow, *skipped) -> list[tuple[str, str, str]]:
    """The edges as source, target and reason."""
    edges = graph_data(workflow, skipped)["edges"]
    return [(edge["source"], edge["target"], edge["reason"]) for edge in edges]


def between(workflow) -> list[tuple[str, str, str]]:
    """The edges of a workflow that ends with a step z, but for its first and last."""
    first, *found, last = ways(workflow.do("z", load))

    assert (first[0], first[2], last) == ("start:w", "static", ("z", "completed:w", "completed"))
    return found


A_TO_Z = ("x/a", "z", "completed")
BODY = steps().do("a", load)
MET, NOT_MET = "condition is met", "condition is not met"


@pytest.mark.parametrize(
    ("flow", "edges"),
    [
        pytest.param(Workflow("w").do("x", load), [("x", "z", "completed")], id="action"),
        pytest.param(
            Workflow("w").do("x", load.options(retry=Retry(2))),
            [("x", "z", "completed"), ("x", "x", "retry")],
            id="action with a retry",
        ),
        pytest.param(Workflow("w").sleep("x", 1), [("x", "z", "completed")], id="sleep"),
        pytest.param(Workflow("w").receive("x"), [("x", "z", "completed")], id="receive"),
        pytest.param(
            Workflow("w").wait_for("x", is_ready),
            [("x", "z", MET), ("x", "x", NOT_MET)],
            id="wait",
        ),
        pytest.param(Workflow("w").steps("x", BODY), [A_TO_Z], id="group"),
        pytest.param(Workflow("w").steps("x", steps()), [("x", "z", "completed")], id="empty"),
        pytest.param(Workflow("w").sub("x", Workflow("i").do("a", load)), [A_TO_Z], id="sub"),
        pytest.param(Workflow("w").spawn("x", BODY), [A_TO_Z], id="spawn"),
        pytest.param(Workflow("w").stage("x", load.options(name="a")), [A_TO_Z], id="stage"),
        pytest.param(
            Workflow("w").stage("x", load.options(name="a"), when=is_ready),
            [("x", "x/a", MET), ("x", "z", "skipped"), A_TO_Z],
            id="stage with a condition",
        ),
        pytest.param(
            Workflow("w").stage("x", load.options(name="a"), retry=Retry(2)),
            [("x", "x/a", "static"), A_TO_Z, ("x/a", "x", "retry")],
            id="stage with a retry",
        ),
        pytest.param(
            Workflow("w").stage("x", load.options(name="a"), retry=Retry(2), when=is_ready),
            [("x", "z", "skipped"), ("x", "x/a", "static"), A_TO_Z, ("x/a", "x", "retry")],
            id="stage with both",
        ),
        pytest.param(
            Workflow("w").retry("x", BODY),
            [("x", "x/a", "static"), A_TO_Z, ("x/a", "x", "retry")],
            id="retry",
        ),
        pytest.param(
            Workflow("w").case("x", is_ready, BODY),
            [("x", "x/a", MET), ("x", "z", NOT_MET), A_TO_Z],
            id="case",
        ),
        pytest.param(
            Workflow("w").case("x", is_ready, steps(), otherwise=BODY),
            [("x", "z", MET), ("x", "x/a", NOT_MET), A_TO_Z],
            id="case without a body",
        ),
        pytest.param(
            Workflow("w").branch("x", (is_ready, BODY), (is_old, steps())),
            [
                ("x", "x/a", "condition 1 is met"),
                ("x", "z", "condition 2 is met"),
                ("x", "z", "no condition is met"),
                A_TO_Z,
            ],
            id="branch",
        ),
        pytest.param(
            Workflow("w").loop_until("x", is_ready, BODY),
            [("x", "x/a", NOT_MET), ("x", "z", MET), ("x/a", "x", "completed")],
            id="until",
        ),
        pytest.param(
            Workflow("w").loop_while("x", is_ready, BODY),
            [("x", "x/a", MET), ("x", "z", NOT_MET), ("x/a", "x", "completed")],
            id="while",
        ),
        pytest.param(
            Workflow("w").loop_until("x", is_ready, steps()),
            [("x", "x", NOT_MET), ("x", "z", MET)],
            id="until without a body",
        ),
        pytest.param(
            Workflow("w").for_each("x", "rows", BODY),
            [("x", "x/a", "item"), ("x", "z", "no item is left"), ("x/a", "x", "completed")],
            id="for each",
        ),
        pytest.param(
            Workflow("w").for_each("x", "rows", BODY, on_error="continue"),
            [
                ("x", "x/a", "item"),
                ("x", "z", "no item is left"),
                ("x/a", "x", "completed"),
                ("x/a", "x", "item"),
            ],
            id="for each that goes on",
        ),
        pytest.param(
            Workflow("w").parallel("x", left=BODY, right=steps()),
            [
                ("x", "x/left/a", "branch"),
                ("x", "x/right", "branch"),
                ("x", "z", "completed"),
                ("x/left/a", "x", "completed"),
                ("x/right", "x", "completed"),
            ],
            id="parallel",
        ),
    ],
)
def test_every_kind_of_step_has_its_ways(flow, edges) -> None:
    """Into it, through it and out of it, each with its reason."""
    assert between(flow) == edges


@pytest.mark.parametrize(
    ("flow", "target"),
    [
        pytest.param(Workflow("w").loop_until("x", is_ready, BODY), "x/a", id="until"),
        pytest.param(Workflow("w").loop_while("x", is_ready, BODY), "x", id="while"),
        pytest.param(Workflow("w").steps("x", BODY), "x/a", id="group"),
        pytest.param(Workflow("w").retry("x", BODY), "x", id="retry"),
        pytest.param(Workflow("w").for_each("x", "rows", BODY), "x", id="for each"),
    ],
)
def test_a_question_is_entered_first_only_where_it_is_asked_first(flow, target) -> None:
    """What stands around a body without deciding anything is no place on the way."""
    assert ways(flow)[0] == ("start:w", target, "static")


def test_failures_lead_to_the_innermost_that_takes_them() -> None:
    """What gives up hands them on."""
    inner = steps().do("a", load).case("c", is_ready, load).sleep("s", 1)
    body = steps().for_each("f", "rows", steps().retry("in", inner), on_error="continue")
    edges = graph_data(Workflow("w").retry("out", body))["edges"]

    assert [(e["source"], e["target"]) for e in edges if e["failure"]] == [
        ("out/f", "out"),
        ("out/f/in", "out/f"),
        ("out/f/in/a", "out/f/in"),
        ("out/f/in/c", "out/f/in"),
        ("out/f/in/c/load", "out/f/in"),
    ]


def test_what_is_skipped_cannot_fail() -> None:
    """Control only passes by."""
    workflow = Workflow("w").retry("r", steps().do("a", load.options(retry=Retry(2))))

    assert ("r/a", "r/a", "retry") in ways(workflow)
    assert [reason for *_, reason in ways(workflow, "r/a")] == ["static", "static", "completed"]


def test_a_workflow_without_items_ends_as_it_starts() -> None:
    """There is one way."""
    assert ways(Workflow("w")) == [("start:w", "completed:w", "static")]


def test_data_say_of_each_item_what_is_declared() -> None:
    """In the order of the definition, with what it stands in."""
    body = steps().do(load.options(tags=["io"], timeout=5))
    found = graph_data(Workflow("w").case("c", is_ready, body), {"c/load"})

    start, case, inner, end = found["nodes"]
    assert (start["id"], end["id"], found["workflow"]) == ("start:w", "completed:w", "w")
    assert (case["kind"], case["parent"], case["details"]) == (
        "case",
        None,
        {"conditions": ["is_ready"]},
    )
    assert inner == {
        "id": "c/load",
        "kind": "action",
        "name": "load",
        "parent": "c",
        "arm": "if is_ready",
        "tags": ["io"],
        "description": 'Load the "rows" & more.',
        "skipped": True,
        "details": {"timeout": 5.0},
    }


def test_paths_that_meet_are_refused_as_by_a_run() -> None:
    """A picture would show one step where there are two."""
    workflow = Workflow("w").steps("a", steps().do("b", load)).do("a/b", load)

    with pytest.raises(DuplicateName, match="'a/b'"):
        mermaid(workflow)


def test_mermaid_draws_groups_decisions_and_reasons() -> None:
    """The whole text of a small one."""
    workflow = (
        Workflow("deploy")
        .stage("reading", load, retry=Retry(2))
        .case("wanted", is_ready, steps().wait_for("until", is_ready))
    )
    workflow.disable(action="load")

    assert mermaid(workflow).splitlines() == [
        "flowchart TD",
        '  n_start(["deploy"])',
        '  subgraph g_reading ["reading"]',
        '    n_reading_again{{"2 attempts"}}',
        '    n_reading_load["load<br/>skipped"]',
        "  end",
        '  n_wanted{"wanted<br/>is_ready?"}',
        '  n_wanted_until("until<br/>until is_ready<br/>every 1s")',
        '  n_end(["end"])',
        "  n_start --> n_reading_again",
        "  n_reading_again --> n_reading_load",
        "  n_reading_load --> n_wanted",
        '  n_wanted -->|"yes"| n_wanted_until',
        '  n_wanted -->|"no"| n_end',
        "  n_wanted_until --> n_end",
        '  n_wanted_until -->|"not yet"| n_wanted_until',
        "  classDef skipped stroke-dasharray:4 3,opacity:0.6",
        "  class n_reading_load skipped",
    ]


def test_dot_draws_groups_decisions_and_reasons() -> None:
    """The whole text of a small one."""
    workflow = (
        Workflow("deploy")
        .stage("reading", load)
        .parallel("both", left=steps().retry("again", load, attempts=2))
    )
    workflow.disable(stage="reading")

    shown = dot(workflow).splitlines()

    assert shown[:4] == [
        'digraph "deploy" {',
        "  node [fontname=Helvetica, fontsize=11];",
        "  edge [fontname=Helvetica, fontsize=10];",
        "  fontname=Helvetica; fontsize=11; labeljust=l; style=rounded; color=gray50;",
    ]
    assert shown[4:] == [
        '  "start:" [label="deploy", shape=oval];',
        '  subgraph "cluster_reading" {',
        r'    label="reading\lskipped\l"; style="rounded,dashed"; fontcolor=gray50;',
        (
            '    "step:reading/load" [label="load", shape=box, style="dashed", color=gray50, '
            r'fontcolor=gray50, tooltip="Load the \"rows\" &amp; more."];'
        ),
        "  }",
        '  subgraph "cluster_both" {',
        r'    label="both\l";',
        '    "fork:both" [label="", shape=box, style=filled, height=0.06, width=1.2];',
        '    subgraph "cluster_both/left" {',
        r'      label="left\l";',
        '      subgraph "cluster_both/left/again" {',
        r'        label="again\l";',
        '        "again:both/left/again" [label="2 attempts", shape=hexagon];',
        (
            '        "step:both/left/again/load" [label="load", shape=box, '
            r'tooltip="Load the \"rows\" &amp; more."];'
        ),
        "      }",
        "    }",
        '    "join:both" [label="", shape=box, style=filled, height=0.06, width=1.2];',
        "  }",
        '  "end:" [label="end", shape=oval];',
        '  "start:" -> "step:reading/load";',
        '  "step:reading/load" -> "fork:both";',
        '  "fork:both" -> "again:both/left/again";',
        '  "join:both" -> "end:";',
        '  "again:both/left/again" -> "step:both/left/again/load";',
        '  "step:both/left/again/load" -> "join:both";',
        (
            '  "step:both/left/again/load" -> "again:both/left/again" '
            '[label="fails", style=dashed, color=gray50, fontcolor=gray50];'
        ),
        "}",
    ]


# ---------------------------------------------------------------- names of all kinds

HARD = [
    "end",
    "start",
    "subgraph",
    'with "quotes"',
    "[brackets] {braces} (parentheses)",
    "two\nlines",
    "back\\slash",
    "#hash; &amp; <b>bold</b>",
    "1. not a list",
    "- nor this",
    "`code` *stars* __dunder__ _one_",
    "%%{init: {}}%%",
    "style:x#y;",
    "über größe 読む",
    "a/b",
    "a|b --> c",
    "www.example.org",
    "$$x$$",
    "\x00",
]
NAME = st.sampled_from(HARD) | st.text(min_size=1).filter(str.strip)


def named(names: list[str]) -> Workflow:
    """A workflow with these names wherever a name can stand; none is under another."""
    workflow = Workflow(names[0])
    for number, name in enumerate(names):

        def condition(ctx) -> bool:
            return True

        condition.__name__ = name
        body = steps().do(load.options(name=name)).sleep(f"{name}.", 1)
        inner = steps().case(name, condition, body)
        workflow.steps(f"{number} {name}", inner)
    return workflow


MERMAID_LINE = re.compile(
    r"""
    flowchart\ TD
    | \s+end
    | \s+subgraph\ (?P<group>\w+)\ \["[^"\n]*"\]
    | \s+(?P<node>\w+)(?:\(\["[^"\n]*"\]\)|\["[^"\n]*"\]|\("[^"\n]*"\)|\{"[^"\n]*"\}
      |\{\{"[^"\n]*"\}\}|\(\("[^"\n]*"\)\))
    | \s+(?P<source>\w+)\ -\.?->(?:\|"[^"\n]*"\|)?\ (?P<target>\w+)|\s+(?P<plain>\w+)\ -->\ \w+
    | \s+classDef\ skipped\ [^:\n]*:[^\n#]*
    | \s+class\ (?P<faded>[\w,]+)\ skipped
    """,
    re.VERBOSE,
)
DOT_LINE = re.compile(
    r"""
    digraph\ (?P<id>"(?:[^"\\\n]|\\.)*")\ \{
    | \s*\}
    | \s+subgraph\ (?P<group>"(?:[^"\\\n]|\\.)*")\ \{
    | \s+(?P<node>"(?:[^"\\\n]|\\.)*")\ \[(?P<looks>.*)\];
    | \s+(?P<source>"(?:[^"\\\n]|\\.)*")\ ->\ (?P<target>"(?:[^"\\\n]|\\.)*")(?:\ \[.*\])?;
    | \s+(?:node|edge)\ \[.*\];
    | \s+label="(?:[^"\\\n]|\\.)*";.*
    | \s+fontname=.*;
    """,
    re.VERBOSE,
)


def read(text: str, form: re.Pattern[str]) -> dict[str, list[str]]:
    """Read a picture line by line; gives what is declared and what is referred to."""
    found: dict[str, list[str]] = {}
    for line in text.removesuffix("\n").split("\n"):
        fitting = form.fullmatch(line)
        assert fitting is not None, line
        for key, value in fitting.groupdict().items():
            if value is not None:
                found.setdefault(key, []).append(value)
    return found


def assert_sound(text: str, form: re.Pattern[str], opening: str, closing: str) -> None:
    """Every name is declared once, every end of an edge is declared, groups are closed."""
    found = read(text, form)
    declared = found.get("node", []) + found.get("group", [])
    ends = found.get("source", []) + found.get("target", [])
    lines = [line.strip() for line in text.splitlines()]

    assert len(set(declared)) == len(declared)
    assert set(ends) <= set(found["node"])
    assert sum(each.startswith(opening) for each in lines) == lines.count(closing)


def declared_nodes(found: Chart) -> list[Node]:
    """The nodes that a chart lists."""
    return [piece for piece in found.pieces() if isinstance(piece, Node)]


@given(trees())
def test_pictures_of_random_trees_are_sound(tree: Tree) -> None:
    """Ends of edges are declared, groups are closed, each step is drawn once."""
    workflow = build(tree)
    found = chart(workflow)
    nodes = declared_nodes(found)

    assert_sound(mermaid(workflow), MERMAID_LINE, "subgraph", "end")
    assert_sound("\n".join(dot(workflow).splitlines()[1:-1]), DOT_LINE, "subgraph", "}")
    assert len(set(nodes)) == len(nodes)
    assert {end for edge in found.edges for end in (edge.source, edge.target)} == set(nodes)
    for number, item in enumerate(found.items):
        times = sum(node.item == number and node.role == "step" for node in nodes)
        assert times == (item.kind in LEAVES)


@given(trees())
def test_groups_of_a_picture_hold_what_stands_in_them(tree: Tree) -> None:
    """Between its beginning and its end stand the nodes of what the item holds."""
    found = chart(build(tree))
    open_: list[Item] = []
    for piece in found.pieces():
        if piece is None:
            open_.pop()
        elif isinstance(piece, Item):
            open_.append(piece)
        elif piece.item is not None:
            around = []
            item = found.items[piece.item]
            while item.parent is not None:
                item = found.items[item.parent]
                around.append(item)
            own = [found.items[piece.item], *around]
            assert [each for each in reversed(open_) if each not in own] == []
            assert [each for each in around if each.kind not in {"case", "arm"}] == [
                each for each in reversed(open_) if each is not found.items[piece.item]
            ]
    assert open_ == []


Ways = dict[object, list[object]]


def reached(ways_on: Ways, start: object, stops) -> set[object]:
    """Where control comes to from here, past everything that is no stop."""
    found, seen, todo = set(), set(), list(ways_on.get(start, ()))
    while todo:
        place = todo.pop()
        if stops(place):
            found.add(place)
        elif place not in seen:
            seen.add(place)
            todo.extend(ways_on.get(place, ()))
    return found


def drawn(found: Chart) -> tuple[Ways, dict[Node, Node]]:
    """The ways of a chart, and where failures lead."""
    ways_on: Ways = {}
    failing: dict[Node, Node] = {}
    for edge in found.edges:
        if edge.source == edge.target:
            continue
        if edge.is_failure:
            failing[edge.source] = edge.target
        else:
            ways_on.setdefault(edge.source, []).append(edge.target)
    return ways_on, failing


def described(workflow: Workflow) -> tuple[Ways, dict[str, list[str]]]:
    """The same from the transitions; there, a failure leads to every retry around."""
    ways_on: Ways = {}
    retries: dict[str, list[str]] = {}
    for transition in workflow.transitions():
        reasons = [each.reason for each in transition.destinations]
        for place, to in enumerate(transition.destinations):
            # Where no item can be left the first item is its own, and others are taken on failure.
            is_own = "no item is left" in reasons and place == reasons.index("item")
            if to.reason == "retry":
                retries.setdefault(transition.source, []).append(to.target)
            elif to.reason != "item" or is_own:
                ways_on.setdefault(transition.source, []).append(to.target)
    return ways_on, retries


def takers(found: Chart, failing: dict[Node, Node], node: Node) -> list[str]:
    """The starts of the retries that a failure comes to, from the inside out."""
    events = []
    while node in failing:
        node = failing[node]
        if node.role == "again":
            events.append(f"start:{found.items[node.item].path}")
    return events


@given(trees())
def test_a_picture_and_the_transitions_agree(tree: Tree) -> None:
    """After each step comes the same, and its failures are taken by the same retries."""
    workflow = build(tree)
    found = chart(workflow)
    ways_on, failing = drawn(found)
    events_on, retries = described(workflow)
    end = f"completed:{workflow.id}"
    events = {
        Node("step", number): f"start:{item.path}"
        for number, item in enumerate(found.items)
        if item.kind in LEAVES
    }
    events[END] = end

    for node, event in events.items():
        if node == END:
            continue
        next_nodes = reached(ways_on, node, lambda each: each in events)
        completed = event.replace("start:", "completed:", 1)
        next_events = reached(events_on, completed, lambda each: each in events.values())

        assert {events[each] for each in next_nodes} == next_events
        if not found.items[node.item].is_skipped:
            outer = [each for each in retries.get(event, []) if each != event]
            assert takers(found, failing, node) == outer


@given(st.lists(NAME, min_size=1, max_size=3))
def test_names_of_all_kinds_leave_a_picture_sound(names: list[str]) -> None:
    """Whatever the languages would read as their own is escaped."""
    workflow = named(names)

    assert_sound(mermaid(workflow), MERMAID_LINE, "subgraph", "end")
    assert_sound("\n".join(dot(workflow).splitlines()[1:-1]), DOT_LINE, "subgraph", "}")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("is_ready", "is_ready"),
        ("eu/west (2)", "eu/west (2)"),
        ('say "hi"', "say #34;hi#34;"),
        ("a#2", "a#35;2"),
        ("<b>&", "#60;b#62;#38;"),
        ("_private __", "#95;private #95;#95;"),
        ("1. first", "#49;. first"),
        ("- item", "#45; item"),
        ("12:30", "12#58;30"),
        ("a\nb", "a#92;#8203;nb"),
    ],
)
def test_labels_of_mermaid_are_escaped_only_where_they_must(name, label) -> None:
    """Plain names stay readable."""
    assert f'["{label}"]' in mermaid(Workflow("w").do(load.options(name=name)))


def test_names_in_pictures_stay_the_same_when_a_step_is_added() -> None:
    """So that a stored picture changes where the workflow has changed."""
    before = Workflow("w").do("a", load).do("c", load)
    after = Workflow("w").do("a", load).do("b", load).do("c", load)

    assert 'n_c["c"]' in mermaid(before)
    assert 'n_c["c"]' in mermaid(after)


def test_names_that_look_alike_in_pictures_are_told_apart() -> None:
    """Paths differ by more than letters and digits."""
    shown = mermaid(Workflow("w").do("a-b", load).do("a b", load).do("a_b_2", load).do("é", load))

    assert 'n_a_b["a-b"]' in shown
    assert 'n_a_b_2["a b"]' in shown
    assert 'n_a_b_2_2["a#95;b_2"]' in shown or 'n_a_b_2_2["a_b_2"]' in shown
    assert 'n["é"]' in shown


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", HARD, ids=range(len(HARD)))
def test_graphviz_reads_what_is_written_for_it(name) -> None:
    """It lays it out without a complaint."""
    done = subprocess.run(
        ["dot", "-Tsvg"],
        input=dot(named([name])),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_depth_and_length_are_no_matter() -> None:
    """Neither a deep nor a long workflow exhausts the stack."""
    body = steps().do(load)
    for number in range(1000):
        body = steps().steps(f"g{number}", body)
    deep = Workflow("deep").steps("top", body)
    long = Workflow("long", *[load] * 1000)
    hollow = Workflow("hollow")
    for number in range(300):
        hollow.case(f"c{number}", is_ready, steps())

    assert len(chart(deep).edges) == 2
    assert len(chart(long).edges) == 1001
    assert len(chart(hollow).edges) == 1 + 2 * 300
