"""`gostage resume`: a run goes on where it stands."""

from __future__ import annotations

import json
import sys

import pytest

from tests.cli.durable import begin, calls, due, project, read_until, status
from tests.cli.shell import gostage, started


@pytest.fixture
def folder(tmp_path):
    return project(tmp_path)


def edit(folder, before, after) -> None:
    """Change the flows."""
    source = folder / "flows.py"
    text = source.read_text(encoding="utf-8")
    assert before in text
    source.write_text(text.replace(before, after), encoding="utf-8")


# -------------------------------------------------------------------- one run


def test_a_failed_run_goes_on_once_it_is_mended(folder) -> None:
    """What it had finished is not done again; the report is that of `gostage run`."""
    begin(folder, "bad", "b1")
    edit(folder, 'raise ValueError("not today")', "pass")

    done = gostage("resume", "b1", folder=folder)

    assert (done.code, done.err) == (0, "INFO    finishing\n")
    assert done.out.splitlines()[-1].startswith("bad completed in ")
    assert calls(folder) == ["begin", "fail", "fail", "finish"]


def test_without_a_name_it_is_the_last_run(folder) -> None:
    """As after a `gostage run` that failed."""
    due(folder, "work", "n1")
    begin(folder, "bad", "b1")

    done = gostage("resume", folder=folder)

    assert done.code == 1
    assert status(folder, "n1") == "waiting"
    assert calls(folder) == ["begin", "begin", "fail", "fail"]


def test_the_beginning_of_an_id_will_do(folder) -> None:
    """If it is that of one run alone."""
    due(folder, "work", "order-17-a")
    due(folder, "work", "other")

    assert gostage("resume", "order", folder=folder).code == 0
    assert status(folder, "order-17-a") == "completed"


def test_the_result_as_json(folder) -> None:
    """The data that `gostage run --json` has."""
    due(folder, "work", "n1")

    done = gostage("resume", "n1", "--json", folder=folder)

    data = json.loads(done.out)
    assert (data["run_id"], data["status"]) == ("n1", "completed")
    assert data["store"]["begun"] is True


def test_an_unknown_run_gets_the_closest_ids(folder) -> None:
    """A typo is no riddle."""
    due(folder, "work", "order-17")

    done = gostage("resume", "ordr-17", folder=folder)

    assert done.code == 4
    assert done.err == "gostage: no run 'ordr-17'\n  hint: did you mean 'order-17'?\n"


def test_a_completed_run_shows_its_result_again(folder) -> None:
    """There is nothing to go on with, and that is no error."""
    due(folder, "work", "n1")
    gostage("resume", "n1", folder=folder)

    done = gostage("resume", "n1", folder=folder)

    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("work completed in ")
    assert calls(folder) == ["begin", "finish"]


def test_a_sleep_is_sat_out_unless_detached(folder) -> None:
    """As `gostage run` does."""
    begin(folder, "night", "n1")

    done = gostage("resume", "n1", "--detach", folder=folder)

    assert done.code == 6
    assert status(folder, "n1") == "sleeping"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        pytest.param((), None, id="nothing"),
        pytest.param(("-s", "n=3", "-s", "by=Ada"), {"n": 3, "by": "Ada"}, id="a dict"),
        pytest.param(("--data", "3"), 3, id="a number"),
        pytest.param(("--data", "three"), "three", id="a text"),
        pytest.param(("--data", "[1, 2]"), [1, 2], id="a list"),
        pytest.param(("--data", "@answer.json"), {"rows": [1]}, id="a file"),
    ],
)
def test_a_step_that_suspended_gets_the_answer(folder, words, answer) -> None:
    """-s makes a dict, and --data one value."""
    (folder / "answer.json").write_text('{"rows": [1]}', encoding="utf-8")
    begin(folder, "asks", "a1")

    done = gostage("resume", "a1", *words, "--json", folder=folder)

    assert json.loads(done.out)["store"]["answer"] == answer


