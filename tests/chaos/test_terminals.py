"""Two terminals: a run waits in one, and is answered, stopped or asked for twice in the other."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.chaos.processes import until
from tests.chaos.tried import TRIED
from tests.cli.durable import calls, database, read_until, status
from tests.cli.shell import environment, gostage, started
from tests.folders import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLOWS = """
import time
from pathlib import Path

from gostage import Workflow, action


def note(ctx):
    with open("calls.txt", "a", encoding="utf-8") as file:
        file.write(f"{ctx.action.name} {ctx.step_key}\\n")


@action
def check(ctx):
    note(ctx)
    ctx.log.info("checking")
    while not Path("checked").exists():
        time.sleep(0.01)
    ctx.store["amount"] = 120


@action
def pay(ctx):
    note(ctx)
    ctx.log.info("paying")
    while not Path("paid").exists():
        time.sleep(0.01)
    ctx.store["paid"] = True


expense = (
    Workflow("expense").do(check).receive("approved", into="by").sleep("rest", 0.05).do(pay)
)
night = Workflow("night").do(check).sleep("rest", 3600).do(pay)
"""


@pytest.fixture
def project(folder) -> Path:
    """A project with an expense to approve; nothing in it takes long by itself."""
    write(
        folder,
        {"flows.py": FLOWS, "pyproject.toml": "[tool.gostage]\n", "checked": "", "paid": ""},
    )
    return folder


# Ctrl-C reaches the process as from a keyboard: through its terminal.
LAUNCHER: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "gostage", *sys.argv[1:]])
"""


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, *words],
            cwd=folder,
            env=environment({"TERM": "xterm", "NO_COLOR": "1", "CI": None}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def read_until(self, text: str) -> None:
        """Read until this is on the screen."""
        while text not in self.text:
            assert self._read(), f"no {text!r} in {self.text!r}"

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C."""
        os.write(self._master, b"\x03")

    def end(self) -> int:
        """Read on until the command has ended; gives its exit code."""
        while self._read():
            pass
        return self.process.wait()

    def close(self) -> None:
        """End what still goes on."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def _read(self) -> bool:
        read = b""
        with suppress(OSError):  # what reading gives when nobody has the terminal any more
            read = os.read(self._master, 4096)
        self.text += read.decode("utf-8", "replace")
        return bool(read)


@contextmanager
def terminal(folder: Path, *words: str) -> Iterator[Terminal]:
    """Have a command in a terminal."""
    made = Terminal(folder, *words)
    try:
        yield made
    finally:
        made.close()


def stored(folder: Path, run_id: str) -> str | None:
    """The status as it is in the database."""
    if not (folder / ".gostage" / "runs.db").exists():
        return None
    with database(folder) as db:
        row = db.find(run_id)
    return None if row is None else row.status


def position_has(folder: Path, what: str) -> bool:
    """Whether the run does this now."""
    if stored(folder, "e1") is None:
        return False
    with database(folder) as db:
        found = db.stored("e1")
    return found is not None and f'"{what}"' in found.position_json


def test_an_expense_is_approved_from_another_terminal(project) -> None:
    """The run says what it waits for, and how to answer; the answer finishes it."""
    with terminal(project, "run", "flows:expense", "--run-id", "e1") as one:
        one.read_until("gostage signal e1 approved")
        assert one.end() == 6
    assert status(project, "e1") == "waiting"

    with terminal(project, "signal", "e1", "approved", "-s", "name=Ada") as other:
        other.read_until("expense completed in")
        assert other.end() == 0

    assert calls(project) == ["check", "pay"]


def test_who_sits_on_a_run_is_woken_by_the_other_terminal(project) -> None:
    """The one who waits goes on; the one who answers is told where."""
    with terminal(project, "run", "flows:expense", "--wait", "--run-id", "e1") as one:
        until(lambda: position_has(project, "listen"), "the run waits")
        began = time.monotonic()
        done = gostage("signal", "e1", "approved", "--data", "Ada", folder=project)
        one.read_until("paying")
        took = time.monotonic() - began
        assert one.end() == 0

    assert done.code == 0
    assert done.out.startswith(f"run e1 goes on in process {one.process.pid} on ")
    assert "expense completed in" in one.text
    TRIED.append(
        f"a signal was at work after {took:.2f} s, the start of the command that sent it included"
    )


def reach(folder: Path, phase: str, one: Terminal) -> None:
    """Wait until the run in a terminal is in this phase."""
    if phase == "sleeping":
        until(lambda: position_has(folder, "pause"), "the run sleeps")
    elif phase != "checking":
        until(lambda: position_has(folder, "listen"), "the run waits")
    if phase == "paying":
        assert gostage("signal", "e1", "approved", folder=folder).code == 0
    if phase in {"checking", "paying"}:
        one.read_until(phase)


# Any: JSON.
def answered(folder: Path) -> dict[str, Any]:
    """Go on with the run until it has ended, and give it what it waits for."""
    done = gostage("resume", "e1", "--json", folder=folder)
    while json.loads(done.out)["status"] == "waiting":
        done = gostage("signal", "e1", "approved", "--json", folder=folder)
    assert done.code == 0, done.err
    result: dict[str, Any] = json.loads(done.out)
    return result


@pytest.mark.parametrize(
    ("phase", "how"),
    [
        pytest.param("checking", "Ctrl-C", id="Ctrl-C in the first action"),
        pytest.param("waiting", "Ctrl-C", id="Ctrl-C while it waits"),
        pytest.param("sleeping", "Ctrl-C", id="Ctrl-C while it sleeps"),
        pytest.param("paying", "Ctrl-C", id="Ctrl-C in the last action"),
        pytest.param("waiting", "SIGTERM", id="SIGTERM while it waits"),
        pytest.param("sleeping", "SIGTERM", id="SIGTERM while it sleeps"),
        pytest.param("paying", "SIGTERM", id="SIGTERM in the last action"),
    ],
)
def test_whoever_is_interrupted_leaves_a_run_that_goes_on(project, phase, how) -> None:
    """In every phase the run is cancelled, with its exit code, and can be resumed from there."""
    flow = "night" if phase == "sleeping" else "expense"
    (project / {"checking": "checked"}.get(phase, "paid")).unlink()
    with terminal(project, "run", f"flows:{flow}", "--wait", "--run-id", "e1") as one:
        reach(project, phase, one)
        if how == "Ctrl-C":
            one.press_ctrl_c()
        else:
            one.process.send_signal(signal.SIGTERM)
        assert one.end() == 2, one.text
    assert "Traceback" not in one.text
    assert status(project, "e1") == "cancelled"

    for name in ("checked", "paid"):
        (project / name).touch()
    if flow == "expense":
        assert answered(project)["store"]["paid"] is True
    else:
        done = gostage("resume", "e1", "--detach", "--json", folder=project)
        assert (done.code, json.loads(done.out)["status"]) == (6, "sleeping")
    assert calls(project).count("check") == (2 if phase == "checking" else 1)


def test_a_run_id_that_is_at_work_is_refused_elsewhere(project) -> None:
    """Who comes second learns who has it; afterwards both get the same result."""
    words = ("run", "flows:expense", "--wait", "--run-id", "e1")
    with started(project, *words) as one:
        until(lambda: position_has(project, "listen"), "the run waits")
        second = gostage(*words, folder=project)
        assert second.code == 4
        assert f"run 'e1' belongs to process {one.pid} on host {os.uname().nodename!r}" in (
            second.err
        )
        assert "hint: " in second.err
        assert gostage("signal", "e1", "approved", folder=project).code == 0
        read_until(one.stdout, "expense completed in")

    assert gostage(*words, folder=project).code == 0
    assert calls(project) == ["check", "pay"]


def test_two_that_begin_the_same_run_at_once_run_it_once(project) -> None:
    """One has it; the other is refused, or comes late enough to get the result."""
    (project / "simple.py").write_text(
        FLOWS + "\nquick = Workflow('quick').do(check).do(pay)\n", encoding="utf-8"
    )
    words = ("run", "simple:quick", "--run-id", "q1")
    with started(project, *words) as one, started(project, *words) as other:
        codes = []
        for each in (one, other):
            _, err = each.communicate()
            codes.append(each.returncode)
            assert "Traceback" not in err
            if each.returncode:
                assert "belongs to process" in err
    assert sorted(codes) in ([0, 0], [0, 4])
    assert calls(project) == ["check", "pay"]
