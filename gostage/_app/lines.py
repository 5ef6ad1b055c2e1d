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
