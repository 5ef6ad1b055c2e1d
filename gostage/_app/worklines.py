"""What a worker tells, as lines for people; pure, so whoever shows them decides how they look."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from gostage._app.lines import Span, printable
from gostage._app.past.finding import short_id
from gostage._app.report import MARKS, PENDING, STYLES, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.lines import Line
    from gostage._app.worknotes import WorkNote

_TROUBLE: Final = frozenset({"failed", "blocked"})
_DAY: Final = 86400.0


def lines_of(note: WorkNote, *, is_quiet: bool = False, is_verbose: bool = False) -> Iterator[Line]:
    """Show a note; quietly, only what went wrong."""
    if note.run_id is None:
        text = _of_worker(note)
        if text and not is_quiet:
            yield (Span(f"{_clock(note.at)}  ", "quiet"), Span(text, "quiet"))
        return
    is_trouble = note.what == "put_aside" or note.status in _TROUBLE
    is_little = note.what == "missed"
    if (is_quiet and (not is_trouble or note.what == "goes_on")) or (is_little and not is_verbose):
        return
    name = f"{printable(note.workflow or '')} {short_id(note.run_id)}"
    yield (Span(f"{_clock(note.at)}  ", "quiet"), Span(name, "strong"), Span("  "), *_what(note))
    if note.hint:
        yield (Span(f"    hint: {note.hint}", "quiet"),)


def _of_worker(note: WorkNote) -> str:
    count = len(note.at_work)
    runs = "1 run" if count == 1 else f"{count} runs"
    if note.what == "stops":
        return f"stopping when {runs} at work {'has' if count == 1 else 'have'} finished a step"
    if note.what == "ends" and count:
        return f"{runs} did not come back in time; the next worker goes on with what they were at"
    return ""


def _what(note: WorkNote) -> Iterator[Span]:
    if note.what == "goes_on":
        yield Span(f"goes on, was {note.status}", "quiet")
    elif note.what == "missed":
        yield Span("another process has it", "quiet")
    elif note.what == "put_aside":
        yield Span("✗ cannot go on", "bad")
        yield Span(f": {_first_line(note.reason)}; tried again at {_time(note)}")
    else:
        status = note.status or ""
        mark = MARKS.get(status, PENDING)
        yield Span(f"{mark} {status}", STYLES.get(status, "notable"))
        yield Span("".join(_rest(note)))


def _rest(note: WorkNote) -> Iterator[str]:
    if note.duration is not None and note.status not in {"sleeping", "waiting", "pending"}:
        yield f" in {seconds(note.duration)}"
    if note.until is not None:
        yield f" until {_time(note)}"
    elif note.reason:
        yield f": {_first_line(note.reason)}"


def _first_line(text: str) -> str:
    return printable(text.partition("\n")[0])


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"


def _time(note: WorkNote) -> str:
    until = note.until or note.at
    if until - note.at < _DAY:
        return _clock(until)
    return f"{datetime.fromtimestamp(until).astimezone():%Y-%m-%d %H:%M}"
