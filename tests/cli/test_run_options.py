"""The options of `gostage run` that decide what runs and how, through the real command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import gostage

FLOW = '''
from pathlib import Path

from gostage import Retry, Workflow, action

@action(retry=Retry(3))
def flaky(ctx):
    """Fail, and leave a trace of each attempt."""
    with Path("attempts.txt").open("a") as file:
        file.write("x")
    raise OSError("busy")

@action
def needs(rows: list[int]) -> None:
    """Need rows."""
    Path("ran.txt").write_text(str(rows))

@action(tags=["io"])
def loads() -> None:
    """Load."""

failing = Workflow("failing").stage("all", flaky)
needy = Workflow("needy").stage("first", loads).stage("second", needs)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a flow that leaves traces of what ran."""
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "attempts"),
    [([], 3), (["-x"], 1), (["--exit-first"], 1)],
    ids=["without", "-x", "--exit-first"],
)
def test_the_first_failure_may_be_the_end(folder: Path, options: list[str], attempts: int) -> None:
    """Nothing is tried again, and the run is failed."""
    done = gostage("run", "flow.py:failing", *options, folder=folder)

    assert done.code == 1
    assert len((folder / "attempts.txt").read_text()) == attempts


def test_collect_only_shows_what_would_run_and_runs_nothing(folder: Path) -> None:
    """What is left out is shown as skipped."""
    done = gostage("run", "flow.py:needy", "--collect-only", "-t", "io", folder=folder)

    assert done.code == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert any("loads" in line and "skipped" not in line for line in lines)
    assert any("needs" in line and "skipped" in line for line in lines)
    assert not (folder / "ran.txt").exists()


def test_what_would_run_is_data_on_request(folder: Path) -> None:
    """The same as `gostage list --json` has for one workflow, and nothing else on stdout."""
    done = gostage("run", "flow.py:needy", "--collect-only", "--json", folder=folder)

    data = json.loads(done.out)
    assert [stage["id"] for stage in data["stages"]] == ["first", "second"]
    assert "findings" not in data


@pytest.mark.parametrize(
    ("options", "code", "found"),
    [
        pytest.param([], 1, ["missing-input"], id="an input is missing"),
        pytest.param(["-s", "rows=[1]"], 0, [], id="it is given"),
        pytest.param(["-s", "rows=text"], 1, ["input-type"], id="it is of another type"),
        pytest.param(["--until", "first"], 0, [], id="what needs it is left out"),
    ],
)
def test_a_dry_run_checks_with_the_values_of_this_run(
    folder: Path, options: list[str], code: int, found: list[str]
) -> None:
    """Nothing runs; the exit code is 1 if the run would fail."""
    done = gostage("run", "flow.py:needy", "--dry-run", "--json", *options, folder=folder)

    assert done.code == code
    findings = json.loads(done.out)["findings"]
    assert [each["code"] for each in findings if each["level"] == "error"] == found
    assert not (folder / "ran.txt").exists()


def test_a_dry_run_shows_the_plan_and_what_is_wrong(folder: Path) -> None:
    """The tree first, then each finding with file and line."""
    done = gostage("run", "flow.py:needy", "--dry-run", folder=folder)

    assert "needs" in done.out.split("flow.py:")[0]
    assert "error: [missing-input]" in done.out


@pytest.mark.parametrize(
    ("options", "ran"),
    [
        pytest.param(["-k", "needs"], ["second/needs"], id="-k"),
        pytest.param(["--names", "first"], ["first/loads"], id="--names"),
        pytest.param(["-t", "io"], ["first/loads"], id="-t"),
        pytest.param(["--tags", "not io"], ["second/needs"], id="--tags"),
        pytest.param(["--stage", "second"], ["second/needs"], id="--stage"),
        pytest.param(["--from", "second"], ["second/needs"], id="--from"),
        pytest.param(["--until", "first"], ["first/loads"], id="--until"),
    ],
)
def test_a_part_of_a_workflow_can_be_run(folder: Path, options: list[str], ran: list[str]) -> None:
    """What is not chosen is skipped."""
    words = ("run", "flow.py:needy", "-s", "rows=[]", "--json", *options)
    steps = json.loads(gostage(*words, folder=folder).out)["steps"]

    actions = [step for step in steps if step["kind"] == "action"]
    assert [step["path"] for step in actions if step["status"] == "completed"] == ran
    assert {step["status"] for step in actions if step["path"] not in ran} == {"skipped"}


