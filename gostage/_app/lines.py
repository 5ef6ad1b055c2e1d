"""Lines: text in styles, for whoever shows it; nothing here knows a terminal."""

from __future__ import annotations

from typing import Literal, NamedTuple

Style = Literal["plain", "good", "bad", "quiet", "strong", "notable"]


class Span(NamedTuple):
    """A piece of a line in one style."""

    text: str
    style: Style = "plain"


Line = tuple[Span, ...]


def text_of(line: Line) -> str:
    """Show a line without its styles."""
    return "".join(span.text for span in line)


def printable(text: str) -> str:
    """A name on one line: what moves a cursor or breaks a line is escaped."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
