"""The picture: rows of a terminal as an SVG file; it needs nothing from anywhere else."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docs.recordings.terminal import Look, Row

_FONT: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_SIZE: Final = 14
_WIDTH: Final = 8.4
_HEIGHT: Final = 18
_MARGIN: Final = 16
_BACKGROUND: Final = "#1c2128"
_FOREGROUND: Final = "#d1d7e0"
_COLORS: Final = (
    *("#545d68", "#f47067", "#57ab5a", "#c69026", "#539bf5", "#b083f0", "#39c5cf", "#adbac7"),
    *("#768390", "#ff938a", "#6bc46d", "#daaa3f", "#6cb6ff", "#dcbdfb", "#56d4dd", "#cdd9e5"),
)
_LEVELS: Final = (0, 95, 135, 175, 215, 255)


def picture(rows: Sequence[Row], columns: int, title: str) -> str:
    """Draw rows; the title is what a reader who sees no picture hears."""
    width = round(columns * _WIDTH) + 2 * _MARGIN
    height = len(rows) * _HEIGHT + 2 * _MARGIN
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(title)}>',
        f'<rect width="{width}" height="{height}" rx="8" fill="{_BACKGROUND}"/>',
        f'<g font-family="{_FONT}" font-size="{_SIZE}" fill="{_FOREGROUND}" xml:space="preserve">',
        *(text for number, row in enumerate(rows) for text in _texts(row, number)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _texts(row: Row, number: int) -> Iterator[str]:
    """The pieces of a row that look alike, each as wide as its cells."""
    y = _MARGIN + number * _HEIGHT + _SIZE
    place = 0
    for look, cells in groupby(row, key=lambda cell: cell.look):
        piece = list(cells)
        text = "".join(cell.text for cell in piece)
        left = len(text) - len(text.lstrip(" "))
        if text.strip(" "):
            x = f"{_MARGIN + (place + left) * _WIDTH:g}"
            length = f"{(len(piece) - left - _trailing(text)) * _WIDTH:g}"
            yield (
                f'<text x="{x}" y="{y}" textLength="{length}"{_style(look)}>'
                f"{escape(text.strip(' '))}</text>"
            )
        place += len(piece)


def _trailing(text: str) -> int:
    return len(text) - len(text.rstrip(" "))


def _style(look: Look) -> str:
    given = {
        "fill": None if look.color is None else _color(look.color),
        "font-weight": "bold" if look.is_bold else None,
        "font-style": "italic" if look.is_italic else None,
        "text-decoration": "underline" if look.is_underlined else None,
        "opacity": "0.65" if look.is_dim else None,
    }
    return "".join(f' {name}="{value}"' for name, value in given.items() if value is not None)


def _color(color: int | str) -> str:
    """The sixteen of the palette, then a cube of 216, then 24 greys."""
    if isinstance(color, str):
        return color
    if color < 16:
        return _COLORS[color]
    if color < 232:
        red, green, blue = (color - 16) // 36, (color - 16) // 6 % 6, (color - 16) % 6
        levels = (_LEVELS[red], _LEVELS[green], _LEVELS[blue])
    else:
        levels = (8 + (color - 232) * 10,) * 3
    return "#" + bytes(levels).hex()
