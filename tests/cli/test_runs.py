"""`gostage runs`: which runs it lists, how they are paged, and what it says of each."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from gostage._db.sqlite import SQLite
from tests.app.hand import GONE, Hand
from tests.cli.shell import gostage

if TYPE_CHECKING:
    from pathlib import Path

MADE = "c0ffee" + "0" * 26


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with runs of every status; nobody changes it."""
    made: Path = tmp_path_factory.mktemp("project")
    database = SQLite(made / ".gostage" / "runs.db")
    now = time.time()

    def begin(run_id: str, minutes: int, workflow: str = "etl", **more) -> Hand:
        created = now - 60 * minutes
        return Hand((("a", "action"),), run_id=run_id, database=database, workflow=workflow,
                    created=created, **more)  # fmt: skip

    begin("failed-1", 300).stop("failed", text="action 'a' failed: boom\nin two lines")
    for number in range(5):
        begin(f"done-{number}", 200 - number, "load", tags=["nightly"]).stop("completed")
    begin("bailed-1", 100).stop("bailed", bail_reason="nothing to do")
    begin("waiting-1", 60, tags=["nightly"]).stop("waiting", suspended={"reason": "it waits"})
    begin("sleeping-1", 50).stop("sleeping", due=now + 10)
    begin("blocked-1", 40).stop("blocked", text="the plan has changed")
    begin("lost-1", 30, owner=GONE)
    begin(MADE, 20)
    database.close()
    return made


def ids(folder: Path, *words: str) -> list[str]:
    """The ids that are listed."""
    done = gostage("runs", "-q", *words, folder=folder)
    assert done.code == 0, done.err
    return done.out.split()


def test_runs_are_listed_newest_first_with_what_there_is_to_say(folder) -> None:
    """Who has them, what they wait for, and why they failed; then how many there are."""
    done = gostage("runs", folder=folder)
    lines = done.out.splitlines()
    rows = {line.split()[0]: line for line in lines[1:-1]}

    assert (done.code, done.err) == (0, "")
    assert lines[0].split() == ["run", "workflow", "status", "created", "updated"]
    assert list(rows) == [
        "c0ffee00", "lost-1", "blocked-1", "sleeping-1", "waiting-1", "bailed-1",
        "done-4", "done-3", "done-2", "done-1", "done-0", "failed-1",
    ]  # fmt: skip
    failed = " ".join(rows["failed-1"].split())
    assert failed == "failed-1 etl failed 5h ago 4h ago action 'a' failed: boom"
    assert rows["lost-1"].endswith(f"process {GONE.pid} is gone")
    assert " until " in rows["sleeping-1"]
    assert rows["waiting-1"].endswith("it waits")
    assert rows["bailed-1"].endswith("nothing to do")
    assert rows["blocked-1"].endswith("the plan has changed")
    assert " running " in rows["c0ffee00"]
    assert " interrupted " in rows["lost-1"]
    head, _, counts = lines[-1].partition(": ")
    assert head == "12 runs"
    assert sorted(counts.split(", ")) == [
        "1 bailed", "1 blocked", "1 failed", "1 interrupted", "1 running", "1 sleeping",
        "1 waiting", "5 completed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--status failed", ["failed-1"]),
        ("--status failed --status bailed", ["bailed-1", "failed-1"]),
        ("--status FAILED", ["failed-1"]),
        ("--status running", [MADE]),
        ("--status interrupted", ["lost-1"]),
        ("--status running --status interrupted", [MADE, "lost-1"]),
        ("--status interrupted --status waiting", ["lost-1", "waiting-1"]),
        ("--workflow load --limit 2", ["done-4", "done-3"]),
        ("--workflow load --limit 2 --after done-3", ["done-2", "done-1"]),
        ("--workflow load --after done-1", ["done-0"]),
        ("--tag nightly --status waiting", ["waiting-1"]),
        ("--limit 1", [MADE]),
        ("--limit 1 --after last", ["lost-1"]),
        ("--limit 1 --after c0ffee", ["lost-1"]),
        ("--status pending", []),
    ],
)
def test_runs_are_chosen(folder, words, expected) -> None:
    """By status, workflow and tag, so many at a time."""
    assert ids(folder, *words.split()) == expected


