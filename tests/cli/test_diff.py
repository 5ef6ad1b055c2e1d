"""`gostage diff`: two runs beside each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gostage._db.sqlite import SQLite
from tests.app.hand import Hand
from tests.cli.shell import gostage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with two runs; nobody changes it."""
    made: Path = tmp_path_factory.mktemp("project")
    database = SQLite(made / ".gostage" / "runs.db")
    for number, names in enumerate([("a", "b"), ("a", "c")]):
        hand = Hand([(name, "action") for name in names], run_id=f"run-{number}", database=database)
        hand.commit(changes=[hand.put("amount", 100 + number)])
        for name in names:
            hand.step(name, changes=[hand.put(name, "x" * 200)])
        hand.stop("completed")
    database.close()
    return made


def test_two_runs_are_compared(folder) -> None:
    """What the second has, lacks, and has otherwise."""
    done = gostage("diff", "run-0", "run-1", folder=folder, env={"COLUMNS": "60"})
    lines = done.out.splitlines()

    assert (done.code, done.err) == (0, "")
    assert lines[0].split() == ["run", "run-0", "run-1"]
    assert "  ~ amount 100 → 101" in lines
    assert "  - b  action" in lines
    assert "  + c  completed" in lines
    assert max(map(len, lines)) <= 60
    assert f"  + c = '{'x' * 200}'" in gostage("diff", "-v", "run-0", "last", folder=folder).out


def test_the_same_as_data(folder) -> None:
    """For programs."""
    done = gostage("diff", "run-0", "run-1", "--json", folder=folder)
    data = json.loads(done.out)

    assert [run["run_id"] for run in data["runs"]] == ["run-0", "run-1"]
    assert data["initial"] == [{"key": "amount", "before": 100, "after": 101}]
    assert data["plan"]["added"] == ["c"]
    assert [step["path"] for step in data["steps"]] == ["c", "b"]


def test_a_run_is_the_same_as_itself(folder) -> None:
    """However it is named."""
    done = gostage("diff", "run-1", "last", folder=folder)

    assert done.out.splitlines()[-1] == "the same values, plan, steps and store"


def test_a_mistake_is_named(folder) -> None:
    """With what may have been meant."""
    done = gostage("diff", "run-1", "run-11", folder=folder)

    assert (done.code, done.out) == (4, "")
    assert "no run 'run-11'" in done.err
    assert "did you mean 'run-1'" in done.err
