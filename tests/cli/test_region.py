"""The region at the bottom of a terminal, and whoever else writes there."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys

import pytest

from gostage._app.lines import Span
from gostage._cli.live.guests import Guests, inherits
from gostage._cli.live.region import Region
from gostage._cli.taps import Outlet
from tests.cli.glass import Glass


@pytest.fixture
def glass():
    return Glass()


@pytest.fixture
def outlet(glass):
    return Outlet.of(glass)


@pytest.fixture
def region(glass, outlet):
    return Region(outlet, has_color=False, size=glass.size)


def lines(*texts):
    """Lines in one style."""
    return [(Span(text),) for text in texts]


def test_a_picture_takes_the_place_of_the_one_before(glass, region) -> None:
    """Nothing is left of a longer one, nor of one with more lines."""
    region.draw(lines("a long line", "another", "third"))
    region.draw(lines("short"))

    assert glass.lines == ["", "short"]


def test_what_others_write_stands_above(glass, outlet, region) -> None:
    """Every text is there, in its order, and the region below the last."""
    for number in range(3):
        region.draw(lines("picture"))
        region.show(outlet, f"text {number}\n")
    region.draw(lines("picture"))

    assert glass.lines == ["text 0", "text 1", "text 2", "", "picture"]


def test_the_region_waits_for_the_end_of_a_line(glass, outlet, region) -> None:
    """A progress bar of the user's code has the terminal to itself."""
    region.draw(lines("picture"))
    for percent in (0, 50, 100):
        region.show(outlet, f"\r{percent}%")
        region.draw(lines("picture"))
    assert glass.lines == ["100%"]

    region.show(outlet, "\n")
    region.draw(lines("picture"))
    assert glass.lines == ["100%", "", "picture"]


def test_codes_behind_the_end_of_a_line_do_not_open_another(glass, outlet, region) -> None:
    """Colours that end late are no text."""
    region.show(outlet, "\x1b[31mred\n\x1b[0m")
    region.draw(lines("picture"))

    assert glass.lines == ["red", "", "picture"]


def test_a_region_at_the_bottom_scrolls(outlet) -> None:
    """Where there is no room, what stands above goes up, and none of it is lost."""
    glass = Glass(height=4)
    outlet = Outlet.of(glass)
    region = Region(outlet, has_color=False, size=glass.size)
    for number in range(10):
        region.show(outlet, f"text {number}\n")
        region.draw(lines("one", "two"))

    assert glass.lines == [*(f"text {number}" for number in range(10)), "", "one", "two"]


def test_a_long_line_is_cut(outlet) -> None:
    """A line never breaks, also where letters take two columns."""
    glass = Glass(width=10)
    region = Region(Outlet.of(glass), has_color=False, size=glass.size)
    region.draw(lines("abcdefghijklmnop", "木木木木木木木木"))

    assert glass.lines == ["", "abcdefgh…", "木木木木…"]


