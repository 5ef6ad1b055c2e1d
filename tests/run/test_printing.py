"""What children print, on its way to the streams of this process."""

from __future__ import annotations

import io
import sys

import pytest

from gostage._run.printing import LONGEST, Printer


@pytest.fixture
def sheet():
    return Printer().open("far/load")


def test_lines_are_shown_whole(sheet, capsys) -> None:
    """What has begun waits for its end, stream by stream."""
    sheet.add("stdout", "one\ntw")
    assert capsys.readouterr() == ("one\n", "")
    sheet.add("stderr", "careful")
    sheet.add("stdout", "o\nthree")
    assert capsys.readouterr() == ("two\n", "")
    sheet.close([])
    assert capsys.readouterr() == ("three", "careful")


def test_the_rest_is_shown_once(sheet, capsys) -> None:
    """However often it is closed."""
    sheet.add("stdout", "half")
    sheet.close([])
    sheet.close([])

    assert capsys.readouterr().out == "half"


def test_a_line_without_an_end_is_not_kept_for_ever(sheet, capsys) -> None:
    """A child may write as much of it as it likes."""
    sheet.add("stdout", "x" * (LONGEST - 1))
    assert capsys.readouterr().out == ""
    sheet.add("stdout", "x")
    assert capsys.readouterr().out == "x" * LONGEST


def test_what_a_stream_cannot_show_is_escaped(sheet, monkeypatch) -> None:
    """The child may have written it for another terminal."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    sheet.add("stdout", "é and €\n")

    assert stream.buffer.getvalue() == b"\\xe9 and \\u20ac\n"


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


class Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


@pytest.mark.parametrize("stream", [None, closed(), Broken()], ids=["none", "closed", "broken"])
def test_nobody_has_to_be_there_to_read_it(sheet, monkeypatch, stream) -> None:
    """The child has done its work all the same."""
    monkeypatch.setattr(sys, "stdout", stream)

    sheet.add("stdout", "text\n")
    sheet.close([])
