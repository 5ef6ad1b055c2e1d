"""`gostage tail`: the events of a run, in order and as they come from other processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gostage._db.sqlite import SQLite
from tests.app.hand import GONE, Hand, ended, started
from tests.cli.shell import environment, gostage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., subprocess.Popen[str]]

PLAN = (("s", "stage"), ("s/a", "action"), ("b", "action"))
ERROR = {"type": "ValueError", "message": "boom"}


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Hand]:
    """A run that goes on, in a database of the folder."""
    database = SQLite(tmp_path / ".gostage" / "runs.db", synchronous="NORMAL")
    made = Hand(PLAN, database=database, run_id="run-1")
    made.commit(("run_started", "", {"workflow": "expense"}), started("s", "stage"),
                started("s/a"), ended("s/a"))  # fmt: skip
    yield made
    database.close()


def said(text: str) -> list[str]:
    """What the lines say after their times; the line of a day says nothing."""
    lines = (line.split("  ", 1) for line in text.splitlines())
    return [line[1] for line in lines if len(line) > 1]


def next_line(process: subprocess.Popen[str]) -> str:
    """What the next line of a process says after its time."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n").split("  ", 1)[-1]


def test_events_are_told_in_order(hand, tmp_path) -> None:
    """Each with its time; the day stands above."""
    hand.commit(("plan_changed", "b", {"change": "disable", "items": ["b"]}))
    hand.commit(started("b"), ended("b", status="failed", error=ERROR))
    done = gostage("tail", "run-1", folder=tmp_path)

    assert (done.code, done.err) == (0, "")
    assert said(done.out) == [
        "begun", "✓ s/a  0.100s", "- b  disabled", "✗ b  0.100s  ValueError: boom"]  # fmt: skip
    assert len(done.out.splitlines()[0]) == len("2026-11-21")


def test_more_or_less_is_told_on_request(hand, tmp_path) -> None:
    """With `-v` the beginnings of steps and the numbers of commits, with `-q` what went wrong."""
    hand.commit(started("b"), ended("b", status="failed", error=ERROR))
    more = gostage("tail", "-v", "run-1", folder=tmp_path).out.splitlines()
    less = gostage("tail", "-q", "run-1", folder=tmp_path).out

    assert [line.split()[0] for line in more[1:]] == ["2", "2", "2", "2", "3", "3"]
    assert more[2].endswith("· s  stage")
    assert said(less) == ["begun", "✗ b  0.100s  ValueError: boom"]


def test_each_event_is_a_line_of_json(hand, tmp_path) -> None:
    """All of them, with the number of the commit."""
    done = gostage("tail", "run-1", "--json", folder=tmp_path)
    events = [json.loads(line) for line in done.out.splitlines()]

    assert done.err == ""
    assert [(event["seq"], event["kind"], event["path"]) for event in events] == [
        (2, "run_started", ""),
        (2, "step_started", "s"),
        (2, "step_started", "s/a"),
        (2, "step_ended", "s/a"),
    ]
    assert events[3]["data"]["status"] == "completed"
    assert events[3]["run_id"] == "run-1"
    assert events[3]["at"].startswith("20")


def test_a_run_is_followed_to_its_end(hand, start) -> None:
    """What another process commits is told as it comes."""
    process = start("tail", "-f", "run-1")
    next_line(process)  # the day
    assert [next_line(process), next_line(process)] == ["begun", "✓ s/a  0.100s"]
    for number in range(3):
        hand.commit(started("b"), ended("b", attempts=number + 2))
        assert next_line(process) == f"✓ b  0.100s  {number + 2} attempts"
    hand.stop("completed")
    out, err = process.communicate()

    assert (process.returncode, err) == (0, "")
    assert said(out) == ["completed"]


@pytest.mark.parametrize(
    ("status", "outcome", "lines"),
    [
        ("waiting", {"suspended": {"reason": "r", "data": {"signal": "go"}}},
         ["`gostage signal run-1 go -s KEY=VALUE` lets it go on"]),
        ("sleeping", {},
         ["`gostage resume run-1` goes on when it is due, and so does `gostage worker`"]),
        ("failed", {}, ["`gostage resume run-1` goes on from there"]),
        ("blocked", {"text": "the plan has changed"}, ["blocked: the plan has changed"]),
        ("completed", {}, []),
    ],
    ids=["waiting", "sleeping", "failed", "blocked", "completed"],
)  # fmt: skip
def test_a_run_that_goes_on_no_more_is_let_be(hand, tmp_path, status, outcome, lines) -> None:
    """It is said how it goes on, if it does."""
    hand.stop(status, **outcome)
    done = gostage("tail", "-f", "run-1", folder=tmp_path)

    assert done.code == 0
    assert done.out.splitlines()[-len(lines) or len(done.out) :] == lines


def test_a_run_whose_process_is_gone_is_not_waited_for(tmp_path) -> None:
    """Nobody is told of that, so it is asked for."""
    database = SQLite(tmp_path / ".gostage" / "runs.db")
    Hand(PLAN, database=database, run_id="run-1", owner=GONE)
    database.close()
    done = gostage("tail", "-f", "run-1", folder=tmp_path)

    assert done.out.splitlines() == [
        f"interrupted: process {GONE.pid} is gone",
        "`gostage resume run-1` goes on where it was interrupted",
    ]


def test_lines_of_json_come_at_once(hand, start) -> None:
    """A program that reads them need not wait for a buffer to fill."""
    process = start("tail", "-f", "--json", "run-1")
    first = [json.loads(process.stdout.readline()) for _ in range(4)]
    hand.step("b")
    more = [json.loads(process.stdout.readline()) for _ in range(2)]
    hand.stop("completed")
    out, _ = process.communicate()

    assert [event["path"] for event in (*first, *more)] == ["", "s", "s/a", "s/a", "b", "b"]
    assert json.loads(out)["kind"] == "run_ended"
    assert process.returncode == 0


def test_a_run_that_is_deleted_meanwhile_is_said_to_be(hand, start) -> None:
    """It is no use to wait for it."""
    process = start("tail", "-f", "run-1")
    for _ in range(3):
        next_line(process)
    hand.database.delete("run-1", lambda _row: True)
    _, err = process.communicate()

    assert process.returncode == 4
    assert "run 'run-1' was deleted meanwhile" in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
@pytest.mark.parametrize("words", [[], ["--json"]], ids=["text", "json"])
def test_ctrl_c_ends_it(hand, start, words) -> None:
    """With the exit code of everything that is interrupted, and no traceback."""
    process = start("tail", "-f", "run-1", *words)
    next_line(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()

    assert (process.returncode, err.strip()) == (2, "gostage: interrupted")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no shell to make a pipe")
@pytest.mark.parametrize("words", ["", "--json", "-f", "-f --json"])
def test_a_reader_that_goes_away_is_no_error(hand, tmp_path, words) -> None:
    """As with `| head`; a run that goes on is followed no more, though nothing comes of it."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m gostage tail {words} run-1 | head -n 1; exit 0'],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
    assert hand.row.status == "running"


@pytest.mark.parametrize(
    ("words", "message"),
    [(["run-2"], "no run 'run-2'"), ([], "missing argument 'RUN'")],
    ids=["unknown", "none"],
)
def test_a_mistake_is_named(hand, tmp_path, words, message) -> None:
    """With what may have been meant."""
    done = gostage("tail", *words, folder=tmp_path)

    assert (done.code, done.out) == (4, "")
    assert message in done.err
