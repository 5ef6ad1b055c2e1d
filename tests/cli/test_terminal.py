"""The command at a real terminal: what somebody sees who looks at it, and what is left."""

from __future__ import annotations

import codecs
import os
import select
import signal
import subprocess
import sys

import pytest

from tests.cli.glass import Glass
from tests.cli.shell import environment, gostage

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals", allow_module_level=True)
import fcntl
import pty
import struct
import termios

FLOW = """
import os
import subprocess
import sys
import time

from gostage import Workflow, action


def read():
    # Not with input(), which has the terminal to itself.
    return sys.stdin.readline().strip()


@action
def load(ctx):
    print("printed")
    ctx.log.info("logged")
    print("to standard error", file=sys.stderr)
    ctx.store["word"] = read()


@action
def fail():
    print("before the end")
    raise ValueError("boom")


@action
def ask(ctx):
    ctx.store["name"] = input("name? ")


@action
def shell():
    subprocess.run([sys.executable, "-c", "print('from a program'); input()"])


def nothing():
    pass


def stubborn():
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            print("no")


good = Workflow("good").stage("loading", load).stage("after", nothing)
bad = Workflow("bad").stage("loading", load, fail)
asks = Workflow("asks").do(ask).do(load)
shells = Workflow("shells").do(shell).do(load)
deaf = Workflow("deaf").do(stubborn)
"""
WIDTH, HEIGHT = 100, 30


class Session:
    """The command in a terminal of its own."""

    def __init__(self, folder, words, env):
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        modes = termios.tcgetattr(theirs)
        modes[3] &= ~termios.ECHO  # what is typed here is not what the tests are about
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gostage", "run", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env=environment({"TERM": "xterm-256color", "NO_COLOR": None, "CI": None, **env}),
        )
        os.close(theirs)
        self.glass = Glass(WIDTH, HEIGHT)
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    @property
    def written(self):
        return self.glass.written

    def until(self, text):
        """Look until this is to be read somewhere on the screen."""
        while not any(text in line for line in self.glass.lines):
            assert self._look(), f"{text!r} is not to be seen: {self.glass.lines}"

    def type(self, text):
        os.write(self._ours, text.encode())

    def end(self):
        """Look until the command has ended; gives its exit code."""
        while self._look():
            pass
        return self.process.wait()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def _look(self):
        select.select([self._ours], [], [])
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # what Linux says when the other end is closed
            data = b""
        self.glass.write(self._decoder.decode(data))
        return bool(data)


@pytest.fixture
def start(tmp_path):
    """Start the command at a terminal; whatever is left of it is killed."""
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    started = []

    def start(*words, **env):
        started.append(Session(tmp_path, words, env))
        return started[-1]

    yield start
    for session in started:
        session.close()


def test_a_run_is_shown_while_it_goes_on(start) -> None:
    """What it prints and logs stands above the view, and the report takes its place."""
    session = start("flow:good")
    session.until("good  ")
    assert session.glass.lines[:4] == ["printed", "INFO    logged", "to standard error", ""]
    assert [line.split()[1] for line in session.glass.lines[4:-1]] == ["loading", "load", "after"]
    assert "0/2" in session.glass.lines[-1]

    session.type("\n")
    assert session.end() == 0
    lines = session.glass.lines
    assert lines[:3] == ["printed", "INFO    logged", "to standard error"]
    assert [line.split()[:2] for line in lines if line[:1] in "✓ "] == [
        ["✓", "loading"],
        ["✓", "load"],
        ["✓", "after"],
        ["✓", "nothing"],
    ]
    assert lines[-1].startswith("good completed in ")
    assert "\x1b[?25" not in session.written  # the cursor was never hidden


def test_a_failure_has_its_output(start) -> None:
    """What the failed step printed is told again with its error."""
    session = start("flow:bad", "--no-color")
    session.until("bad  ")
    session.type("\n")

    assert session.end() == 1
    lines = session.glass.lines
    place = lines.index("loading/fail: ValueError: boom")
    assert lines[place + 4 : place + 6] == ["  captured output:", "    before the end"]


