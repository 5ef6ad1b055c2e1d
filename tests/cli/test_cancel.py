"""`gostage cancel`: a run stops before its next step, wherever it is."""

from __future__ import annotations

import json
import time

import pytest

from tests.cli.durable import begin, calls, due, project, read_until, status
from tests.cli.shell import gostage, started
from tests.folders import write


@pytest.fixture
def folder(tmp_path):
    return project(tmp_path)


@pytest.mark.parametrize("flow", ["night", "approval", "asks"])
def test_a_run_that_waits_is_cancelled_here(folder, flow) -> None:
    """Nothing further of it runs."""
    begin(folder, flow, "r1")

    done = gostage("cancel", "r1", folder=folder)

    assert (done.code, done.out) == (0, "run r1 is cancelled\n")
    assert status(folder, "r1") == "cancelled"
    assert calls(folder) == ["begin"]


def test_it_cleans_up(folder) -> None:
    """What middleware has to do at the end of a stage is done."""
    write(
        folder,
        {
            "tidy.py": "from flows import *\n"
            "from gostage import Stage\n\n"
            "def tidy(stage):\n"
            "    try:\n        return (yield)\n"
            "    finally:\n        open('tidied', 'w').close()\n\n"
            "w = Workflow('w').add(Stage('s', ask).use(tidy))\n",
        },
    )
    begin(folder, "tidy:w", "t1")
    (folder / "tidied").unlink()

    assert gostage("cancel", "t1", folder=folder).code == 0
    assert (folder / "tidied").exists()


def test_a_run_that_a_process_has_is_asked_to_stop(folder) -> None:
    """The process ends it before its next step."""
    due(folder, "held", "h1")
    with started(folder, "resume", "h1") as owner:
        read_until(owner.stdout, "started")
        done = gostage("cancel", "h1", folder=folder)
        time.sleep(1)  # the owner looks twenty times a second, and says nothing of it
        (folder / "go").touch()
        owner.communicate()

    assert done.code == 0
    assert done.out.startswith(
        f"run h1 is asked to stop before its next step, in process {owner.pid} on "
    )
    assert owner.returncode == 2
    assert status(folder, "h1") == "cancelled"
    assert calls(folder) == ["begin", "hold"]


def test_a_run_that_has_ended_stays_as_it_is(folder) -> None:
    """That is told, and no error."""
    begin(folder, "bad", "b1")

    done = gostage("cancel", "b1", folder=folder)

    assert (done.code, done.out) == (0, "run b1 has ended already: failed\n")


def test_a_cancelled_run_can_go_on(folder) -> None:
    """From where it stopped."""
    due(folder, "work", "n1")
    gostage("cancel", "n1", folder=folder)

    assert gostage("resume", "n1", folder=folder).code == 0
    assert calls(folder) == ["begin", "finish"]


def test_a_run_whose_code_is_gone_can_be_cancelled(folder) -> None:
    """There is nothing to clean up with."""
    begin(folder, "night", "n1")
    (folder / "flows.py").unlink()

    assert gostage("cancel", "n1", folder=folder).code == 0
    assert status(folder, "n1") == "cancelled"


def test_what_it_did_as_json(folder) -> None:
    """Whether the run was asked, and how it stands."""
    begin(folder, "night", "n1")

    done = gostage("cancel", "n1", "--json", folder=folder)

    assert json.loads(done.out) == {"run_id": "n1", "asked": True, "status": "cancelled"}


def test_an_unknown_run_is_an_error(folder) -> None:
    """With the closest ids."""
    begin(folder, "night", "night-1")

    done = gostage("cancel", "nigt-1", folder=folder)

    assert done.code == 4
    assert done.err == "gostage: no run 'nigt-1'\n  hint: did you mean 'night-1'?\n"
