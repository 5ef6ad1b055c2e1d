"""Output of commands: tables for people, JSON for programs; standard output holds nothing else."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from gostage._app.lines import Span
from gostage._cli.screen import Screen, let_go

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from gostage._app.lines import Line
    from gostage._cli.common import Common


@contextmanager
def data_channel(*, as_json: bool = True) -> Iterator[TextIO]:
    """Keep standard output for data: whatever else is printed, also by programs, goes to stderr."""
    if not as_json:
        yield sys.stdout
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    # What UTF-8 cannot hold is escaped, which is how JSON writes it anyway.
    out = os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace")
    with out, redirect_stdout(sys.stderr):
        yield out


def write_json(data: object, out: TextIO) -> None:
    """Write a value; a reader that has gone away is no error."""
    import json  # 2 ms: only --json needs it

    try:
        json.dump(data, out, ensure_ascii=False, indent=2)
        out.write("\n")
        out.flush()
    except BrokenPipeError:
        let_go(out)


def show(lines: Iterable[Line], common: Common) -> None:
    """Show lines on standard output."""
    Screen(sys.stdout, has_color=common.has_color).show(lines)


def show_table(head: Sequence[str], rows: Sequence[Sequence[str | Span]], common: Common) -> None:
    """Show rows under their headings, in columns as wide as they need to be."""
    cells = [[Span(name, "strong") for name in head]]
    cells += [[each if isinstance(each, Span) else Span(each) for each in row] for row in rows]
    widths = [max(len(cell.text) for cell in column) for column in zip(*cells, strict=True)]
    show([_row(row, widths) for row in cells], common)


def _row(cells: Sequence[Span], widths: Sequence[int]) -> Line:
    last = max((number for number, cell in enumerate(cells) if cell.text), default=-1)
    padded = [
        Span(cell.text + " " * (0 if number == last else width + 2 - len(cell.text)), cell.style)
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return tuple(padded[: last + 1])


def short(file: str) -> str:
    """A path as seen from here, where that is shorter."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file
