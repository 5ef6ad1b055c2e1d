"""`gostage crashtest`: a workflow of somebody's, killed at every write, and what is said of it."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import gostage
from tests.folders import write

FLOWS = """
import os
import time

from gostage import Workflow, action

count = 0


@action
def fetch(ctx, number=2):
    print("from print")
    ctx.store["orders"] = number
    ctx.store["at"] = time.time()


@action
def visit(ctx):
    global count
    count += 1
    ctx.store["visits"] = count


@action
def ask(ctx):
    if not ctx.resuming:
        ctx.suspend("how many?")
    ctx.store["answer"] = ctx.resume_data


def vanish():
    os._exit(3)


sound = Workflow("sound").stage("reading", fetch).sleep("nap", 3600).stage("writing", fetch)
forgets = Workflow("forgets").do(visit).do(visit)
asks = Workflow("asks").do(ask).receive("approval", into="by")
gone = Workflow("gone").do("vanish", vanish)
closed = Workflow("closed").do("inside", lambda ctx: None)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the flows."""
    made = tmp_path_factory.mktemp("crashtest")
    write(made, {"flows.py": FLOWS})
    return made


def test_a_sound_workflow_passes(folder):
    """The report says what was tried; what the actions print is no part of it."""
    done = gostage("crashtest", "flows:sound", "-s", "number=3", folder=folder)

    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].split() == ["step", "called", "interrupted", "and", "called", "again"]
    assert lines[1].split() == ["reading/fetch", "1", "1"]
    assert lines[-2].startswith("not compared, as it differs anyway: store['at']")
    assert lines[-1].startswith("sound: ")
    assert lines[-1].endswith(" processes: the same end every time, completed")
    assert "from print" not in done.out + done.err
    assert sorted(each.name for each in folder.iterdir()) in (
        ["__pycache__", "flows.py"],
        ["flows.py"],
    )


def test_a_workflow_that_forgets_is_told_of(folder):
    """Where it was killed, and what is not as it should be; the exit code is 1."""
    done = gostage("crashtest", "flows:forgets", folder=folder)

    assert done.code == 1
    assert "killed after write 2 (commit of 'visit')" in done.out
    assert "  store['visits']: 1, and undisturbed 2" in done.out
    assert done.out.splitlines()[-1].endswith("not the same end 3 times")


def test_less_is_tried_if_that_is_said(folder):
    """So many points, chosen by the seed, and so many strikes; the databases are kept."""
    words = ("crashtest", "flows:forgets", "--points", "20", "--strikes", "2", "--seed", "5")
    done = gostage(*words, "--keep", "kept", "--json", folder=folder)

    report = json.loads(done.out)
    assert done.code == 1
    assert report["points"] == 11
    assert report["ok"] is False
    assert report["calls"] == {"visit": 1, "visit#2": 1}
    assert {each["what"] for trouble in report["troubles"] for each in trouble["differences"]} == {
        "store['visits']",
        "database['visits']",
    }
    kept = sorted(folder.glob("kept/point-*/runs.db"))
    assert len(kept) == len(report["troubles"])
    shown = gostage("show", "crash", "--db", str(kept[0]), folder=folder)
    assert "visit" in shown.out


def test_quiet_says_nothing_of_a_sound_workflow(folder):
    """The exit code does."""
    done = gostage("crashtest", "flows:sound", "--points", "2", "-q", folder=folder)

    assert (done.code, done.out, done.err) == (0, "", "")


def test_what_a_run_waits_for_is_given(folder):
    """Signals by their names, and what to resume with."""
    given = ("--signal", "approval=Grace", "--resume-data", "[1, 2]", "--points", "4")
    done = gostage("crashtest", "flows:asks", *given, "--json", folder=folder)

    assert done.code == 0, done.err
    assert json.loads(done.out)["status"] == "completed"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        pytest.param(["flows:asks"], 4, "waits to be resumed", id="no data"),
        pytest.param(
            ["flows:asks", "--resume-data", "1"], 4, "--signal approval=VALUE", id="no signal"
        ),
        pytest.param(["flows:closed"], 5, "cannot be found again", id="not durable"),
        pytest.param(["flows:gone"], 1, "ended without a word", id="no end"),
        pytest.param(["flows:sond"], 4, "did you mean 'sound'?", id="no such workflow"),
        pytest.param(["flows:sound", "--points", "0"], 4, "--points", id="no points"),
        pytest.param(["flows:sound", "--keep", "."], 5, "is not empty", id="a folder in use"),
    ],
)
def test_what_cannot_be_tried_is_told(folder, words, code, text):
    """In a sentence, with what to do."""
    done = gostage("crashtest", *words, folder=folder)

    assert done.code == code
    assert text in done.err
    assert "Traceback" not in done.err


def test_time_may_be_sat_out(folder, tmp_path):
    """Then a sleep lasts as long as it says."""
    text = 'from gostage import Workflow\n\nflow = Workflow("naps").sleep("nap", 0.01)\n'
    write(tmp_path, {"naps.py": text})
    done = gostage("crashtest", "naps:flow", "--real-time", "--points", "2", folder=tmp_path)

    assert done.code == 0, done.err
