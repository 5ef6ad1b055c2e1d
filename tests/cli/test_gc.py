"""`gostage gc`: runs that ended long ago are forgotten, and no others."""

from __future__ import annotations

import json
import time

import pytest

from gostage._cli.durations import Duration
from gostage._db.owner import this_process
from gostage._db.protocol import Commit, NewRun, Plan, Stop
from tests.cli.durable import begin, database, ids, project
from tests.cli.shell import gostage

DAY = 86400.0


@pytest.fixture
def folder(tmp_path):
    """A project with runs of every status that ended 1 to 5 days ago, or not at all."""
    project(tmp_path)
    begin(tmp_path, "approval", "waits")
    with database(tmp_path) as db:
        for days, status in enumerate(("completed", "failed", "bailed", "cancelled"), 1):
            ended(db, status, days)
            ended(db, f"{status}-2", days)
    return tmp_path


def ended(db, name, days) -> None:
    """Keep a run that ended so many days ago."""
    at = time.time() - days * DAY
    new = NewRun(name, "w", (), at - 1, Plan("d", "{}"), "{}")
    lease = db.create(new, Commit(at - 1), this_process(), at + 60)
    db.commit(lease, Commit(at), Stop(name.partition("-")[0], has_ended=True))


def test_what_ended_long_ago_is_forgotten(folder) -> None:
    """What ended since then stays."""
    done = gostage("gc", "--older-than", "60h", folder=folder)

    assert (done.code, done.out) == (0, "forgot 4 runs, kept 5\n")
    assert ids(folder) == {"waits", "completed", "completed-2", "failed", "failed-2"}


def test_what_has_not_ended_is_never_forgotten(folder) -> None:
    """However old it is."""
    gostage("gc", "--older-than", "0s", folder=folder)

    assert ids(folder) == {"waits"}


def test_a_dry_run_only_counts(folder) -> None:
    """What it says is what would happen."""
    done = gostage("gc", "--older-than", "2d", "--dry-run", folder=folder)

    assert (done.code, done.out) == (0, "would forget 6 runs of 9\n")
    assert len(ids(folder)) == 9


@pytest.mark.parametrize(
    ("words", "forgotten", "kept"),
    [
        pytest.param((), 2, 7, id="really"),
        pytest.param(("--dry-run",), 0, 9, id="a dry run"),
    ],
)
def test_the_counts_as_json(folder, words, forgotten, kept) -> None:
    """For scripts."""
    done = gostage("gc", "--older-than", "90h", "--json", *words, folder=folder)

    assert json.loads(done.out) == {"found": 2, "forgotten": forgotten, "kept": kept}


def test_many_runs_take_many_transactions(folder) -> None:
    """All go, some at a time."""
    with database(folder) as db:
        for number in range(250):
            ended(db, f"failed-more-{number}", 10)

    done = gostage("gc", "--older-than", "1w", folder=folder)

    assert done.out == "forgot 250 runs, kept 9\n"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("12h", 43200),
        ("30d", 30 * DAY),
        ("4w", 28 * DAY),
        ("1.5h", 5400),
    ],
)
def test_a_duration_is_a_number_and_its_unit(text, seconds) -> None:
    """Seconds, minutes, hours, days or weeks."""
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["30", "d", "30 days", "-1d", "1y", ""])
def test_what_is_no_duration_is_refused(folder, text) -> None:
    """Nothing is forgotten by mistake."""
    done = gostage("gc", "--older-than", text, folder=folder)

    assert done.code == 4
    assert f"{text!r} is not a duration: write a number and s, m, h, d or w, as in 30d" in done.err
    assert len(ids(folder)) == 9


def test_an_age_has_to_be_given(folder) -> None:
    """There is no age that is right for everybody."""
    done = gostage("gc", folder=folder)

    assert done.code == 4
    assert "--older-than" in done.err
