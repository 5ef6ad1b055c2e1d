"""The terminal: a screen of cells that text and control sequences change; it shows nothing.

What it does not know it refuses, so that no picture is wrong without a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from unicodedata import combining, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(
    r"""
    \x1b\[(?P<arguments>[?0-9;]*)(?P<final>[@-~])
    | \x1b\](?P<title>[^\x07\x1b]*)(?:\x07|\x1b\\)
    | (?P<control>[\r\n\t\b\x07])
    | (?P<text>[^\x00-\x1f\x7f]+)
    """,
    re.VERBOSE,
)
_UNFINISHED: Final = re.compile(r"\x1b(?:\[[?0-9;]*|\][^\x07\x1b]*\x1b?)?\Z")


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks; a colour is a number from 0 to 255, or `#rrggbb`."""

    color: int | str | None = None
    is_bold: bool = False
    is_dim: bool = False
    is_italic: bool = False
    is_underlined: bool = False


PLAIN: Final = Look()


@dataclass(frozen=True, slots=True)
class Cell:
    """One place on the screen; the second half of a wide letter has no text."""

    text: str = " "
    look: Look = PLAIN


Row = list[Cell]


class UnknownSequence(Exception):
    """A control sequence that this terminal does not know."""


class Terminal:
    """A screen of so many columns and rows; what scrolls off it is kept."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self._height = rows
        self._rows: list[Row] = [[]]
        self._top = 0
        """The first row that is still on the screen; the cursor cannot go above it."""
        self._x = self._y = 0
        self._look = PLAIN
        self._left_over = ""

    @property
    def rows(self) -> list[Row]:
        """Everything written so far, without empty rows at the end."""
        rows = [_trimmed(row) for row in self._rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def text(self) -> str:
        """The rows without their looks."""
        return "\n".join("".join(cell.text for cell in row) for row in self.rows)

    def feed(self, text: str) -> None:
        """Take what a program writes; a sequence may come in two pieces."""
        text = self._left_over + text
        unfinished = _UNFINISHED.search(text)
        end = len(text) if unfinished is None else unfinished.start()
        text, self._left_over = text[:end], text[end:]
        place = 0
        while place < len(text):
            token = _TOKEN.match(text, place)
            if token is None:
                raise UnknownSequence(repr(text[place : place + 10]))
            self._take(token)
            place = token.end()

    def _take(self, token: re.Match[str]) -> None:
        if token["text"] is not None:
            for letter in token["text"]:
                self._put(letter)
        elif token["control"] is not None:
            self._control(token["control"])
        elif token["final"] is not None:
            self._sequence(token["arguments"], token["final"])

    def _put(self, letter: str) -> None:
        if combining(letter):
            self._join(letter)
            return
        width = 2 if east_asian_width(letter) in {"W", "F"} else 1
        if self._x + width > self.columns:
            self._x = 0
            self._down()
        row = self._rows[self._y]
        row.extend([Cell()] * (self._x + width - len(row)))
        row[self._x] = Cell(letter, self._look)
        row[self._x + 1 : self._x + width] = [Cell("", self._look)] * (width - 1)
        self._x += width

    def _join(self, letter: str) -> None:
        row, place = self._rows[self._y], self._x - 1
        if 0 <= place < len(row):
            row[place] = replace(row[place], text=row[place].text + letter)

    def _control(self, letter: str) -> None:
        if letter == "\r":
            self._x = 0
        elif letter == "\n":
            self._down()
        elif letter == "\b":
            self._x = max(0, self._x - 1)
        elif letter == "\t":
            self._x = min(self.columns - 1, (self._x // 8 + 1) * 8)

    def _down(self) -> None:
        self._y += 1
        if self._y == len(self._rows):
            self._rows.append([])
        self._top = max(self._top, self._y - self._height + 1)

    def _sequence(self, arguments: str, final: str) -> None:
        if arguments.startswith("?") and final in "hl":  # the cursor is shown or hidden, and such
            return
        numbers = [int(each or 0) for each in arguments.split(";")]
        count = numbers[0] or 1
        if final == "m":
            self._look = _changed(self._look, numbers)
        elif final == "A":
            self._y = max(self._top, self._y - count)
        elif final == "B":
            for _ in range(count):
                self._down()
        elif final == "C":
            self._x = min(self.columns - 1, self._x + count)
        elif final == "D":
            self._x = max(0, self._x - count)
        elif final == "G":
            self._x = min(self.columns, count) - 1
        elif final in "JK":
            self._erase(final, numbers[0])
        else:
            raise UnknownSequence(f"\\x1b[{arguments}{final}")

    def _erase(self, final: str, what: int) -> None:
        row = self._rows[self._y]
        if what == 0:
            del row[self._x :]
        elif what == 2 and final == "K":
            row.clear()
        else:
            raise UnknownSequence(f"\\x1b[{what}{final}")
        if final == "J":
            for below in self._rows[self._y + 1 :]:
                below.clear()


def _trimmed(row: Row) -> Row:
    end = len(row)
    while end and row[end - 1].text == " ":
        end -= 1
    return row[:end]


def _changed(look: Look, numbers: list[int]) -> Look:
    """A look after a sequence of attributes."""
    rest = iter(numbers)
    for number in rest:
        look = _with(look, number, rest)
    return look


def _with(look: Look, number: int, rest: Iterator[int]) -> Look:
    if number == 0:
        return PLAIN
    if number in _ATTRIBUTES:
        return replace(look, **_ATTRIBUTES[number])
    if number == 39:
        return replace(look, color=None)
    if 30 <= number <= 37:
        return replace(look, color=number - 30)
    if 90 <= number <= 97:
        return replace(look, color=number - 82)
    if number == 38:
        kind = next(rest)
        color = next(rest) if kind == 5 else "#" + bytes(next(rest) for _ in "rgb").hex()
        return replace(look, color=color)
    raise UnknownSequence(f"\\x1b[{number}m")


_ATTRIBUTES: Final[dict[int, dict[str, bool]]] = {
    1: {"is_bold": True},
    2: {"is_dim": True},
    3: {"is_italic": True},
    4: {"is_underlined": True},
    22: {"is_bold": False, "is_dim": False},
    23: {"is_italic": False},
    24: {"is_underlined": False},
}
