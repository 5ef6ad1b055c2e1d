"""What `gostage run` shows: the items, the log, colours, and where each of them goes."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.cli.shell import gostage

TIME = re.compile(r" +\d+\.\d{3}s")


def plain(text: str) -> list[str]:
    """The lines of an output without the times in it."""
    return TIME.sub(" 0s", text).splitlines()


def test_a_run_is_shown_item_by_item(flows) -> None:
    """One line for every item, indented by its path, and a summary."""
    done = gostage("run", "greet:hello", folder=flows)

    assert plain(done.out) == [
        "✓ greeting 0s",
        "  ✓ greet 0s",
        "hello completed in 0s: 1 completed",
    ]
    assert done.err == "INFO    greeting World\n"


def test_a_failure_is_shown_with_the_users_frames_alone(flows) -> None:
    """Message and place of the error, and nothing of the machinery that called the action."""
    done = gostage("run", "greet:bad", "--run-id", "r-bad", folder=flows)

    lines = plain(done.out)
    assert lines[:6] == [
        "✗ reading 0s",
        "  ✓ greet 0s",
        "  ✗ fail 0s",
        "  · greet#2  pending",
        "· writing    pending",
        "  · greet    pending",
    ]
    assert lines[6:8] == ["", "reading/fail: ValueError: no such row"]
    assert lines[-7:] == [
        '  File "greet.py", line 17, in fail',
        '    raise ValueError("no such row")',
        "  captured output:",
        "    ERROR   this goes wrong",
        "",
        "`gostage resume r-bad` goes on from there",
        "bad failed in 0s: 1 completed, 1 failed, 2 pending",
    ]
    assert done.out.count("File ") == 1


def test_verbose_shows_our_frames_and_the_debug_log(flows) -> None:
    """With `-v` nothing is left out."""
    done = gostage("run", "greet:bad", "-v", folder=flows)

    assert done.out.count("File ") > 1
    assert "DEBUG   about to greet" in done.err


@pytest.mark.parametrize(
    "words", [("-q", "run", "greet:bad"), ("run", "-q", "greet:bad")], ids=["before", "after"]
)
def test_quiet_shows_what_went_wrong_alone(flows, words) -> None:
    """With `-q`, before or after the command, there are only errors."""
    done = gostage(*words, folder=flows)

    assert "✓" not in done.out
    assert "reading/fail: ValueError: no such row" in done.out
    assert done.err == "ERROR   this goes wrong\n"


def test_quiet_says_nothing_when_all_is_well(flows) -> None:
    """With `-q` a completed run is silent."""
    done = gostage("run", "-q", "greet:hello", folder=flows)

    assert (done.out, done.err) == ("", "")


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("greet:again", "✓ flaky 0s  3 attempts"),
        ("greet:asks", "· approval  waiting"),
        ("greet:shut", "– closed   skipped"),  # noqa: RUF001  # a dash
        ("greet:early", "· rest  pending"),
    ],
    ids=["attempts", "waiting", "skipped", "pending"],
)
def test_every_status_has_its_mark(flows, target, line) -> None:
    """The mark and the words behind it say how an item stands."""
    done = gostage("run", target, folder=flows)

    assert line in plain(done.out)


@pytest.mark.parametrize(
    ("env", "words", "expected"),
    [
        ({}, (), False),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, (), True),
        ({"FORCE_COLOR": "1", "CI": "true"}, (), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"FORCE_COLOR": "1"}, ("--no-color",), False),
    ],
    ids=["pipe", "forced", "forced on dumb", "forced in CI", "NO_COLOR wins", "--no-color wins"],
)
def test_colours_are_for_terminals_or_on_demand(flows, env, words, expected) -> None:
    """A pipe gets none unless it is asked for; who forbids them is obeyed first."""
    done = gostage(*words, "run", "one", folder=flows, env={"NO_COLOR": None, **env})

    assert ("\x1b[" in done.out) is expected


def test_an_output_without_the_marks_gets_plain_ones(flows) -> None:
    """An encoding that cannot show a mark is no reason to fail."""
    done = gostage(
        "run", "greet:bad", folder=flows, env={"PYTHONIOENCODING": "ascii"}, encoding="ascii"
    )

    assert done.code == 1
    assert "+ greet" in done.out
    assert "x fail" in done.out


def test_logging_that_the_flow_sets_up_is_left_to_it(tmp_path) -> None:
    """A module that configures logging gets its own lines, and each of them once."""
    (tmp_path / "flow.py").write_text(
        "import logging\n"
        "from gostage import Workflow\n"
        "logging.basicConfig(format='mine: %(message)s', level='INFO')\n"
        "def once(ctx):\n"
        "    ctx.log.info('once')\n"
        "flow = Workflow('w').do(once)\n",
        encoding="utf-8",
    )

    assert gostage("run", "flow", folder=tmp_path).err == "mine: once\n"


def test_prints_and_log_keep_their_order(tmp_path) -> None:
    """What is printed before a line of the log is read before it, wherever both go."""
    (tmp_path / "flow.py").write_text(
        "import os, sys\n"
        "from gostage import Workflow\n"
        "def talk(ctx):\n"
        "    os.dup2(1, 2)\n"
        "    print('first'); ctx.log.info('second'); print('third')\n"
        "flow = Workflow('w').do(talk)\n",
        encoding="utf-8",
    )

    lines = gostage("run", "flow", folder=tmp_path).out.splitlines()
    assert lines[:3] == ["first", "INFO    second", "third"]


def test_log_levels_have_colours_where_lines_have(flows) -> None:
    """What goes wrong stands out in the log as well."""
    done = gostage("run", "greet:bad", folder=flows, env={"NO_COLOR": None, "FORCE_COLOR": "1"})

    assert done.err == "INFO    greeting World\n\x1b[31mERROR  \x1b[0m this goes wrong\n"
    assert "    ERROR   this goes wrong\n" in done.out  # what is told again is plain


TALKS = """
import sys
from gostage import Workflow


def quiet():
    print("other")


def talk():
    for number in range(25):
        print("line", number)
    print("careful", file=sys.stderr)
    raise ValueError("boom")


flow = Workflow("w").do(quiet).do(talk)
"""


@pytest.fixture
def talks(tmp_path):
    (tmp_path / "flow.py").write_text(TALKS, encoding="utf-8")
    return tmp_path


def captured(out: str) -> list[str]:
    """The lines of the captured output, with the one above them."""
    lines = out.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("  captured output"))
    rest = itertools.takewhile(lambda line: line.startswith("    "), lines[place + 1 :])
    return [lines[place].strip(), *(line.strip() for line in rest)]


def test_a_failure_is_told_with_what_its_step_printed(talks) -> None:
    """The last lines, of both streams, although they have been shown before."""
    done = gostage("run", "flow", folder=talks)

    first, *lines = captured(done.out)
    assert first == "captured output, the last 20 of 26 lines; -v shows all:"
    assert lines == [*(f"line {number}" for number in range(6, 25)), "careful"]
    assert done.out.startswith("other\nline 0\nline 1\n")
    assert done.err == "careful\n"


def test_verbose_shows_the_whole_output(talks) -> None:
    """With `-v` nothing is left out."""
    first, *lines = captured(gostage("run", "-v", "flow", folder=talks).out)

    assert first == "captured output:"
    assert len(lines) == 26


def test_nothing_is_captured_where_it_is_switched_off(talks) -> None:
    """`-p no:capture` leaves it at what was printed."""
    done = gostage("run", "-p", "no:capture", "flow", folder=talks)

    assert "captured output" not in done.out
    assert "line 24" in done.out
