"""The tree of a run that is past, as lines: each item, and what it changed in the store; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from gostage._app.lines import Span, printable
from gostage._app.past.saved import moment
from gostage._app.past.values import HIDDEN, cut, is_secret, readable, value_text
from gostage._app.report import counted, entries_of, tree
from gostage._run.records import StepRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gostage._app.lines import Line, Style
    from gostage._app.past.saved import Data
    from gostage._app.past.steps import PastStep
    from gostage._app.past.stores import StoreChange
    from gostage._app.report import Entry

NO_ERRORS: Final = frozenset({"Cancelled", "Bailed", "Suspended", "KeyboardInterrupt"})
"""What stopped a run, and is no error: its status says so."""
_MANY: Final = 40
"""How many items beside each other are shown whole, if there is nothing to say of them."""
_ENDS: Final = 10
"""How many of more are shown, at both ends."""
_CALM: Final = frozenset({"completed", "skipped", "pending"})
_CHANGES: Final = 20
"""How many changes of one step are shown."""
_LEAST: Final = 24  # characters; a value gets that many however deep it stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much is shown."""

    width: int = 100
    """How many columns a line may take, as far as that can be helped."""
    with_all: bool = False
    """Whether nothing is cut or left out."""
    base: str | None = None
    """The folder that paths are seen from."""


class More(NamedTuple):
    """Items that are not shown one by one."""

    left: int
    status: str
    depth: int


def item_lines(steps: Sequence[PastStep], detail: Detail) -> Iterator[Line]:
    """One line for each item, with what it changed below it."""
    entries = entries_of([_record(step) for step in steps])
    chosen = list(range(len(entries))) if detail.with_all else list(_folded(entries))
    shown = [each for each in chosen if not isinstance(each, More)]
    lines = iter(tree([entries[each] for each in shown]))
    marks: dict[str, str] = {step.path: step.mark for step in steps if step.mark}
    for each in chosen:
        if isinstance(each, More):
            text = f"{'  ' * each.depth}… {each.left} more, all {each.status}; -v shows them"
            yield (Span(text, "quiet"),)
            continue
        step, depth = steps[each], entries[each].depth
        holder = marks.get(step.path[: -len(entries[each].name) - 1], "")
        remarks = "".join(f"  {remark}" for remark in _remarks(step, holder))
        yield (*next(lines), Span(remarks, "notable" if step.mark else "quiet"))
        yield from _failures(step, depth)
        yield from change_lines(step.changes, detail, depth + 1)


def change_lines(changes: Sequence[StoreChange], detail: Detail, depth: int) -> Iterator[Line]:
    """What became of keys: `+ key = value`, `~ key old → new`, `- key`."""
    told = [each for each in changes if detail.with_all or each.is_value]
    shown = told if detail.with_all else told[:_CHANGES]
    for change in shown:
        yield _change(change, detail, "  " * (depth + 1))
    if len(shown) < len(told):
        more = f"{'  ' * (depth + 1)}… {len(told) - len(shown)} more; -v shows them"
        yield (Span(more, "quiet"),)


def _change(change: StoreChange, detail: Detail, indent: str) -> Line:
    key = printable(change.key)
    room = None if detail.with_all else max(_LEAST, detail.width - len(indent) - len(key) - 6)
    before, after = change.before, change.after
    style: Style = "plain"
    if after is None:
        mark, style, text = "-", "bad", ""
    elif before is None:
        mark, style, text = "+", "good", f" = {value_text(after, room)}"
    elif not change.is_value:
        mark, text = "~", "  its metadata"
    elif is_secret(before) or is_secret(after):
        mark, text = "~", f" {HIDDEN}"
    else:
        old, new = (readable(each["value"], room) for each in (before, after))
        mark, text = "~", _both(old, new, room)
    return (Span(f"{indent}{mark} ", "notable" if mark == "~" else style), Span(f"{key}{text}"))


def _both(old: str, new: str, room: int | None) -> str:
    """Two values in the room that there is; the shorter one leaves what it does not need."""
    if room is not None and len(old) + len(new) + 3 > room:
        half = (room - 3) // 2
        old = cut(old, max(half, room - 3 - len(new)))
        new = cut(new, max(half, room - 3 - len(old)))
    return f" {old} → {new}"


def _remarks(step: PastStep, holder: str) -> Iterator[str]:
    """What else there is to say of a step; `holder` is the mark of what it stands in."""
    times = sum(step.how.values())
    if times > 1:
        yield f"{times} times" + (f": {counted(step.how)}" if len(step.how) > 1 else "")
    if step.mark and step.mark != holder:
        yield step.mark


def _failures(step: PastStep, depth: int) -> Iterator[Line]:
    """The items of a for_each that a step failed for, where they are not the whole story."""
    if step.status == "failed" and len(step.failures) < 2:
        return
    for item, error in step.failures:
        text = f"{error.get('type')}: {error.get('message')}".splitlines()[0]
        yield Span(f"{'  ' * (depth + 1)}✗ ", "bad"), Span(f"[{item}]  {printable(text)}")


def _record(step: PastStep) -> StepRecord:
    """The step as a report takes it."""
    started = None if step.started is None else moment(step.started)
    is_error = step.error is not None and step.error.get("type") not in NO_ERRORS
    error = _error(step.error) if step.error is not None and is_error else None
    return StepRecord(
        step.path, step.kind, step.status, step.attempts, started, step.duration, error
    )


def _error(told: Data) -> Exception:
    """An error that is shown like the one that is told; its class is of no use but for that."""
    error: Exception = type(str(told.get("type")), (Exception,), {})(str(told.get("message")))
    return error


# -------------------------------------------------------------------- folding


def _folded(entries: Sequence[Entry]) -> Iterator[int | More]:
    """The entries to show, by their number: the middle of a long calm stretch is left out."""
    inside = _inside(entries)
    calm = _calm(entries, inside)
    todo: list[int | More] = list(reversed(list(_chosen(inside[-1], entries, calm))))
    while todo:
        each = todo.pop()
        yield each
        if isinstance(each, int):
            todo.extend(reversed(list(_chosen(inside[each], entries, calm))))


def _chosen(beside: list[int], entries: Sequence[Entry], calm: set[int]) -> Iterator[int | More]:
    start = 0
    while start < len(beside):
        first = beside[start]
        end = start + 1
        if first in calm:
            status = entries[first].step.status
            while end < len(beside) and beside[end] in calm and _is(entries[beside[end]], status):
                end += 1
        if end - start > _MANY:
            yield from beside[start : start + _ENDS]
            left = end - start - 2 * _ENDS
            yield More(left, entries[first].step.status, entries[first].depth)
            yield from beside[end - _ENDS : end]
        else:
            yield from beside[start:end]
        start = end


def _is(entry: Entry, status: str) -> bool:
    return entry.step.status == status


def _inside(entries: Sequence[Entry]) -> dict[int, list[int]]:
    """What stands in each entry, by numbers; -1 is the run."""
    inside: dict[int, list[int]] = {-1: []}
    open_ = [-1]
    for number, entry in enumerate(entries):
        inside[number] = []
        del open_[entry.depth + 1 :]
        inside[open_[-1]].append(number)
        open_.append(number)
    return inside


def _calm(entries: Sequence[Entry], inside: dict[int, list[int]]) -> set[int]:
    """The entries with which, and with all that stands in them, nothing is the matter."""
    calm: set[int] = set()
    for number in range(len(entries) - 1, -1, -1):
        step = entries[number].step
        is_calm = step.status in _CALM and step.error is None and step.attempts < 2
        if is_calm and calm.issuperset(inside[number]):
            calm.add(number)
    return calm
