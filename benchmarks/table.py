"""A table of figures: rows by column, as text or as data; it knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Cell = str | float | None
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of one kind; the first column names the row."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def cell(self, row: str, column: str) -> Cell:
        """Look one figure up; `None` if the table does not have it."""
        key = self.columns[0]
        return next((each.get(column) for each in self.rows if each[key] == row), None)

    def as_text(self) -> str:
        """Draw the table: words to the left, numbers to the right, the notes below."""
        lines = [
            list(self.columns),
            *([show(row.get(c)) for c in self.columns] for row in self.rows),
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        is_words = [
            any(isinstance(row.get(column), str) for row in self.rows) for column in self.columns
        ]
        drawn = [_draw(line, widths, is_words) for line in lines]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([self.title, "", drawn[0], rule, *drawn[1:], *_below(self.notes)])

    def as_data(self) -> dict[str, object]:
        """Give the table back as what JSON can hold, the figures in full."""
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [dict(row) for row in self.rows],
            "notes": list(self.notes),
        }


def show(cell: Cell) -> str:
    """Write one cell: three digits of a measured number, all of a counted one."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        size = abs(cell)
        digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
        return f"{cell:,.{digits}f}"
    return cell if isinstance(cell, str) else f"{cell:,}"


def _draw(line: list[str], widths: list[int], is_words: list[bool]) -> str:
    cells = zip(line, widths, is_words, strict=True)
    return "  ".join(
        text.ljust(width) if words else text.rjust(width) for text, width, words in cells
    ).rstrip()


def _below(notes: tuple[str, ...]) -> list[str]:
    return ["", *notes] if notes else []