@pytest.mark.parametrize(
    "options", [["-k", "nedds"], ["-t", "oi"], ["--stage", "secnd"], ["--from", "secnd"]]
)
def test_nothing_chosen_has_its_own_exit_code(folder: Path, options: list[str]) -> None:
    """5, with the names there are."""
    done = gostage("run", "flow.py:needy", *options, folder=folder)

    assert done.code == 5
    assert "hint: " in done.err


@pytest.mark.parametrize("option", ["-k", "-t", "--from", "--until"])
def test_an_empty_selection_is_refused(folder: Path, option: str) -> None:
    """A variable of the shell that is not set must not run everything."""
    done = gostage("run", "flow.py:needy", option, "", folder=folder)

    assert done.code == 4
    assert "empty" in done.err
    assert not (folder / "ran.txt").exists()


def test_a_selection_that_was_not_typed_says_where_it_comes_from(folder: Path) -> None:
    """A variable that somebody set long ago is easily forgotten."""
    done = gostage("run", "flow.py:needy", folder=folder, env={"GOSTAGE_NAMES": "nobody"})

    assert done.code == 5
    assert "what is chosen comes from GOSTAGE_NAMES" in done.err


def test_an_empty_id_is_refused(folder: Path) -> None:
    """It would be the key of a run that nobody can name."""
    done = gostage("run", "flow.py:needy", "--run-id", "", folder=folder)

    assert done.code == 4
    assert "invalid value for '--run-id': it is empty" in done.err


def test_a_stage_that_is_a_link_to_nowhere_is_missed(tmp_path: Path) -> None:
    """A folder without it would be another workflow."""
    (tmp_path / "stage_1.py").write_text("from gostage import action\n@action\ndef a(): ...\n")
    (tmp_path / "stage_2.py").symlink_to(tmp_path / "nowhere.py")

    done = gostage("run", ".", folder=tmp_path)

    assert done.code == 5
    assert "'stage_2.py' cannot be imported: FileNotFoundError" in done.err


def test_settings_of_the_project_are_those_of_the_command(folder: Path) -> None:
    """Target, values, selection and timeout may stand in pyproject.toml; options go over them."""
    (folder / "pyproject.toml").write_text(
        '[tool.gostage]\ntarget = "flow.py:needy"\nuntil = "first"\n\n'
        "[tool.gostage.set]\nrows = [1, 2]\n",
        encoding="utf-8",
    )

    configured = json.loads(gostage("run", "--json", folder=folder).out)
    over = json.loads(gostage("run", "--json", "--until", "second", folder=folder).out)

    statuses = [
        {s["path"]: s["status"] for s in each["steps"] if s["kind"] == "action"}
        for each in (configured, over)
    ]
    assert configured["store"] == {"rows": [1, 2]}
    assert [each["second/needs"] for each in statuses] == ["skipped", "completed"]


def test_an_error_in_a_summary_leaves_the_exit_code_of_the_run(folder: Path) -> None:
    """The plugin is named on standard error; what became of the run is not touched."""
    (folder / "stageconf.py").write_text(
        "from gostage import hookimpl\n"
        "@hookimpl\ndef gostage_summary(result, console):\n    raise ValueError('no ink')\n",
        encoding="utf-8",
    )

    done = gostage("run", "flow.py:needy", "-s", "rows=[]", folder=folder)

    assert done.code == 0
    assert "plugin 'stageconf.py' failed in hook gostage_summary: ValueError: no ink" in done.err
