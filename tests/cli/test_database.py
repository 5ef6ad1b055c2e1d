"""Where `gostage run` keeps its runs: by default, by option, by configuration, or nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.shell import gostage
from tests.folders import write

FLOW = """
from gostage import Workflow


def leave(ctx):
    ctx.store["left"] = True


def look(ctx, since):
    ctx.store["seen"] = since


def fail():
    raise ValueError("no such row")


flow = Workflow("flow").do(leave)
bad = Workflow("bad").do(fail)
gate = Workflow("gate").receive("go", into="since", timeout=0.05).do(look)
"""


# Any: JSON.
def known(done) -> dict[str, Any]:
    """A result without the times: later they are those of the events, microseconds apart."""
    data = json.loads(done.out)
    steps = [{**step, "started_at": None, "duration": None} for step in data["steps"]]
    return {**data, "steps": steps, "duration": None}


@pytest.fixture
def project(tmp_path):
    """A project with a folder below its root."""
    write(tmp_path, {"pyproject.toml": "[tool.gostage]\n", "below/flow.py": FLOW})
    return tmp_path


def ids(folder, *words) -> str:
    """The ids of the runs that a folder knows."""
    return gostage("runs", "-q", *words, folder=folder).out.strip()


def test_a_run_is_kept_in_the_root_of_the_project(project) -> None:
    """Wherever the command is called, and hidden from version control."""
    done = gostage("run", "flow.py:flow", "--run-id", "r", folder=project / "below")

    assert done.code == 0
    assert (project / ".gostage" / "runs.db").is_file()
    assert (project / ".gostage" / ".gitignore").read_text(encoding="utf-8").endswith("*\n")
    assert ids(project) == ids(project / "below") == "r"
    assert not (project / "below" / ".gostage").exists()


def test_without_a_database_nothing_is_written(project) -> None:
    """`--no-db` keeps the run in memory, also where the configuration names a database."""
    write(project, {"pyproject.toml": '[tool.gostage]\ndb = "here.db"\n'})
    done = gostage("run", "below/flow.py:flow", "--no-db", folder=project)

    assert done.code == 0
    assert sorted(path.name for path in project.iterdir()) == ["below", "pyproject.toml"]


@pytest.mark.parametrize(
    ("settings", "env", "words", "file"),
    [
        ('db = "a.db"', {}, (), "a.db"),
        ('db = "a.db"', {"GOSTAGE_DB": "b.db"}, (), "below/b.db"),
        ('db = "a.db"', {"GOSTAGE_DB": "b.db"}, ("--db", "c.db"), "below/c.db"),
        ("no-db = true", {}, ("--db", "c.db"), "below/c.db"),
        ("", {}, ("--db", "sqlite:///c.db"), "below/c.db"),
    ],
    ids=["configuration", "environment", "option", "option over no-db", "URL"],
)
def test_the_nearest_word_says_which_database(project, settings, env, words, file) -> None:
    """A path in the configuration counts from its folder, one that is typed from the current."""
    write(project, {"pyproject.toml": f"[tool.gostage]\n{settings}\n"})

    done = gostage("run", "flow.py:flow", *words, folder=project / "below", env=env)

    assert done.code == 0, done.err
    assert (project / file).is_file()
    assert not (project / ".gostage").exists()


def test_a_database_and_none_contradict_each_other(project) -> None:
    """Whichever of them comes first."""
    done = gostage("run", "below/flow.py:flow", "--no-db", "--db", "a.db", folder=project)

    assert (done.code, done.out) == (4, "")
    assert "--db and --no-db contradict each other" in done.err


@pytest.mark.parametrize("command", ["runs", "resume r", "gc --older-than 1d", "worker"])
def test_a_command_about_runs_says_that_it_needs_a_database(project, command) -> None:
    """Where the configuration says that there is none."""
    write(project, {"pyproject.toml": "[tool.gostage]\nno-db = true\n"})

    done = gostage(*command.split(), folder=project)

    assert (done.code, done.out) == (4, "")
    assert "no-db" in done.err
    assert "--db PATH" in done.err


def test_a_file_that_is_no_database_is_refused(project) -> None:
    """It is named, and left as it is."""
    write(project, {"a.db": "not a database, but long enough to be taken for one\n" * 50})
    before = (project / "a.db").read_bytes()

    done = gostage("run", "below/flow.py:flow", "--db", "a.db", folder=project)

    assert (done.code, done.out) == (4, "")
    assert "a.db" in done.err
    assert "Traceback" not in done.err
    assert (project / "a.db").read_bytes() == before


def test_a_receive_is_sat_out_on_demand(project) -> None:
    """Without `--wait` the command comes back at once; with it, it waits as long as the step."""
    left = gostage("run", "below/flow.py:gate", "--run-id", "left", folder=project)
    sat = gostage("run", "below/flow.py:gate", "--wait", folder=project)

    assert (left.code, sat.code) == (6, 1)
    assert "WaitTimeout" in sat.out


def test_a_failure_is_told_again_with_its_place(project) -> None:
    """By a process that has not seen it happen."""
    words = ("run", "below/flow.py:bad", "--run-id", "r")
    first = gostage(*words, folder=project)
    again = gostage(*words, folder=project)
    data = [json.loads(gostage(*words, "--json", folder=project).out) for _ in range(2)]

    assert (first.code, again.code) == (1, 1)
    place = '  File "below/flow.py", line 14'
    assert f"{place}, in fail" in first.out.splitlines()
    assert place in again.out.splitlines()
    assert data[0]["error"]["where"]["line"] == 14
    assert data[0]["error"] == data[1]["error"]


def test_a_run_of_the_same_id_is_the_same_run(project) -> None:
    """Its result is shown again, and nothing of it is done again."""
    first = gostage("run", "below/flow.py:flow", "--run-id", "r", "--json", folder=project)
    again = gostage("run", "below/flow.py:flow", "--run-id", "r", "--json", folder=project)
    other = gostage("run", "below/flow.py:gate", "--run-id", "r", folder=project)

    assert again.code == 0
    assert known(again) == known(first)
    assert json.loads(again.out)["duration"] == json.loads(first.out)["duration"]
    assert other.code == 5
    assert "'flow'" in other.err
