"""Reports: a result as lines for people; pure, so whoever shows them decides how they look."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from gostage._app.trace import Cut, explain, headline
from gostage.errors import Interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeGuard

    from gostage._run.records import StepRecord
    from gostage._run.result import Result, Suspension

Style = Literal["plain", "good", "bad", "quiet", "strong", "notable"]

MARKS: Final = {"completed": "✓", "failed": "✗", "cancelled": "✗", "skipped": "–"}  # noqa: RUF001  # a dash
PENDING: Final = "·"
PARKED: Final = frozenset({"waiting", "sleeping"})
_STYLES: Final[dict[str, Style]] = {
    "completed": "good",
    "failed": "bad",
    "cancelled": "bad",
    "skipped": "quiet",
    "pending": "quiet",
}
_WIDEST: Final = 60


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line in one style."""

    text: str
    style: Style = "plain"


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much a report says."""

    with_tree: bool = True
    cut: Cut = field(default_factory=Cut)


def report(result: Result, detail: Detail) -> list[Line]:
    """Tell what became of a run: each item, what failed, what it waits for, and a summary."""
    steps = _standing(result)
    lines = list(tree(steps)) if detail.with_tree else []
    lines += failures(result, detail.cut)
    lines += waits(result)
    return [*lines, summary(result, steps)]


def text_of(line: Line) -> str:
    """Show a line without its styles."""
    return "".join(span.text for span in line)


def _standing(result: Result) -> list[StepRecord]:
    """The records; where a run waits, so does every item it is in."""
    if result.status not in PARKED:
        return list(result.steps)
    return [
        replace(step, status=result.status) if step.status == "running" else step
        for step in result.steps
    ]


# -------------------------------------------------------------------- the items


def tree(steps: Sequence[StepRecord]) -> Iterator[Line]:
    """One line per item, indented by its path."""
    names = ["  " * step.path.count("/") + step.path.rpartition("/")[2] for step in steps]
    width = min(max(map(len, names), default=0), _WIDEST)
    for step, name in zip(steps, names, strict=True):
        yield _item(step, name, width)


def _item(step: StepRecord, name: str, width: int) -> Line:
    indent = len(name) - len(name.lstrip(" "))
    style = _STYLES.get(step.status, "notable")
    mark = MARKS.get(step.status, PENDING)
    remarks = list(_remarks(step))
    padding = " " * (width - len(name)) if remarks else ""
    tail = (Span(f"{padding}  {'  '.join(remarks)}", "quiet"),) if remarks else ()
    return (
        Span(" " * indent),
        Span(mark, style),
        Span(f" {name[indent:]}", "quiet" if style == "quiet" else "plain"),
        *tail,
    )


def _remarks(step: StepRecord) -> Iterator[str]:
    if step.duration is not None and step.status != "skipped":
        yield f"{seconds(step.duration):>7}"
    if step.attempts > 1:
        yield f"{step.attempts} attempts"
    if step.status not in {"completed", "failed"}:
        yield step.status
    if step.error is not None and step.status == "completed":
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


def failures(result: Result, cut: Cut) -> Iterator[Line]:
    """Every error once, at the innermost item it comes from."""
    for path, error in _errors(result):
        yield ()
        first, *rest = headline(error).splitlines() or [""]
        yield (Span(f"{path}: ", "strong"), Span(first, "bad"))
        for text in (*rest, *explain(error, cut)):
            yield (Span(f"  {text}"),)


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


def waits(result: Result) -> Iterator[Line]:
    """What a run waits for, and how it goes on."""
    texts = list(_waits(result))
    if not texts:
        return
    yield ()
    for text in texts:
        yield (Span(text, "notable"),)
    yield (Span(f"this run lives only in this process; {_way_on(result)}"),)


def _waits(result: Result) -> Iterator[str]:
    for step in _parked(result):
        if step.kind == "receive":
            yield f"{step.path} waits for the signal {_name(step)!r}"
        elif step.kind == "sleep":
            yield f"{step.path} sleeps"
        elif step.kind == "action" and result.suspended is not None:
            yield f"{step.path} is suspended: {_reason(result.suspended)}"


def _parked(result: Result) -> Iterator[StepRecord]:
    """The items that have begun and not ended."""
    for step in result.steps if result.status in PARKED else ():
        if step.status in PARKED or step.status == "running":
            yield step


def _reason(suspension: Suspension) -> str:
    data = ", ".join(f"{key}={value!r}" for key, value in suspension.data.items())
    return f"{suspension.reason} ({data})" if data else suspension.reason


def _way_on(result: Result) -> str:
    if result.status == "sleeping":
        return "without --detach it sits the sleep out"
    names = [_name(step) for step in _parked(result) if step.kind == "receive"]
    if names:
        return f"from Python, `runner.signal(run_id, {names[0]!r}, data)` lets it go on"
    return "from Python, `runner.resume(run_id, data)` lets it go on"


def _name(step: StepRecord) -> str:
    return step.path.rpartition("/")[2]


# -------------------------------------------------------------------- the summary


def summary(result: Result, steps: Sequence[StepRecord]) -> Line:
    """One line about the whole run, with how many items without items of their own stand how."""
    style = _STYLES.get(result.status, "notable")
    counts = Counter(step.status for step in _leaves(steps))
    parts = ", ".join(f"{count} {status}" for status, count in counts.items())
    text = f" in {seconds(result.duration).strip()}: {parts}"
    if result.bail_reason:
        text += f" ({result.bail_reason})"
    return (Span(result.workflow_id, "strong"), Span(" "), Span(result.status, style), Span(text))


def _leaves(steps: Sequence[StepRecord]) -> Iterator[StepRecord]:
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        if following is None or not following.path.startswith(f"{step.path}/"):
            yield step