def test_a_page_says_how_to_get_the_next(folder) -> None:
    """With the same options."""
    words = "runs --workflow load --status completed --limit 2"
    done = gostage(*words.split(), folder=folder)

    way = "gostage runs --status completed --workflow load --limit 2 --after done-3"
    assert done.out.splitlines()[-1] == f"older ones: {way}"
    last = gostage(*way.split()[1:], "-q", folder=folder)
    assert last.out.split() == ["done-2", "done-1"]


def test_json_says_everything_there_is_to_say(folder) -> None:
    """The runs, how many there are in all, and where the next page begins."""
    done = gostage("runs", "--json", "--limit", "2", folder=folder)
    data = json.loads(done.out)
    first, second = data["runs"]

    assert done.err == ""
    assert data["counts"]["interrupted"] == 1
    assert sum(data["counts"].values()) == 12
    assert data["next"] == "lost-1"
    assert (first["run_id"], first["status"]) == (MADE, "running")
    assert second["owner"] == {"host": GONE.host, "pid": GONE.pid}
    assert set(first) == {
        "run_id", "workflow", "status", "tags", "created_at", "updated_at", "ended_at", "due_at",
        "owner", "suspended", "error", "bail_reason",
    }  # fmt: skip
    everything = json.loads(gostage("runs", "--json", folder=folder).out)
    assert everything["next"] is None
    failed = everything["runs"][-1]
    assert failed["error"]["text"] == "action 'a' failed: boom\nin two lines"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--workflow laod", ["no run is of workflow 'laod'", "did you mean 'load'?"]),
        ("--tag nightyl", ["no run has the tag 'nightyl'", "did you mean 'nightly'?"]),
        ("--status pending", []),
    ],
)
def test_a_name_that_no_run_has_is_doubted(folder, words, said) -> None:
    """A list may be empty all the same, so it is no error."""
    done = gostage("runs", *words.split(), folder=folder)

    assert done.code == 0
    assert [line.removeprefix("gostage: ").removeprefix("  hint: ")
            for line in done.err.splitlines()] == said  # fmt: skip
    assert done.out.startswith("12 runs: ")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("--status complete", "there is no status 'complete'", "did you mean 'completed'?"),
        ("--status zzz", "there is no status 'zzz'", "known: pending, running"),
        ("--after done-9", "no run 'done-9'", "did you mean 'done-"),
        ("--limit 0", "0 is not in the range", "--help"),
    ],
)
def test_a_mistake_is_named(folder, words, message, hint) -> None:
    """With what may have been meant; the exit code is that of a wrong call."""
    done = gostage("runs", *words.split(), folder=folder)

    assert (done.code, done.out) == (4, "")
    assert message in done.err
    assert hint in done.err


def test_notes_are_cut_to_the_width_of_the_terminal(folder) -> None:
    """So that a run is a line."""
    done = gostage("runs", folder=folder, env={"COLUMNS": "60"})

    assert max(map(len, done.out.splitlines()[:-1])) <= 75
    assert "…" in done.out


def test_where_there_is_no_database_there_are_no_runs(tmp_path) -> None:
    """No file is made by looking for one."""
    done = gostage("runs", "--db", "nowhere.db", folder=tmp_path)

    assert done.code == 4
    assert "nowhere.db" in done.err
    assert not list(tmp_path.iterdir())


def test_another_database_can_be_looked_into(folder, tmp_path) -> None:
    """`--db` says which."""
    done = gostage("runs", "-q", "--db", str(folder / ".gostage" / "runs.db"), folder=tmp_path)

    assert len(done.out.split()) == 12


def test_code_that_is_broken_is_not_imported(folder, tmp_path) -> None:
    """Neither a flow nor what surrounds it is needed to read what has been."""
    for name in ("flow.py", "stageconf.py", "stage_1.py"):
        (tmp_path / name).write_text("raise RuntimeError('imported')\n")
    done = gostage("runs", "-q", "--db", str(folder / ".gostage" / "runs.db"), folder=tmp_path)

    assert (done.code, done.err) == (0, "")
