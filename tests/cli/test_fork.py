"""`gostage fork`: a new run begins in the middle of another one."""

from __future__ import annotations

import json

import pytest

from tests.cli.durable import begin, calls, due, ids, project, status
from tests.cli.shell import gostage


@pytest.fixture
def folder(tmp_path):
    return project(tmp_path)


def test_a_fork_runs_from_the_step_on(folder) -> None:
    """What stood before it is not done again; the first line is the new run's id."""
    begin(folder, "bad", "b1")
    source = folder / "flows.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace('raise ValueError("not today")', "pass"), encoding="utf-8")

    done = gostage("fork", "b1", "--from", "fail", folder=folder)

    new = done.out.splitlines()[0]
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("bad completed in ")
    assert calls(folder) == ["begin", "fail", "fail", "finish"]
    assert [status(folder, run) for run in ("b1", new)] == ["failed", "completed"]


def test_a_fork_from_the_first_step_starts_over(folder) -> None:
    """With what the store held in the beginning."""
    begin(folder, "bad", "b1")

    assert gostage("fork", "b1", "--from", "begin", folder=folder).code == 1
    assert calls(folder) == ["begin", "fail", "begin", "fail"]


def test_a_fork_need_not_run(folder) -> None:
    """It is pending, and `gostage resume` begins it."""
    begin(folder, "bad", "b1")

    done = gostage("fork", "b1", "--from", "fail", "--no-run", folder=folder)
    new = done.out.strip()

    assert (done.code, status(folder, new)) == (0, "pending")
    assert calls(folder) == ["begin", "fail"]
    assert gostage("resume", new, folder=folder).code == 1
    assert calls(folder) == ["begin", "fail", "fail"]


def test_a_step_that_is_none_gets_the_closest(folder) -> None:
    """And there is no new run."""
    begin(folder, "bad", "b1")

    done = gostage("fork", "b1", "--from", "fial", folder=folder)

    assert done.code == 4
    assert "'fial'" in done.err
    assert "hint: did you mean 'fail'?" in done.err
    assert ids(folder) == {"b1"}


def test_a_step_has_to_be_named(folder) -> None:
    """From where is the whole question."""
    begin(folder, "bad", "b1")

    done = gostage("fork", "b1", folder=folder)

    assert done.code == 4
    assert "--from" in done.err


def test_the_result_as_json(folder) -> None:
    """That of the new run, or its id if it does not run."""
    due(folder, "work", "n1")
    gostage("resume", "n1", folder=folder)

    result = json.loads(gostage("fork", "n1", "--from", "finish", "--json", folder=folder).out)
    words = ("fork", "n1", "--from", "finish", "--no-run", "--json")
    pending = json.loads(gostage(*words, folder=folder).out)

    assert result["status"] == "completed"
    assert pending["status"] == "pending"
    assert ids(folder) == {"n1", result["run_id"], pending["run_id"]}


def test_a_fork_may_come_back_at_a_sleep(folder) -> None:
    """With --detach it does not sit that out."""
    begin(folder, "night", "n1")

    done = gostage("fork", "n1", "--from", "begin", "--detach", folder=folder)

    assert done.code == 6
    assert calls(folder) == ["begin", "begin"]
