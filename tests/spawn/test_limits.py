"""Limits, deaths, variables and output of children, as far as they need no process to be told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from gostage._author.isolate import Limits
from gostage._run.endings import crashed
from gostage._spawn.environment import environment
from gostage._spawn.output import KEPT, Tail

CONFINED = """
import resource, sys
from gostage._spawn.limits import confine, renew_cpu

{do}
kinds = (resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU)
print([resource.getrlimit(kind) for kind in kinds])
"""


def confined(do: str) -> list:
    done = subprocess.run(
        [sys.executable, "-c", CONFINED.format(do=do)], capture_output=True, check=True, text=True
    )
    return eval(done.stdout)


def test_limits_are_those_of_the_system():
    """Memory and files are limited for good; the CPU limit can be renewed."""
    memory, files, cpu = confined("confine(memory=1 << 30, cpu=7, files=50)")

    assert memory == (1 << 30, 1 << 30)
    assert files == (50, 50)
    assert cpu[0] in {8, 9}
    assert cpu[1] == -1


def test_a_limit_that_is_there_already_is_not_widened():
    """A child cannot have more than the whole tree may have."""
    before = "resource.setrlimit(resource.RLIMIT_NOFILE, (30, 40))\n"
    before += "resource.setrlimit(resource.RLIMIT_CPU, (100, 100))\n"

    _, files, cpu = confined(before + "confine(files=1000, cpu=1000)")

    assert files == (40, 40)
    assert cpu == (100, 100)


def test_each_piece_of_work_has_the_whole_of_its_cpu():
    """The seconds count from the renewal, not from the beginning of the process."""
    burn = "import time\nwhile time.process_time() < 1.2: pass\n"

    *_, cpu = confined(f"confine(cpu=5)\n{burn}renew_cpu(5)")

    assert cpu[0] in {7, 8}


def test_nothing_is_limited_unless_it_is_asked_for():
    """No limit is the default."""
    assert confined("confine()") == confined("")


# ---------------------------------------------------------------------- sentences


@pytest.mark.parametrize(
    ("code", "limits", "is_up", "message", "hint"),
    [
        pytest.param(7, None, True, "ended with exit code 7", "os._exit()", id="exit code"),
        pytest.param(
            1, None, False, "ended with exit code 1 while it started", "printed", id="early"
        ),
        pytest.param(-9, None, True, "was killed by signal 9 (SIGKILL)", "memory", id="killed"),
        pytest.param(
            -11, None, True, "was killed by signal 11 (SIGSEGV)", "faulthandler", id="fault"
        ),
        pytest.param(
            -6,
            Limits(memory="1GB"),
            True,
            "was killed by signal 6 (SIGABRT)",
            "Limits(memory=1000000000)",
            id="fault under a memory limit",
        ),
        pytest.param(
            -signal.SIGXCPU,
            Limits(cpu=60),
            True,
            "used up its limit of 60 s of CPU",
            "Limits(cpu=",
            id="cpu",
        ),
        pytest.param(
            255, None, True, "ended with exit code 255", "nobody can tell", id="not known"
        ),
        pytest.param(-40, None, True, "was killed by signal 40", "retry=", id="nameless signal"),
        pytest.param(None, None, True, "closed its connection and lives on", "", id="no end"),
    ],
)
def test_a_death_is_said_in_a_sentence_with_what_to_do_next(code, limits, is_up, message, hint):
    """The exit code is that of `subprocess`."""
    error = crashed("action 'load'", code, "r", limits, is_up=is_up)

    assert str(error).startswith("the child of action 'load' ")
    assert message in str(error)
    assert hint in error.hint
    assert error.exit_code == code


# ---------------------------------------------------------------------- variables

AROUND = {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "SECRET": "x", "LEVEL": "1"}


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        pytest.param(None, AROUND, id="all"),
        pytest.param((), {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C"}, id="no names"),
        pytest.param(
            ("LEVEL", "NOPE"),
            {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "LEVEL": "1"},
            id="names",
        ),
        pytest.param({"LEVEL": "2", "NEW": "n"}, {**AROUND, "LEVEL": "2", "NEW": "n"}, id="values"),
    ],
)
def test_a_child_has_the_variables_it_is_given(env, expected):
    """All, those that are named, or all and some on top."""
    assert environment(env, AROUND) == expected


# ---------------------------------------------------------------------- output


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    tail = Tail(reader)
    yield tail, writer
    tail.close()
    os.close(writer)


def test_what_is_written_is_taken_once(pipe):
    """Nothing is waited for."""
    tail, writer = pipe
    assert tail.take() == ""

    os.write(writer, b"one\n")

    assert tail.take() == "one\n"
    assert tail.take() == ""


def test_a_character_that_is_half_there_waits_for_the_rest(pipe):
    """Text is never broken between two looks."""
    tail, writer = pipe
    first, second = "é".encode()[:1], "é".encode()[1:]

    os.write(writer, b"caf" + first)
    assert tail.take() == "caf"
    os.write(writer, second)

    assert tail.take() == "é"


def test_bytes_that_are_no_text_are_shown_as_such(pipe):
    """Whatever a child writes, it can be printed."""
    tail, writer = pipe

    os.write(writer, b"\xff\xfe ok\n")

    assert tail.take() == "\ufffd\ufffd ok\n"


def test_the_last_is_kept_and_the_memory_is_bounded(pipe):
    """Ten megabytes leave 64 kB behind."""
    tail, writer = pipe
    for number in range(10_000):
        os.write(writer, f"{number:06d}".encode() + b"." * 1000)
        tail.read()
        assert len(tail._kept) <= 5 * KEPT

    text = tail.take()

    said, _, kept = text.partition("\n")
    assert said.endswith(" bytes are not kept")
    assert len(kept) == KEPT
    assert text.endswith("009999" + "." * 1000)


def test_what_came_before_the_end_can_be_taken_after_it(pipe):
    """Closing reads the rest."""
    tail, writer = pipe
    os.write(writer, b"last words")

    tail.close()

    assert not tail.read()
    assert tail.take() == "last words"
