"""Reports: a result as lines for people; pure, so whoever shows them decides how they look."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from gostage._app.lines import Span, printable
from gostage._app.past.ways import ways_on
from gostage._app.trace import Cut, explain, headline
from gostage.errors import NOWHERE, Bailed, Interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeGuard

    from gostage._app.lines import Line, Style
    from gostage._run.records import StepRecord
    from gostage._run.result import Result, Suspension

MARKS: Final = {"completed": "✓", "failed": "✗", "cancelled": "✗", "skipped": "–"}  # noqa: RUF001  # a dash
PENDING: Final = "·"
PARKED: Final = frozenset({"waiting", "sleeping"})
STYLES: Final[dict[str, Style]] = {
    "completed": "good",
    "failed": "bad",
    "cancelled": "bad",
    "skipped": "quiet",
    "pending": "quiet",
}
_WIDEST: Final = 60
_SINGLE: Final = frozenset({"action", "receive", "sleep", "wait"})
"""The kinds that nothing stands in."""

_LONG: Final = 1.0  # seconds that a run takes before anybody asks where they went
_SLOWEST: Final = 3
_LEAST: Final = 0.01  # of the whole; less is not worth a line
_LAST_LINES: Final = 20


def no_output(path: str, error: BaseException) -> str:
    """Where nobody kept what was written."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much a report says."""

    with_tree: bool = True
    with_all: bool = False
    """Leave nothing out: whole outputs, and the slowest actions of a short run too."""
    cut: Cut = field(default_factory=Cut)
    output_of: Callable[[str, BaseException], str] = no_output
    """What the step at a path had written when it failed with this error."""
    is_stored: bool = False
    """Whether the run is in a database, where commands find it."""
    db: str = ""
    """What they have to be given for that."""


class Entry(NamedTuple):
    """A record and its place in the tree."""

    step: StepRecord
    name: str
    depth: int
    is_leaf: bool


def report(result: Result, detail: Detail) -> list[Line]:
    """Tell what became of a run: each item, what failed, what it waits for, and a summary."""
    entries = entries_of(_standing(result))
    lines = list(tree(entries)) if detail.with_tree else []
    lines += failures(result, detail)
    lines += waits(result, entries, detail)
    if detail.with_tree and (detail.with_all or result.duration >= _LONG):
        lines += slowest(result)
    return [*lines, summary(result, entries)]


def _standing(result: Result) -> list[StepRecord]:
    """The records; where a run waits, so does every item it is in."""
    if result.status not in PARKED:
        return list(result.steps)
    return [
        replace(step, status=result.status) if step.status == "running" else step
        for step in result.steps
    ]


def entries_of(steps: Sequence[StepRecord]) -> list[Entry]:
    """Find the tree in the records, which are in its order.

    An item stands in the one with the longest path that leads to it: a slash may also be a part of
    a name.
    """
    places: list[tuple[str, int]] = []  # of each record, where it stands in, and how deep
    depths: dict[str, int] = {}
    holders = set()
    for step in steps:
        above = step.path.rpartition("/")[0]
        while above and above not in depths:
            above = above.rpartition("/")[0]
        depth = depths[above] + 1 if above else 0
        places.append((above, depth))
        holders.add(above)
        if step.kind not in _SINGLE:
            depths[step.path] = depth
    return [
        Entry(step, step.path[len(above) + 1 :] if above else step.path, depth, is_leaf)
        for step, (above, depth) in zip(steps, places, strict=True)
        for is_leaf in [step.path not in holders]
    ]


# -------------------------------------------------------------------- the items


def tree(entries: Sequence[Entry]) -> Iterator[Line]:
    """One line per item, indented by how deep it stands."""
    widths = (2 * entry.depth + len(printable(entry.name)) for entry in entries)
    width = min(max(widths, default=0), _WIDEST)
    for entry in entries:
        yield _item(entry, width)


def _item(entry: Entry, width: int) -> Line:
    style = STYLES.get(entry.step.status, "notable")
    mark = MARKS.get(entry.step.status, PENDING)
    remarks = list(_remarks(entry.step))
    indent, name = "  " * entry.depth, printable(entry.name)
    padding = " " * (width - len(indent) - len(name)) if remarks else ""
    tail = (Span(f"{padding}  {'  '.join(remarks)}", "quiet"),) if remarks else ()
    return (
        Span(indent),
        Span(mark, style),
        Span(f" {name}", "quiet" if style == "quiet" else "plain"),
        *tail,
    )


def _remarks(step: StepRecord) -> Iterator[str]:
    if step.duration is not None and step.status != "skipped":
        yield f"{seconds(step.duration):>7}"
    if step.attempts > 1:
        yield f"{step.attempts} attempts"
    if step.status not in {"completed", "failed"}:
        yield step.status
    if isinstance(step.error, Bailed):
        yield "bailed"
    elif step.error is not None and step.status == "completed":
        yield f"handled {headline(step.error).splitlines()[0]}"


def seconds(value: float) -> str:
    """Show a duration as people read it: `0.012s`, `12.3s`, `2m05s`, `1h02m`."""
    if value < 9.9995:
        return f"{value:.3f}s"
    if value < 59.95:
        return f"{value:.1f}s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"


# -------------------------------------------------------------------- what failed


def failures(result: Result, detail: Detail) -> Iterator[Line]:
    """Every error once, at the innermost item it comes from, with what that had written."""
    for path, error in _errors(result):
        yield ()
        first, *rest = headline(error).splitlines() or [""]
        yield (Span(f"{path}: ", "strong"), Span(first, "bad"))
        where = result.where if error is result.error else NOWHERE
        for text in (*rest, *explain(error, detail.cut, where)):
            yield (Span(f"  {text}"),)
        yield from _output(detail.output_of(path, error), with_all=detail.with_all)


