"""Telling: events as lines for people, one by one; pure, so whoever shows them decides when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gostage._app.lines import Span, printable
from gostage._app.past.planned import shown
from gostage._app.report import MARKS, PENDING, STYLES, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gostage._app.lines import Line
    from gostage._app.past.saved import Happening

    # Any: what events tell.
    Data = Mapping[str, Any]

_QUIET: Final = frozenset({"step_started", "items_listed"})
"""What most readers can do without: it is told by what comes of it."""


def line_of(happening: Happening, *, with_all: bool = False) -> Line | None:
    """An event with its time; nothing for one that tells little."""
    if happening.kind in _QUIET and not with_all:
        return None
    tell = _LINES.get(happening.kind, _other)
    return (Span(f"{clock(happening.at)}  ", "quiet"), *tell(happening))


def clock(at: float) -> str:
    """A time of day, to the millisecond."""
    when = datetime.fromtimestamp(at).astimezone()
    return f"{when:%H:%M:%S}.{when.microsecond // 1000:03d}"


def day(at: float) -> str:
    """A day of this place."""
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d}"


def ended(path: str, data: Data) -> Line:
    """How an item ended."""
    status = str(data.get("status"))
    return (
        Span(MARKS.get(status, PENDING), STYLES.get(status, "notable")),
        Span(f" {_name(path, data)}"),
        Span("".join(f"  {remark}" for remark in _remarks(data, status)), "quiet"),
    )


def text_of_error(error: Any) -> str:  # noqa: ANN401  # Any: JSON, as a database may have it
    """The first line of what an event tells of an error."""
    if not isinstance(error, dict):
        return ""
    first = next(iter(str(error.get("message", "")).splitlines()), "")
    return f"{error.get('type')}: {first}" if first else str(error.get("type"))


def said(happening: Happening) -> tuple[str, str]:
    """What an event of the run itself says, in a word and the rest."""
    tell = _SAYS.get(happening.kind)
    return (happening.kind, "") if tell is None else tell(happening.data)


def _taken_over(data: Data) -> tuple[str, str]:
    return "interrupted", f"process {data.get('pid')} on {data.get('host')} is gone"


def _accepted(data: Data) -> tuple[str, str]:
    added, removed = _listed(data.get("added"), "+"), _listed(data.get("removed"), "-")
    return "plan changed", ", ".join(each for each in (added, removed) if each)


_SAYS: Final[Mapping[str, Callable[[Data], tuple[str, str]]]] = {
    "run_started": lambda _: ("begun", ""),
    "run_resumed": lambda _: ("resumed", ""),
    "run_paused": lambda data: (str(data.get("status")), str(data.get("awaits") or "")),
    "run_ended": lambda data: (str(data.get("status")), text_of_error(data.get("error"))),
    "code_changed": lambda data: ("code changed", _listed(data.get("actions"))),
    "plan_accepted": _accepted,
    "run_forked": lambda data: ("forked", f"from run {data.get('run')} at {data.get('step')}"),
    "run_taken_over": _taken_over,
}
"""What is said of the run itself."""


def _listed(paths: object, mark: str = "") -> str:
    return ", ".join(f"{mark}{each}" for each in paths) if isinstance(paths, list) else ""


# -------------------------------------------------------------------- lines


def _run(happening: Happening) -> Line:
    word, rest = said(happening)
    style = STYLES.get(word, "strong" if happening.kind in _BEGIN else "notable")
    return (Span(word, style), Span(f": {printable(rest)}" if rest else ""))


def _ended(happening: Happening) -> Line:
    return ended(happening.path, happening.data)


def _started(happening: Happening) -> Line:
    data = happening.data
    attempt = data.get("attempt")
    remark = f"  attempt {attempt}" if isinstance(attempt, int) and attempt > 1 else ""
    return (Span(f"{PENDING} {_name(happening.path, data)}  {data.get('kind')}{remark}", "quiet"),)


def _retried(happening: Happening) -> Line:
    data = happening.data
    attempt, error = data.get("attempt"), printable(text_of_error(data.get("error")))
    said = f"  attempt {attempt} failed, another follows{f': {error}' if error else ''}"
    return (Span("↻", "notable"), Span(f" {_name(happening.path, data)}"), Span(said, "quiet"))


def _listed_items(happening: Happening) -> Line:
    text = f"{_name(happening.path, happening.data)}  {happening.data.get('total')} items"
    return (Span(f"{PENDING} {text}", "quiet"),)


def _edited(happening: Happening) -> Line:
    change = str(happening.data.get("change"))
    mark, word = _EDITS.get(change, ("~", change))
    return (
        Span(mark, "notable"),
        Span(f" {printable(happening.path)}"),
        Span(f"  {word}", "quiet"),
    )


def _message(happening: Happening) -> Line:
    text = f"  message {printable(str(happening.data.get('type')))}"
    return (Span(f"{PENDING} {_name(happening.path, happening.data)}"), Span(text, "quiet"))


def _other(happening: Happening) -> Line:
    return (Span(f"{PENDING} {printable(happening.path)}  {printable(happening.kind)}", "quiet"),)


_BEGIN: Final = frozenset({"run_started", "run_resumed"})
_EDITS: Final = {
    "insert": ("+", "inserted"),
    "remove": ("-", "removed"),
    "disable": ("-", "disabled"),
    "enable": ("+", "enabled"),
}
_LINES: Final[Mapping[str, Callable[[Happening], Line]]] = {
    "step_started": _started,
    "step_ended": _ended,
    "step_retried": _retried,
    "items_listed": _listed_items,
    "plan_changed": _edited,
    "message": _message,
    **dict.fromkeys(_SAYS, _run),
}


def _name(path: str, data: Data) -> str:
    path, item = shown(path), data.get("item")
    return printable(path if item is None else f"{path}[{item}]")


def _remarks(data: Data, status: str) -> Iterator[str]:
    duration, attempts, error = data.get("duration"), data.get("attempts"), data.get("error")
    if isinstance(duration, (int, float)) and status != "skipped":
        yield seconds(duration)
    if isinstance(attempts, int) and attempts > 1:
        yield f"attempt {attempts}" if error else f"{attempts} attempts"
    if status not in {"completed", "failed"}:
        yield printable(status)
    if isinstance(error, dict):
        yield printable(text_of_error(error))
