"""Folders and selections through `gostage run`: what is run, and what is skipped."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.cli.shell import gostage
from tests.folders import write

if TYPE_CHECKING:
    from pathlib import Path

ACTION = """
@action(tags=["{tag}"])
def {name}(ctx):
    ctx.store.setdefault("done", []).append("{name}")
"""
HEAD = "from gostage import Stage, action\n"
FILES = {
    "stage_1.py": HEAD
    + "stage = Stage('extract', tags=['eu'])\n"
    + ACTION.format(tag="io", name="fetch")
    + ACTION.format(tag="slow", name="parse"),
    "stage_2.py": HEAD + "stage = Stage('check')\n" + ACTION.format(tag="fast", name="look"),
    "stage_10.py": HEAD + "stage = Stage('load')\n" + ACTION.format(tag="io", name="save"),
    "stageconf.py": """
from gostage import Workflow, hookimpl

workflow = Workflow("nightly", initial={"done": []})

@hookimpl(wrapper=True)
def gostage_stage(run, stage):
    run.store.setdefault("stages", []).append(stage.id)
    return (yield)
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with three stages; nobody changes it."""
    made: Path = tmp_path_factory.mktemp("nightly")
    write(made, dict(FILES))
    return made


@pytest.mark.parametrize(
    ("line", "done", "stages"),
    [
        ("", ["fetch", "parse", "look", "save"], ["extract", "check", "load"]),
        ("-k fetch", ["fetch"], ["extract"]),
        ("-k 'EXTRACT or sav*' -t io", ["fetch", "save"], ["extract", "load"]),
        ("-t 'not io'", ["parse", "look"], ["extract", "check"]),
        ("-t eu", ["fetch", "parse"], ["extract"]),
        ("--tags 's*w or fast'", ["parse", "look"], ["extract", "check"]),
        ("--stage load --stage extract", ["fetch", "parse", "save"], ["extract", "load"]),
        ("--from check", ["look", "save"], ["check", "load"]),
        ("--until check", ["fetch", "parse", "look"], ["extract", "check"]),
        ("--from extract/parse --until look", ["parse", "look"], ["extract", "check"]),
    ],
)
def test_a_selection_runs_a_part(folder, line, done, stages) -> None:
    """The rest is skipped, and a stage with nothing left is not entered."""
    ended = gostage("run", ".", "--json", *shlex.split(line), folder=folder)
    result = json.loads(ended.out)
    not_skipped = [step["path"] for step in result["steps"] if step["status"] != "skipped"]

    assert ended.code == 0
    assert result["store"] == {"done": done, "stages": stages}
    assert {path.rpartition("/")[2] for path in not_skipped} == {*done, *stages}


@pytest.mark.parametrize(
    ("line", "code", "text", "hint"),
    [
        pytest.param("-k fetchh", 5, "nothing in workflow 'nightly' is", "mean 'fetch'", id="name"),
        pytest.param("-t slwo", 5, "is chosen by -t 'slwo'", "mean 'slow'?", id="tag"),
        pytest.param("--stage lod", 5, "has no stage or step", "mean 'load'?", id="stage"),
        pytest.param("--from x", 5, "--from 'x': workflow 'nightly'", "'extract', 'c", id="from"),
        pytest.param("-k (a", 4, "-k: cannot read the name expression", "add a )", id="mistake"),
        pytest.param("-k fetch -t fast", 5, "by -k 'fetch' -t 'fast'", "all must hold", id="both"),
    ],
)
def test_a_selection_of_nothing_is_explained(folder, line, code, text, hint) -> None:
    """With the closest names, and a code of its own."""
    done = gostage("run", ".", *line.split(), folder=folder)

    assert (done.code, done.out) == (code, "")
    assert text in done.err
    assert hint in done.err


@pytest.mark.parametrize("target", ["{folder}", "{folder}/stage_1.py", "{folder}/stage_1.py:fetch"])
def test_a_folder_is_run_from_anywhere(folder, tmp_path, target) -> None:
    """By its path, or that of a module or an action in it."""
    done = gostage("run", target.format(folder=folder), "-s", "done=[]", folder=tmp_path)

    assert done.code == 0, done
    assert "fetch" in done.out