def _output(text: str, *, with_all: bool) -> Iterator[Line]:
    lines = list(_as_seen(text))
    shown = lines if with_all else lines[-_LAST_LINES:]
    if not shown:
        return
    is_cut = len(shown) < len(lines)
    how_many = f", the last {len(shown)} of {len(lines)} lines; -v shows all" if is_cut else ""
    yield (Span(f"  captured output{how_many}:", "strong"),)
    for line in shown:
        yield (Span(f"    {line}"),)


def _as_seen(text: str) -> Iterator[str]:
    """The lines of an output as a terminal has them in the end, without colours."""
    import re  # 6 ms, where a failed step has written something

    plain = re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)", "", text)
    for line in plain.strip("\r\n").split("\n") if plain.strip() else ():
        last = line.rstrip("\r").rpartition("\r")[2]  # a line may be written again and again
        yield "".join(each for each in last if each.isprintable() or each == "\t").rstrip()


def _errors(result: Result) -> list[tuple[str, BaseException]]:
    found: dict[int, tuple[str, BaseException]] = {}
    for step in result.steps:
        if step.status in {"failed", "cancelled"} and _is_worth_telling(step.error):
            found[id(step.error)] = (step.path, step.error)  # the innermost comes last
    error = result.error
    if _is_worth_telling(error) and id(error) not in found:
        found[id(error)] = (result.workflow_id, error)
    return list(found.values())


def _is_worth_telling(error: BaseException | None) -> TypeGuard[BaseException]:
    """Not that a run was cancelled: its status says so."""
    return error is not None and not isinstance(error, (Interrupt, KeyboardInterrupt))


# -------------------------------------------------------------------- what it waits for


def waits(result: Result, entries: Sequence[Entry], detail: Detail) -> Iterator[Line]:
    """What a run waits for, and how it goes on."""
    parked = [e for e in entries if result.status in PARKED and e.step.status in PARKED]
    texts = list(_waits(result, parked))
    ways: list[str] = []
    if detail.is_stored:
        signals = [e.name for e in parked if e.step.kind == "receive"]
        ways += ways_on(result.run_id, result.status, signals, detail.db)
    elif texts:
        ways.append(f"this run lives only in this process; {_way_on(result, parked)}")
    if texts or ways:
        yield ()
    for text in texts:
        yield (Span(text, "notable"),)
    for way in ways:
        yield (Span(way),)


def _waits(result: Result, parked: Sequence[Entry]) -> Iterator[str]:
    for entry in parked:
        step = entry.step
        if step.kind == "receive":
            yield f"{step.path} waits for the signal {entry.name!r}"
        elif step.kind == "sleep":
            yield f"{step.path} sleeps"
        elif step.kind == "action" and result.suspended is not None:
            yield f"{step.path} is suspended: {_reason(result.suspended)}"


def _reason(suspension: Suspension) -> str:
    data = ", ".join(f"{key}={value!r}" for key, value in suspension.data.items())
    return f"{suspension.reason} ({data})" if data else suspension.reason


def _way_on(result: Result, parked: Sequence[Entry]) -> str:
    if result.status == "sleeping":
        return "without --detach it sits the sleep out"
    names = [entry.name for entry in parked if entry.step.kind == "receive"]
    if names:
        return f"from Python, `runner.signal(run_id, {names[0]!r}, data)` lets it go on"
    return "from Python, `runner.resume(run_id, data)` lets it go on"


# -------------------------------------------------------------------- where the time went


def slowest(result: Result) -> Iterator[Line]:
    """The actions that took longest, with their share of the whole."""
    timed = [(s.duration, s.path) for s in result.steps if s.kind == "action" and s.duration]
    worth = [each for each in timed if each[0] >= result.duration * _LEAST]
    if len(timed) < 2 or not worth:
        return
    yield ()
    yield (Span("slowest actions", "strong"),)
    for duration, path in sorted(worth, key=lambda each: -each[0])[:_SLOWEST]:
        # One that ran before the run was resumed took none of the time that is told here.
        share = f"{duration / result.duration:.0%}" if duration <= result.duration else ""
        yield (Span(f"  {seconds(duration):>6}  {share:>4}  ", "quiet"), Span(path))


# -------------------------------------------------------------------- the summary


def summary(result: Result, entries: Sequence[Entry]) -> Line:
    """One line about the whole run, with how many items without items of their own stand how."""
    counts = Counter(entry.step.status for entry in entries if entry.is_leaf)
    text = f"in {seconds(result.duration)}: {counted(counts)}"
    return whole(result.workflow_id, result.status, text, result.bail_reason)


def whole(workflow_id: str, status: str, text: str, bail_reason: str | None = None) -> Line:
    """A line about a whole run."""
    style = STYLES.get(status, "notable")
    text += f" ({bail_reason})" if bail_reason else ""
    return (Span(workflow_id, "strong"), Span(" "), Span(status, style), Span(f" {text}"))


def counted(counts: Mapping[str, int]) -> str:
    """Show how many items stand how: `3 completed, 1 failed, 2 pending`."""
    order = {status: place for place, status in enumerate(STYLES)}
    last = order["pending"]  # what is still to come is told behind all that has become of others
    known = sorted(counts, key=lambda status: order.get(status, last - 0.5))
    return ", ".join(f"{counts[status]} {status}" for status in known if counts[status])
