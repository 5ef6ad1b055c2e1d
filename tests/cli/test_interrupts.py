"""Ctrl-C: the first cleans up, the second kills."""

from __future__ import annotations

import json
import signal
import sys

import pytest

SLOW = """
import time

from gostage import Workflow, resource


@resource
def lamp():
    yield "on"
    print("lamp off", flush=True)


def wait(lamp):
    print("started", flush=True)
    time.sleep(600)


def nothing():
    pass


def stubborn():
    while True:
        try:
            print("started", flush=True)
            time.sleep(600)
        except KeyboardInterrupt:
            print("no", flush=True)


slow = Workflow("slow").do("before", nothing).do(wait).do("after", nothing)
deaf = Workflow("deaf").do(stubborn)
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")


@pytest.fixture
def start(start, tmp_path):
    """Start the command beside a flow that takes its time."""
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    return start


def read_until(stream, line) -> None:
    """Read lines until this one has come."""
    for each in stream:
        if each.strip() == line:
            return
    raise AssertionError(f"no line {line!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_the_first_cleans_up_and_shows_the_result(start, number) -> None:
    """Teardown runs, nothing further starts, and the result is shown as cancelled."""
    process = start("run", "slow:slow")
    read_until(process.stdout, "started")

    process.send_signal(number)
    out, err = process.communicate()

    lines = out.splitlines()
    assert process.returncode == 2
    assert lines[0] == "lamp off"
    assert lines[1].startswith("✓ before")
    assert lines[2].startswith("✗ wait")
    assert lines[3].startswith("· after")
    assert lines[-1].startswith("slow cancelled in ")
    assert err == "gostage: interrupted, cleaning up; another Ctrl-C kills\n"


def test_a_cancelled_result_is_data_as_well(start) -> None:
    """`--json` prints the result of a cancelled run like any other."""
    process = start("run", "slow:slow", "--json")
    read_until(process.stderr, "started")

    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()

    assert process.returncode == 2
    assert json.loads(out)["status"] == "cancelled"


def test_an_import_is_interrupted_at_once(start, tmp_path) -> None:
    """Before anything runs there is nothing to clean up."""
    (tmp_path / "heavy.py").write_text(
        "import time\nprint('started', flush=True)\ntime.sleep(600)\n", encoding="utf-8"
    )
    process = start("run", "heavy")
    read_until(process.stdout, "started")

    process.send_signal(signal.SIGINT)
    out, err = process.communicate()

    assert (process.returncode, out) == (2, "")
    assert err.strip() == "gostage: interrupted"


def test_the_second_kills(start) -> None:
    """An action that swallows interrupts cannot keep the process alive."""
    process = start("run", "slow:deaf")
    read_until(process.stdout, "started")

    process.send_signal(signal.SIGINT)
    read_until(process.stdout, "no")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()

    assert process.returncode == 2
    assert err.endswith("gostage: killed\n")
