"""`gostage signal`: what a run waits for arrives, wherever the run is."""

from __future__ import annotations

import json

import pytest

from tests.cli.durable import begin, calls, project, read_until, status
from tests.cli.shell import gostage, started


@pytest.fixture
def folder(tmp_path):
    return project(tmp_path)


def test_a_run_that_nobody_has_goes_on_here(folder) -> None:
    """The report is that of `gostage run`."""
    begin(folder, "approval", "a1")

    done = gostage("signal", "a1", "approved", "-s", "name=Ada", folder=folder)

    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("approval completed in ")
    assert calls(folder) == ["begin", "finish"]


@pytest.mark.parametrize(
    ("words", "data"),
    [
        pytest.param((), None, id="nothing"),
        pytest.param(("-s", "name=Ada", "-s", "limit=10"), {"name": "Ada", "limit": 10}, id="dict"),
        pytest.param(("--data", "Ada"), "Ada", id="a text"),
        pytest.param(("--data", "true"), True, id="a truth"),
    ],
)
def test_the_signal_has_data(folder, words, data) -> None:
    """-s makes a dict, and --data one value."""
    begin(folder, "approval", "a1")

    done = gostage("signal", "last", "approved", *words, "--json", folder=folder)

    assert json.loads(done.out)["store"]["by"] == data


def test_a_name_that_is_never_received_gets_the_closest(folder) -> None:
    """The signal would wait for ever."""
    begin(folder, "approval", "a1")

    done = gostage("signal", "a1", "aproved", folder=folder)

    assert done.code == 4
    assert "never receives 'aproved'\n  hint: did you mean 'approved'?" in done.err
    assert status(folder, "a1") == "waiting"


def test_it_can_be_left_to_a_worker(folder) -> None:
    """With --no-run nothing of the run goes on here."""
    begin(folder, "approval", "a1")

    done = gostage("signal", "a1", "approved", "--no-run", folder=folder)

    assert (done.code, done.out) == (0, "run a1 has the signal; a worker goes on with it\n")
    assert calls(folder) == ["begin"]
    assert status(folder, "a1") == "waiting"


def test_a_process_that_sits_on_the_run_goes_on(folder) -> None:
    """This one says who has it, and comes back at once."""
    with started(folder, "run", "flows:approval", "--wait", "--run-id", "a1", "--json") as owner:
        while True:
            if gostage("runs", "-q", folder=folder).out.strip() == "a1":
                break
        done = gostage("signal", "a1", "approved", "--data", "Ada", folder=folder)
        out, _ = owner.communicate()

    assert done.code == 0
    assert done.out.startswith(f"run a1 goes on in process {owner.pid} on ")
    assert owner.returncode == 0
    assert json.loads(out)["store"]["by"] == "Ada"


def test_a_run_that_sleeps_keeps_the_signal(folder) -> None:
    """It gets there later."""
    (folder / "late.py").write_text(
        "from flows import *\n"
        "late = Workflow('late').sleep('rest', 3600).receive('approved', into='by')\n",
        encoding="utf-8",
    )
    begin(folder, "late:late", "l1")

    done = gostage("signal", "l1", "approved", folder=folder)

    assert done.code == 6
    assert status(folder, "l1") == "sleeping"


def test_a_run_that_has_ended_stays_as_it_is(folder) -> None:
    """Its result is shown."""
    begin(folder, "approval", "a1")
    gostage("signal", "a1", "approved", "--data", "Ada", folder=folder)

    done = gostage("signal", "a1", "approved", "--data", "Bob", "--json", folder=folder)

    assert done.code == 0
    assert json.loads(done.out)["store"]["by"] == "Ada"


def test_it_may_come_back_at_the_next_sleep(folder) -> None:
    """With --detach it does not sit that out."""
    (folder / "late.py").write_text(
        "from flows import *\nlate = Workflow('late').receive('approved').sleep('rest', 3600)\n",
        encoding="utf-8",
    )
    begin(folder, "late:late", "l1")

    assert gostage("signal", "l1", "approved", "--detach", folder=folder).code == 6
    assert status(folder, "l1") == "sleeping"


def test_the_one_who_waits_reads_on(folder) -> None:
    """The other process shows that it goes on as soon as the signal is there."""
    with started(folder, "run", "flows:approval", "--wait", "--run-id", "a1") as owner:
        while gostage("runs", "-q", folder=folder).out.strip() != "a1":
            pass
        gostage("signal", "a1", "approved", folder=folder)
        read_until(owner.stderr, "finishing")