def test_a_question_is_asked_in_peace(start) -> None:
    """`input()` has the terminal to itself, and the view comes back."""
    session = start("flow:asks")
    session.until("name?")
    assert session.glass.lines == ["name?"]
    session.type("Ada\n")
    session.until("asks  ")

    session.type("\n")
    assert session.end() == 0


def test_a_program_is_seen(start) -> None:
    """What a subprocess writes to the terminal is not lost."""
    session = start("flow:shells")
    session.until("from a program")
    session.type("\n")
    session.until("shells  ")
    assert session.glass.lines[0] == "from a program"

    session.type("\n")
    assert session.end() == 0


def test_the_first_interrupt_leaves_the_view(start) -> None:
    """The message and the report are to be read, and nothing else is left."""
    session = start("flow:good")
    session.until("good  ")
    session.process.send_signal(signal.SIGINT)

    assert session.end() == 2
    lines = session.glass.lines
    assert lines[3] == "gostage: interrupted, cleaning up; another Ctrl-C kills"
    assert lines[4].split()[:2] == ["✗", "loading"]
    assert lines[-1].startswith("good cancelled in ")


def test_the_second_interrupt_leaves_nothing_behind(start) -> None:
    """The process is killed, and the view is wiped away before."""
    session = start("flow:deaf")
    session.until("deaf  ")
    session.process.send_signal(signal.SIGINT)
    session.until("no")
    session.process.send_signal(signal.SIGINT)

    assert session.end() == 2
    assert session.glass.lines[-1].endswith("gostage: killed")
    assert not any("deaf  " in line for line in session.glass.lines)


def test_a_kill_leaves_a_usable_terminal(start) -> None:
    """Nothing was switched that would have to be switched back."""
    session = start("flow:good")
    session.until("good  ")
    session.process.send_signal(signal.SIGKILL)
    session.end()

    modes = [word for word in session.written.split("\x1b[")[1:] if word[:1] == "?"]
    assert modes == []


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("--no-progress",), {}),
        (("-q",), {}),
        ((), {"CI": "true"}),
        ((), {"TERM": "dumb"}),
        ((), {"GOSTAGE_PROGRESS": "false"}),
        (("-p", "no:terminal"), {}),
    ],
    ids=["--no-progress", "-q", "CI", "dumb", "configured", "switched off"],
)
def test_a_view_can_be_done_without(start, words, env) -> None:
    """Then nothing is ever wiped away."""
    session = start("flow:good", *words, **env)
    session.until("to standard error")
    session.type("\n")

    assert session.end() == 0
    assert "\x1b[J" not in session.written


def test_a_view_is_shown_in_ci_on_demand(start) -> None:
    """`--progress` beats what is only a guess."""
    session = start("flow:good", "--progress", CI="true")
    session.until("good  ")
    session.type("\n")

    assert session.end() == 0


def test_colours_follow_the_usual_variables(start) -> None:
    """The view has none if nobody wants them."""
    session = start("flow:good", NO_COLOR="1")
    session.until("good  ")
    session.type("\n")

    assert session.end() == 0
    assert "m" not in {word[-1:] for word in session.written.split("\x1b[")[1:]}


def test_plain_lines_are_for_pipes(tmp_path) -> None:
    """With `--progress`, each item that has ended is a line on standard error."""
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    done = gostage("run", "--progress", "flow:bad", folder=tmp_path)

    lines = [line.split("  ") for line in done.err.splitlines() if line[:1] in "✓✗"]
    assert [(first, *rest[1:]) for first, *rest in lines] == [
        ("✓ loading/load",),
        ("✗ loading/fail", "ValueError: boom"),
        ("✗ loading", "ValueError: boom"),
    ]
    assert "\x1b" not in done.err


def test_a_run_nobody_looks_at_needs_no_rich(tmp_path) -> None:
    """It would cost more than all the rest of the report."""
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    done = gostage("run", "flow:bad", folder=tmp_path, env={"PYTHONPROFILEIMPORTTIME": "1"})

    imported = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "gostage._app.report" in imported
    assert not {name for name in imported if name.split(".")[0] == "rich"}
