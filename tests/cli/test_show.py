"""`gostage show`: a run as it stands or stood, whoever has it and whatever became of its code."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cli.shell import environment, gostage

if TYPE_CHECKING:
    from pathlib import Path

FLOWS = """
from gostage import Key, Retry, Runner, Stage, Workflow, action, steps


@action
def read(ctx):
    ctx.store["rows"] = [1, 2, 3]
    ctx.store[Key("token", str, secret=True)] = "hush-hush"


@action(retry=Retry(attempts=3))
def flaky(ctx):
    if ctx.attempt < 2:
        raise OSError("busy")
    ctx.store["rows"] = ctx.store["rows"] + [4]


@action
def adds(ctx):
    ctx.add_action(read)
    ctx.remove_stage("gone")


@action
def square(ctx, item):
    ctx.store[f"square of {item}"] = item * item


@action
def fail(ctx):
    raise ValueError("no such row") from KeyError("row")


good = Workflow("good", tags=["demo"]).stage("reading", read, flaky, initial={"region": "eu"})
good.for_each("squares", "rows", square)
edited = Workflow("edited").stage("first", adds).stage("gone", read)
bad = Workflow("bad").stage("reading", read, fail, flaky)
asks = Workflow("asks").do(read).receive("approval", into="by").do("end", flaky)
sides = Workflow("sides").parallel(
    "both", left=steps().do("l", square.bind(item=2)), right=steps().do("r", square.bind(item=3))
)

