"""The pictures of the documentation: real commands in a real terminal, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("pty", reason="there are no pseudo-terminals here")

from docs.recordings.make import IMAGES, main, make
from docs.recordings.picture import picture
from docs.recordings.recorder import Recording, RecordingError
from docs.recordings.scenes import PROJECT, SCENES, Scene
from docs.recordings.terminal import Cell, Look, Terminal, UnknownSequence

SVG = "{http://www.w3.org/2000/svg}"


def shown(*pieces: str, columns: int = 20, rows: int = 5) -> str:
    """The text on a screen after a program wrote these pieces."""
    terminal = Terminal(columns, rows)
    for piece in pieces:
        terminal.feed(piece)
    return terminal.text


# ---------------------------------------------------------------- the terminal


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param("a\r\nb\r\n", "a\nb", id="lines"),
        pytest.param("abc\rX", "Xbc", id="return"),
        pytest.param("ab\bX", "aX", id="backspace"),
        pytest.param("a\tb", "a       b", id="tab"),
        pytest.param("12345678901234567890ab", "12345678901234567890\nab", id="wrap"),
        pytest.param("a\nb", "a\n b", id="line feed alone"),
        pytest.param("one\r\ntwo\x1b[1A\r\x1b[2KX", "X\ntwo", id="up and erase"),
        pytest.param("one\r\ntwo\r\n\x1b[2A\x1b[Jx", "x", id="erase below"),
        pytest.param("abc\x1b[2D\x1b[K", "a", id="erase to the end"),
        pytest.param("a\x1b[2Cb\x1b[2Gc", "ac b", id="columns"),
        pytest.param("a\x1b[2Bb", "a\n\n b", id="down"),
        pytest.param("\x1b]0;title\x07a\x1b[?25lb\x1b[?25h", "ab", id="what cannot be seen"),
        pytest.param("読e\u0301x\x1b[1G", "読e\u0301x", id="wide and joined"),
        pytest.param("  a  \r\n\r\n", "  a", id="empty ends"),
    ],
)
def test_the_screen_shows_what_a_program_writes(written, text) -> None:
    """As any terminal would."""
    assert shown(written) == text


def test_what_has_scrolled_away_is_kept_and_out_of_reach() -> None:
    """A cursor cannot go above the screen."""
    assert shown("a\r\nb\r\nc\r\n\x1b[9AX", rows=3) == "a\nX\nc"


def test_a_sequence_may_come_in_two_pieces() -> None:
    """It is taken when it is complete."""
    assert shown("a\x1b", "[1", "D\x1b]0;ti", "tle\x1b", "\\b") == "b"


@pytest.mark.parametrize("written", ["\x1b[5n", "\x1b[7m", "\x1b[1J", "\x1bc", "\x00"])
def test_what_the_terminal_does_not_know_is_refused(written) -> None:
    """Rather than shown wrongly."""
    with pytest.raises(UnknownSequence):
        shown(written)


@pytest.mark.parametrize(
    ("attributes", "look"),
    [
        ("1", Look(is_bold=True)),
        ("2;3;4", Look(is_dim=True, is_italic=True, is_underlined=True)),
        ("1;2;22;3;23;4;24", Look()),
        ("31", Look(color=1)),
        ("92", Look(color=10)),
        ("38;5;208", Look(color=208)),
        ("38;2;1;2;255", Look(color="#0102ff")),
        ("1;31;39", Look(is_bold=True)),
        ("1;0", Look()),
        ("", Look()),
    ],
)
def test_cells_keep_their_look(attributes, look) -> None:
    """Colours and weights, until they are changed."""
    terminal = Terminal(10, 5)
    terminal.feed(f"\x1b[{attributes}ma\x1b[0mb")

    assert terminal.rows == [[Cell("a", look), Cell("b")]]


# ---------------------------------------------------------------- the picture


def test_a_picture_has_each_piece_in_its_place() -> None:
    """Spaces take up room and are not drawn; letters are escaped."""
    red, faint = Look(color=1, is_bold=True), Look(color="#123456", is_dim=True)
    row = [Cell("<", red), Cell("&", red), Cell(), Cell(), Cell("読", faint), Cell("", faint)]

    root = ET.fromstring(picture([row, []], 10, 'say "hi"'))
    texts = [(each.text, each.attrib) for each in root.iter(f"{SVG}text")]

    assert root.attrib["aria-label"] == 'say "hi"'
    assert texts == [
        (
            "<&",
            {"x": "16", "y": "30", "textLength": "16.8", "fill": "#f47067", "font-weight": "bold"},
        ),
        (
            "読",
            {"x": "49.6", "y": "30", "textLength": "16.8", "fill": "#123456", "opacity": "0.65"},
        ),
    ]


@pytest.mark.parametrize(
    ("color", "fill"),
    [(9, "#ff938a"), (16, "#000000"), (208, "#ff8700"), (231, "#ffffff"), (244, "#808080")],
)
def test_colours_are_those_of_256(color, fill) -> None:
    """The palette, the cube and the greys."""
    assert f'fill="{fill}"' in picture([[Cell("a", Look(color=color))]], 10, "")


# ---------------------------------------------------------------- the script


def scene(name: str) -> Scene:
    """One of the scenes."""
    return next(each for each in SCENES if each.name == name)


@pytest.fixture
def project(tmp_path) -> Path:
    """The project of the scenes."""
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_scene_becomes_a_picture_of_a_real_run(tmp_path) -> None:
    """With the command above it, in colours."""
    text = make(scene("failure"), tmp_path / "images").read_text(encoding="utf-8")
    root = ET.fromstring(text)
    lines = [each.text for each in root.iter(f"{SVG}text")]

    assert lines[:2] == ["$", "gostage run faulty.py --run-id tuesday"]
    assert "ValueError: could not convert string to float: '12,50'" in lines
    assert 'fill="#f47067"' in text
    assert_speaks_of_no_machine(text)


def test_a_picture_can_be_taken_while_a_command_runs(project) -> None:
    """What stands on the screen then; the command goes on afterwards."""
    with Recording(("run", "nightly.py"), project, columns=80, rows=30) as recording:
        recording.until("shop: the orders")
        (project / "go").touch()
        recording.to_the_end(0)

    assert "nightly completed" in recording.terminal.text


@pytest.mark.parametrize(
    ("words", "wait", "message"),
    [
        (("run", "faulty.py"), None, "it ended with 1"),
        (("graph", "nightly.py"), "no such text", "'no such text',. never came"),
    ],
    ids=["exit code", "text"],
)
def test_a_scene_that_goes_otherwise_is_no_picture(project, words, wait, message) -> None:
    """The error shows what stood on the screen."""
    with (
        Recording(words, project, columns=80, rows=30) as recording,
        pytest.raises(RecordingError, match=message),
    ):
        recording.to_the_end(0) if wait is None else recording.until(wait)


def test_an_unknown_scene_gets_the_known_ones(capsys) -> None:
    """And none is made."""
    code = main(["run", "grpah"])

    assert code == 2
    assert capsys.readouterr().err.startswith("no such scene: grpah; there are run, ")


@pytest.mark.parametrize("each", SCENES, ids=lambda each: each.name)
def test_every_scene_has_its_picture(each) -> None:
    """Made by the script, and sound; it needs nothing from elsewhere."""
    text = (IMAGES / f"{each.name}.svg").read_text(encoding="utf-8")
    root = ET.fromstring(text)

    assert root.attrib["aria-label"] == each.title
    assert f">{each.line}<" in text
    assert_speaks_of_no_machine(text)


def test_every_picture_has_its_scene() -> None:
    """None is left over."""
    assert {file.stem for file in IMAGES.glob("*.svg")} == {each.name for each in SCENES}


def assert_speaks_of_no_machine(text: str) -> None:
    """No path of this machine, and no address but the name of the format."""
    assert re.findall(r"/(?:home|root|tmp|work|Users|usr)\b", text) == []
    assert re.findall(r"\w+://[^\"<\s]+", text) == ["http://www.w3.org/2000/svg"]
