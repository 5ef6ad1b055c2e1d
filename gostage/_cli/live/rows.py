"""Rows: a board as lines, and which of them to show where there is no room for all; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from gostage._app.lines import Span, printable
from gostage._app.report import MARKS, PENDING, STYLES, counted, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gostage._app.lines import Line
    from gostage._cli.live.board import Board, Item

SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPINNER_ASCII: Final = "|/-\\"
_WAITS: Final = {
    "receive": "waits for the signal",
    "sleep": "sleeps",
    "wait": "waits for its condition",
}
"""What the kinds do that do nothing but wait."""

_WAIT_MARK: Final = "○"
_RETRY_MARK: Final = "↻"
_AHEAD: Final = 3  # of what is to come, the next few

# What goes first where there is no room for all, from the last to the first.
Rank = Literal[0, 1, 2, 3, 4]
_AT_WORK: Final = 0
_HOLDS: Final = 1
_FAILED: Final = 2
_ENDED: Final = 3
_TO_COME: Final = 4


class Row(NamedTuple):
    """A line, how much it matters, and how many items it stands for."""

    line: Line
    rank: Rank
    items: int = 1


def picture(board: Board, now: float, height: int, spinner: str) -> list[Line]:
    """Draw what is open and what has just ended, then a line about the whole run."""
    rows = [*_rows(board, now, spinner), *_to_come(board)]
    return [*fitting(rows, height - 1), _whole(board, now)]


def fitting(rows: Sequence[Row], height: int) -> list[Line]:
    """Choose the rows that matter most, and keep them in their order."""
    if len(rows) <= height:
        return [row.line for row in rows]
    places = sorted(range(len(rows)), key=lambda place: _weight(rows, place))
    chosen = sorted(places[: max(0, height - 1)])
    left_out = sum(row.items for row in rows) - sum(rows[place].items for place in chosen)
    return [_more(left_out), *(rows[place].line for place in chosen)]


def _more(count: int, indent: str = "") -> Line:
    return (Span(f"{indent}… {count} more", "quiet"),)


def _weight(rows: Sequence[Row], place: int) -> tuple[int, int]:
    rank = rows[place].rank
    return rank, place if rank == _TO_COME else -place


# -------------------------------------------------------------------- items


def _rows(board: Board, now: float, spinner: str) -> Iterator[Row]:
    todo = [(each, 0) for each in reversed(board.root.children.values())]
    if board.root.forgotten:
        yield Row(_more(board.root.forgotten), _ENDED, board.root.forgotten)
    while todo:
        item, depth = todo.pop()
        if item.status == "pending":
            continue
        yield _row(item, depth, now, spinner)
        if item.forgotten:
            yield Row(_more(item.forgotten, "  " * (depth + 1)), _ENDED, item.forgotten)
        todo += [(each, depth + 1) for each in reversed(item.children.values())]


def _row(item: Item, depth: int, now: float, spinner: str) -> Row:
    mark = _mark(item, now, spinner)
    name = printable(item.name)
    is_quiet = mark.style == "quiet"
    remarks = "  ".join(_remarks(item, now) if item.is_open else _last_remarks(item))
    line = (
        Span("  " * depth),
        mark,
        Span(f" {name}", "quiet" if is_quiet else "plain"),
        Span(f"  {remarks}" if remarks else "", "quiet"),
    )
    if item.is_open:
        return Row(line, _HOLDS if item.children else _AT_WORK)
    return Row(line, _FAILED if item.status == "failed" else _ENDED)


def _mark(item: Item, now: float, spinner: str) -> Span:
    if item.status == "retrying":
        return Span(_RETRY_MARK, "notable")
    if not item.is_open:
        return Span(MARKS.get(item.status, PENDING), STYLES.get(item.status, "notable"))
    if item.kind in _WAITS:
        return Span(_WAIT_MARK, "notable")
    return Span(spinner[int(now * 10) % len(spinner)], "strong")


def _remarks(item: Item, now: float) -> Iterator[str]:
    """What is said behind the name of an item that is going on."""
    if item.running < 2:
        yield elapsed(now - item.since)
    if item.kind in _WAITS:
        yield _WAITS[item.kind]
    if item.total is not None:
        yield f"{item.passed}/{item.total}"
    if item.kind == "loop" and item.begun:
        yield f"pass {item.begun}"
    if item.running > 1:
        yield f"{item.running} at once"
    if item.attempt > 1:
        yield f"attempt {item.attempt}"
    if item.error:
        yield printable(f"after {item.error}")


def _last_remarks(item: Item) -> Iterator[str]:
    """What is said behind the name of an item that has ended."""
    if item.duration is not None and item.status != "skipped":
        yield seconds(item.duration)
    if item.attempt > 1:
        yield f"{item.attempt} attempts"
    if item.status not in {"completed", "failed"}:
        yield item.status
    if item.error:
        yield printable(item.error)
    if any(item.done.values()):
        yield counted(item.done)


def elapsed(value: float) -> str:
    """Show how long something takes already: as `seconds` does, but it does not flicker."""
    return f"{max(0.0, value):.1f}s" if value < 59.95 else seconds(value)


# -------------------------------------------------------------------- the run


def _to_come(board: Board) -> Iterator[Row]:
    for name in board.ahead(_AHEAD):
        yield Row((Span(f"{PENDING} {printable(name)}", "quiet"),), _TO_COME)


def _whole(board: Board, now: float) -> Line:
    parts = [elapsed(now - board.root.since)]
    if board.total > 1:
        parts.append(f"{board.passed}/{board.total}")
    if any(board.root.done.values()):
        parts.append(counted(board.root.done))
    return (Span(printable(board.name), "strong"), Span(f"  {'  '.join(parts)}"))