if __name__ == "__main__":
    import flows

    with Runner(db=".gostage/runs.db") as runner:
        for name in ("good", "edited", "bad", "asks", "sides"):
            runner.run(getattr(flows, name), {"amount": 120}, run_id=f"{name}-1")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with runs whose code is gone; nobody changes it."""
    made: Path = tmp_path_factory.mktemp("project")
    (made / "flows.py").write_text(FLOWS, encoding="utf-8")
    subprocess.run([sys.executable, "flows.py"], cwd=made, env=environment(), check=True)
    (made / "flows.py").write_text("raise RuntimeError('imported')\n", encoding="utf-8")
    return made


def shown(folder: Path, *words: str) -> str:
    """What is shown, as lines without what differs from run to run."""
    done = gostage("show", *words, folder=folder)
    assert (done.code, done.err) == (0, "")
    return done.out


def test_a_run_is_shown_with_what_it_did(folder) -> None:
    """Its values, its items, and what each changed in the store; secrets are not shown."""
    out = shown(folder, "good-1")

    assert out.splitlines()[0] == "run good-1"
    assert "  of flows.py:good  [demo]\n" in out
    assert "\n  + amount = 120\n" in out
    assert "\n    + region = 'eu'\n" in out
    assert "      + rows = [1, 2, 3]\n      + token = ***\n" in out
    assert "2 attempts\n      ~ rows [1, 2, 3] → [1, 2, 3, 4]\n" in out
    assert "4 times\n      + square of 4 = 16\n" in out
    assert out.splitlines()[-1].startswith("good completed in ")
    assert "hush" not in out


def test_edits_of_the_plan_are_shown(folder) -> None:
    """What was inserted and what was removed."""
    lines = [line.split() for line in shown(folder, "edited-1").splitlines()]

    assert ["✓", "read"] in [line[:2] for line in lines if line[-1:] == ["inserted"]]
    assert ["–", "gone", "skipped", "removed"] in lines  # noqa: RUF001  # a dash


def test_a_failed_run_is_shown_with_its_error(folder) -> None:
    """Once, with what it was caused by, and what to type."""
    out = shown(folder, "bad-1")

    assert out.count("no such row") == 1
    assert "\nreading/fail: ValueError: no such row\n" in out
    assert "\n  caused by KeyError: 'row'\n" in out
    assert "\n`gostage resume bad-1` goes on from there\n" in out
    assert out.splitlines()[-1].endswith(": 1 completed, 1 failed, 1 pending")


def test_a_waiting_run_says_what_it_waits_for(folder) -> None:
    """And what to type."""
    out = shown(folder, "asks-1")

    assert "\napproval waits for the signal 'approval'\n" in out
    assert "\n`gostage signal asks-1 approval -s KEY=VALUE` lets it go on\n" in out


@pytest.mark.parametrize("words", [["last"], ["side"], ["sides-1"]], ids=" ".join)
def test_a_run_is_named_by_its_id_its_beginning_or_as_the_last(folder, words) -> None:
    """Whichever is shorter to type."""
    assert shown(folder, *words).splitlines()[0] == "run sides-1"


def test_the_store_is_shown_as_it_was(folder) -> None:
    """After a step, an item of one, or a commit."""
    assert shown(folder, "good-1", "--at", "reading/read") == (
        "amount = 120\nregion = 'eu'\nrows = [1, 2, 3]\ntoken = ***  [sensitive]\n"
    )
    assert shown(folder, "good-1", "--at", "squares/square[1]").splitlines()[-2:] == [
        "square of 1 = 1",
        "square of 2 = 4",
    ]
    assert shown(folder, "good-1", "--at", "1") == "amount = 120\n"
    assert shown(folder, "sides-1", "--at", "both/left/l").splitlines()[1:] == ["square of 2 = 4"]


def test_json_says_everything(folder) -> None:
    """What `gostage run --json` says of a result as well, and the past beside it."""
    data = json.loads(shown(folder, "good-1", "--json"))
    steps = {step["path"]: step for step in data["steps"]}

    assert (data["run_id"], data["workflow"], data["status"], data["ok"]) == (
        "good-1", "good", "completed", True)  # fmt: skip
    assert data["initial"] == [{"key": "amount", "after": 120}]
    assert data["store"]["token"] == "***"
    assert data["store"]["rows"] == [1, 2, 3, 4]
    assert steps["reading/flaky"]["attempts"] == 2
    assert steps["reading/flaky"]["changes"] == [
        {"key": "rows", "before": [1, 2, 3], "after": [1, 2, 3, 4]}
    ]
    assert steps["squares/square"]["times"] == {"completed": 4}
    assert data["sessions"][0]["status"] == "completed"
    assert "hush" not in json.dumps(data)
    bad = json.loads(shown(folder, "bad-1", "--json"))
    assert (bad["error"]["type"], bad["error"]["message"]) == ("ValueError", "no such row")
    at = json.loads(shown(folder, "good-1", "--at", "reading/read", "--json"))
    assert (at["path"], at["store"]["rows"]) == ("reading/read", [1, 2, 3])
    assert at["entries"][-1]["tags"] == ["sensitive"]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("show god-1", "no run 'god-1'", "did you mean 'good-1'"),
        ("show goo", "no run 'goo'", "write at least 4 characters of the beginning of an id"),
        ("show good-1 --at reading/raed", "has no step 'reading/raed'", "'reading/read'"),
        ("show bad-1 --at reading/flaky", "has not ended", "`gostage show`"),
        ("show good-1 --at 999", "has no commit 999", "`gostage tail -v`"),
        ("show", "missing argument 'RUN'", "--help"),
    ],
)
def test_a_mistake_is_named(folder, words, message, hint) -> None:
    """With what may have been meant."""
    done = gostage(*words.split(), folder=folder)

    assert (done.code, done.out) == (4, "")
    assert message in done.err
    assert hint in done.err


@pytest.mark.parametrize("text", ["{", "[[1]]", '[["x", "y", "z", 1]]', "5", "null"])
def test_what_does_not_read_is_named(folder, tmp_path, text) -> None:
    """Which commit of which run; nobody is told that it is a bug."""
    shutil.copytree(folder / ".gostage", tmp_path / ".gostage")
    with closing(sqlite3.connect(tmp_path / ".gostage" / "runs.db")) as connection:
        connection.execute("UPDATE log SET events = ?", (text,))
        connection.commit()
    done = gostage("show", "good-1", folder=tmp_path)

    assert (done.code, done.out) == (1, "")
    assert "commit 1 of run 'good-1' cannot be read" in done.err
    assert "bug" not in done.err
