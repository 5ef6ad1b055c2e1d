"""A terminal as far as the live view needs one: what it is told can be read from its screen."""

from __future__ import annotations

import io
import re

_PIECES = re.compile(r"\x1b\[(?P<number>\??\d*(?:;\d+)*)(?P<code>[A-Za-z])|(?P<text>.)", re.DOTALL)


class Glass(io.TextIOBase):
    """A screen with lines that scrolled away above it."""

    encoding = "utf-8"  # type: ignore[assignment]  # a plain value is one too

    def __init__(self, width: int = 60, height: int = 20) -> None:
        self.size = (width, height)
        self.written = ""
        self._lines = [""]
        self._top = 0
        self._line = 0
        self._column = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written += text
        for piece in _PIECES.finditer(text):
            if piece["text"] is not None:
                self._put(piece["text"])
            else:
                self._obey(piece["code"], piece["number"])
        return len(text)

    @property
    def lines(self) -> list[str]:
        """Everything that is to be read, to the last line with something on it."""
        shown = [line.rstrip() for line in self._lines]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    def _put(self, letter: str) -> None:
        width, _ = self.size
        if letter == "\r":
            self._column = 0
        elif letter == "\n":
            self._down()
        else:
            if self._column == width:
                self._down()
            line = self._lines[self._line].ljust(self._column)
            self._lines[self._line] = line[: self._column] + letter + line[self._column + 1 :]
            self._column += 1

    def _down(self) -> None:
        self._column = 0
        self._line += 1
        if self._line == len(self._lines):
            self._lines.append("")
        self._top = max(self._top, self._line - self.size[1] + 1)

    def _obey(self, code: str, number: str) -> None:
        if code == "A":
            self._line = max(self._top, self._line - int(number or 1))
        elif code in "JK":
            self._lines[self._line] = self._lines[self._line][: self._column]
            if code == "J":
                del self._lines[self._line + 1 :]
        elif code not in "mhl":
            raise AssertionError(f"a terminal is asked for {code!r}")