def test_a_dict_and_a_value_exclude_each_other(folder) -> None:
    """It cannot be both."""
    begin(folder, "asks", "a1")

    done = gostage("resume", "a1", "-s", "n=3", "--data", "3", folder=folder)

    assert done.code == 4
    assert done.err.startswith("gostage: -s and --data exclude each other")


def test_settings_of_the_project_are_no_answer(folder) -> None:
    """`set` in the configuration is for the beginning of a run."""
    (folder / "pyproject.toml").write_text("[tool.gostage.set]\nn = 3\n", encoding="utf-8")
    begin(folder, "asks", "a1")

    done = gostage("resume", "a1", "--json", folder=folder)

    assert json.loads(done.out)["store"]["answer"] is None


# -------------------------------------------------------------------- who has it, and what changed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL to send")
def test_a_run_that_a_live_process_has_is_refused(folder) -> None:
    """It says which process that is; once that is dead, the run goes on."""
    due(folder, "hung", "h1")
    with started(folder, "resume", "h1") as owner:
        read_until(owner.stdout, "started")
        done = gostage("resume", "h1", folder=folder)
        assert done.code == 4
        assert f"process {owner.pid} on host" in done.err
        owner.kill()
        owner.wait()

    assert gostage("resume", "h1", folder=folder).code == 0
    assert calls(folder) == ["begin", "hang", "hang", "finish"]


def test_a_changed_plan_blocks_a_run_until_it_is_accepted(folder) -> None:
    """It says what has changed, and how to go on."""
    begin(folder, "bad", "b1")
    edit(folder, 'raise ValueError("not today")', "pass")
    edit(folder, ".do(fail).do(finish)", ".do(fail).do(hold).do(finish)")
    (folder / "go").touch()

    done = gostage("resume", "b1", folder=folder)
    assert done.code == 7
    assert "hold" in done.out + done.err
    assert "--accept-changes" in done.out + done.err
    assert status(folder, "b1") == "blocked"

    assert gostage("resume", "b1", "--accept-changes", folder=folder).code == 0
    assert calls(folder) == ["begin", "fail", "fail", "hold", "finish"]


# -------------------------------------------------------------------- all of them


def test_all_that_can_go_on_does(folder) -> None:
    """What is due and what nobody has begun; not what failed, nor what waits for somebody."""
    begin(folder, "bad", "b1")
    begin(folder, "approval", "a1")
    begin(folder, "night", "n1")
    due(folder, "work", "n3")
    due(folder, "work", "n2")

    done = gostage("resume", "--all", folder=folder)

    assert done.code == 0
    assert [line.split()[1:3] for line in done.out.splitlines()] == [
        ["work", "n3"],
        ["work", "n3"],
        ["work", "n2"],
        ["work", "n2"],
    ]
    names = ("b1", "a1", "n1", "n2", "n3")
    assert [status(folder, name) for name in names] == [
        "failed",
        "waiting",
        "sleeping",
        "completed",
        "completed",
    ]


def test_of_all_runs_the_worst_end_counts(folder) -> None:
    """One that failed is not hidden by those that completed."""
    due(folder, "hung", "h1")
    due(folder, "work", "n1")
    edit(folder, 'Path("hung").touch()', 'raise ValueError("not today")')

    done = gostage("resume", "--all", "--json", folder=folder)

    assert done.code == 1
    assert [(each["run_id"], each["status"]) for each in json.loads(done.out)] == [
        ("h1", "failed"),
        ("n1", "completed"),
    ]


def test_no_run_that_can_go_on_is_no_error(folder) -> None:
    """It says so."""
    begin(folder, "approval", "a1")

    done = gostage("resume", "--all", folder=folder)

    assert (done.code, done.out) == (0, "no run can go on now\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param(("a1",), "--all goes on with all runs, not just with 'a1'", id="a run"),
        pytest.param(("-s", "n=3"), "are for one run: name it", id="an answer"),
        pytest.param(("--accept-changes",), "are for one run: name it", id="accepting"),
    ],
)
def test_all_is_all(folder, words, text) -> None:
    """What is for one run alone is refused."""
    begin(folder, "approval", "a1")

    done = gostage("resume", "--all", *words, folder=folder)

    assert done.code == 4
    assert text in done.err