def test_colours_are_painted_where_they_are_wanted(glass, outlet, monkeypatch) -> None:
    """And nowhere else: NO_COLOR is obeyed here as well."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    Region(outlet, has_color=True, size=glass.size).draw([(Span("yes", "good"),)])
    assert "\x1b[32myes" in glass.written

    monkeypatch.setenv("NO_COLOR", "1")
    Region(outlet, has_color=True, size=glass.size).draw([(Span("no", "good"),)])
    assert "\x1b[32mno" not in glass.written


def test_what_the_encoding_does_not_have_gets_plain(glass) -> None:
    """A terminal without the marks shows others of the same width."""
    glass.encoding = "ascii"
    region = Region(Outlet.of(glass), has_color=False, size=(8, 5))
    region.draw(lines("✓ done", "✗ abcdefghij"))

    assert glass.lines == ["", "+ done", "x abcd."]


def test_a_file_is_none_of_its_business(glass, region, tmp_path) -> None:
    """Standard error that goes to a file does not disturb the region."""
    with (tmp_path / "err.txt").open("w+", encoding="utf-8") as file:
        region.draw(lines("picture"))
        region.show(Outlet.of(file), "text")
        region.draw(lines("picture"))
        file.seek(0)
        assert file.read() == "text"

    assert glass.lines == ["", "picture"]


def test_a_forgotten_line_of_a_program_is_kept(glass, outlet, region) -> None:
    """A program that had the terminal may have left its last line open."""
    region.draw(lines("picture"))
    is_there = True
    region.lend(lambda: is_there)
    glass.write("no end")
    region.draw(lines("picture"))
    assert glass.lines == ["no end"]

    is_there = False
    region.draw(lines("picture"))
    region.draw(lines("picture"))
    assert glass.lines == ["no end", "", "picture"]


# -------------------------------------------------------------------- guests


@pytest.fixture
def guests(region):
    guests = Guests(region)
    guests.open()
    yield guests
    guests.close()


def test_a_question_has_the_terminal(glass, region, guests, monkeypatch) -> None:
    """While `input()` waits for an answer, nothing is drawn over its prompt."""
    guests.close()
    monkeypatch.setattr(builtins, "input", lambda prompt: glass.write(prompt) and "Ada")
    guests.open()
    region.draw(lines("picture"))

    assert input("name? ") == "Ada"
    assert glass.lines == ["name?"]

    glass.write("\n")
    region.draw(lines("picture"))
    assert glass.lines == ["name?", "", "picture"]


def test_a_program_has_the_terminal_until_it_was_waited_for(glass, region, guests) -> None:
    """One that inherits our streams; afterwards the region is drawn again."""
    region.draw(lines("picture"))
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    region.draw(lines("picture"))
    assert glass.lines == []

    program.communicate(b"\n")
    region.draw(lines("picture"))
    assert glass.lines == ["", "picture"]


def test_a_program_that_writes_elsewhere_is_no_guest(glass, region, guests) -> None:
    """What is captured does not come to the terminal."""
    region.draw(lines("picture"))
    with subprocess.Popen(
        [sys.executable, "-c", "input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as program:
        assert glass.lines == ["", "picture"]
        program.communicate(b"\n")


def test_a_program_that_cannot_start_is_no_guest(glass, region, guests) -> None:
    """The error is the user's, and the region is drawn on."""
    with pytest.raises(FileNotFoundError) as caught:
        subprocess.Popen(["no-such-program-at-all"])
    region.draw(lines("picture"))

    assert glass.lines == ["", "picture"]
    del caught


def test_a_shell_command_has_the_terminal(glass, region, guests) -> None:
    """`os.system` comes back when the command has ended."""
    region.draw(lines("picture"))

    assert os.system("exit 0") == 0
    assert glass.lines == []


def test_the_doors_are_left_as_they_were(region) -> None:
    """What stood there before stands there again."""
    doors = (builtins.input, os.system, subprocess.Popen.__init__)
    guests = Guests(region)
    guests.open()
    assert builtins.input is not doors[0]
    guests.close()

    assert (builtins.input, os.system, subprocess.Popen.__init__) == doors


@pytest.mark.parametrize(
    ("args", "options", "expected"),
    [
        ((), {}, True),
        ((), {"stdout": subprocess.PIPE}, True),
        ((), {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}, False),
        ((), {"stdout": subprocess.DEVNULL, "stderr": 2}, True),
        (("ls", -1, None, None, subprocess.PIPE, subprocess.PIPE), {}, False),
        (("ls", -1, None, None, subprocess.PIPE), {}, True),
    ],
    ids=["nothing said", "error kept", "both away", "by number", "by place", "one by place"],
)
def test_a_program_inherits_what_it_is_not_given(args, options, expected) -> None:
    """Standard output or error is ours unless something else is given."""
    assert inherits(args, options) is expected
