"""`gostage graph`: the tree at the terminal, pictures for other tools, and data."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import gostage

FLOW = """
from gostage import Workflow, action, steps

print("a word from the module")


@action(tags=["io"])
def load(ctx):
    \"\"\"Load the rows.\"\"\"


def is_ready(ctx):
    return True


flow = (
    Workflow("daily", tags=["prod"])
    .stage("reading", load)
    .case("ready", is_ready, steps().do("push", load))
)
flow.disable(stage="reading")
"""
TREE = [
    "daily  [prod]",
    "├─ ■ reading     skipped",
    "│  └─ • load     skipped  [io]",
    "└─ ◇ ready",
    "   └─ if is_ready",
    "      └─ • push  load()  [io]",
]


@pytest.fixture
def folder(tmp_path):
    """A folder with one flow whose module prints when it is imported."""
    (tmp_path / "jobs.py").write_text(FLOW, encoding="utf-8")
    return tmp_path


def test_a_workflow_is_shown_as_a_tree(folder) -> None:
    """Without a format, for people; what the module prints comes before it."""
    done = gostage("graph", "jobs", folder=folder)

    assert done.code == 0
    assert done.out.splitlines() == ["a word from the module", *TREE]
    assert done.err == ""


def test_collect_only_shows_the_same_tree(folder) -> None:
    """`gostage run --collect-only` runs nothing."""
    done = gostage("run", "jobs", "--collect-only", folder=folder)

    assert (done.code, done.out.splitlines()[1:]) == (0, TREE)


def test_descriptions_are_shown_on_demand(folder) -> None:
    """With `-v`."""
    done = gostage("graph", "jobs", "-v", folder=folder)

    assert "      └─ • push  load()  [io]  Load the rows." in done.out.splitlines()


@pytest.mark.parametrize(
    ("format", "first", "line"),
    [
        ("mermaid", "flowchart TD", '  n_ready -->|"yes"| n_ready_push'),
        ("dot", 'digraph "daily" {', '  "ask:ready" -> "step:ready/push" [label="yes"];'),
    ],
)
def test_a_picture_stands_on_standard_output_alone(folder, format, first, line) -> None:
    """So that it can be piped; what the module prints goes to standard error."""
    done = gostage("graph", "jobs", "--format", format, folder=folder)

    assert done.code == 0
    assert done.out.splitlines()[0] == first
    assert line in done.out.splitlines()
    assert done.err == "a word from the module\n"


def test_pictures_are_utf_8_whatever_the_terminal_is(folder) -> None:
    """Their readers expect it."""
    (folder / "jobs.py").write_text(
        "from gostage import Workflow\nflow = Workflow('größe').do('läuft', print)\n",
        encoding="utf-8",
    )
    done = gostage(
        "graph", "jobs", "--format", "dot", folder=folder, env={"PYTHONIOENCODING": "ascii"}
    )

    assert 'digraph "größe" {' in done.out.splitlines()


def test_the_graph_is_data_on_demand(folder) -> None:
    """With `--json`: every item, and every way between two."""
    done = gostage("graph", "jobs", "--json", folder=folder)
    data = json.loads(done.out)

    assert data["workflow"] == "daily"
    assert [(node["id"], node["kind"]) for node in data["nodes"]] == [
        ("start:daily", "start"),
        ("reading", "stage"),
        ("reading/load", "action"),
        ("ready", "case"),
        ("ready/push", "action"),
        ("completed:daily", "end"),
    ]
    assert data["edges"][2] == {
        "source": "ready",
        "target": "ready/push",
        "reason": "condition is met",
        "exclusive": True,
        "failure": False,
    }
    assert done.err == "a word from the module\n"


@pytest.mark.parametrize("how", [(), ("--format", "mermaid"), ("--json",)], ids=str)
def test_what_is_not_selected_is_skipped(folder, how) -> None:
    """The selection of `gostage run` counts here too."""
    (folder / "jobs.py").write_text(FLOW.replace("flow.disable", "# flow.disable"))
    selected = gostage("graph", "jobs", "-k", "push", *how, folder=folder).out
    everything = gostage("graph", "jobs", *how, folder=folder).out

    assert "skipped" in selected
    assert "skipped" not in everything.replace('"skipped": false', "")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ("--format", "mermade"),
            [
                "gostage: there is no format 'mermade', only text, mermaid, dot",
                "  hint: did you mean 'mermaid'?",
            ],
        ),
        (
            ("--format", "dot", "--json"),
            [
                "gostage: --json and --format exclude each other",
                "  hint: `gostage graph --help` shows what it takes",
            ],
        ),
    ],
    ids=["unknown format", "two formats"],
)
def test_what_cannot_be_drawn_is_refused(folder, words, complaint) -> None:
    """Before the target is imported."""
    done = gostage("graph", "jobs", *words, folder=folder)

    assert (done.code, done.out, done.err.splitlines()) == (4, "", complaint)


def test_a_tree_has_colours_on_demand(folder) -> None:
    """Guides and what is said are quiet, names of stages strong."""
    done = gostage("graph", "jobs", folder=folder, env={"FORCE_COLOR": "1", "NO_COLOR": None})

    assert "\x1b[2m├─ \x1b[0m" in done.out
    assert "\x1b[1mdaily\x1b[0m" in done.out


def test_a_stream_without_the_marks_gets_plain_ones(folder) -> None:
    """The tree keeps its shape."""
    done = gostage("graph", "jobs", folder=folder, env={"PYTHONIOENCODING": "ascii"})

    assert done.out.splitlines()[-3:] == [
        "`- ? ready",
        "   `- if is_ready",
        "      `- * push  load()  [io]",
    ]


def test_without_a_target_the_folder_is_drawn(tmp_path) -> None:
    """Its stages are its modules, as for `gostage run`."""
    (tmp_path / "stage_1.py").write_text(
        "from gostage import action\n@action\ndef load(ctx): ...\n", encoding="utf-8"
    )
    done = gostage("graph", folder=tmp_path)

    assert done.out.splitlines()[1:] == ["└─ ■ stage_1", "   └─ • load"]
