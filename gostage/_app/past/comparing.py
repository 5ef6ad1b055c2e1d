"""Two past runs beside each other: what of the second is not as in the first; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gostage._app.lines import Span, printable
from gostage._app.past.data import change_data
from gostage._app.past.finding import short_id
from gostage._app.past.planned import SINGLE
from gostage._app.past.standing import clock_text
from gostage._app.past.stores import StoreChange, differences
from gostage._app.past.tree import change_lines
from gostage._app.report import STYLES, seconds
from gostage._run.difference import Difference, difference
from gostage._run.structure import Structure
from gostage.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gostage._app.lines import Line
    from gostage._app.past.overview import Overview
    from gostage._app.past.steps import PastStep
    from gostage._app.past.tree import Detail

    # Any: JSON-able data of any shape.
    Data = dict[str, Any]

_TWICE: Final = 2.0
"""How many times as long a step has to take to be told of."""
_LONG: Final = 0.05  # seconds; what is over sooner is never told of for its time


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A step of both runs, or of the one that has it."""

    path: str
    before: PastStep | None
    after: PastStep | None

    @property
    def ratio(self) -> float | None:
        """How many times as long it took, where it is worth telling: what holds others waits."""
        if self.before is None or self.after is None or self.after.kind not in SINGLE:
            return None
        old, new = self.before.duration, self.after.duration
        if old is None or new is None or max(old, new) < _LONG or min(old, new) <= 0:
            return None
        ratio = new / old
        return ratio if ratio >= _TWICE or ratio <= 1 / _TWICE else None

    @property
    def is_same(self) -> bool:
        """Whether there is nothing to tell."""
        if self.before is None or self.after is None:
            return False
        old, new = self.before, self.after
        is_alike = (old.status, old.attempts, dict(old.how), old.mark) == (
            new.status,
            new.attempts,
            dict(new.how),
            new.mark,
        )
        return is_alike and old.error == new.error and self.ratio is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What of the second run is not as in the first."""

    before: Overview
    after: Overview
    initial: Sequence[StoreChange]
    plan: Difference
    steps: Sequence[Pair]
    store: Sequence[StoreChange]


def compare(before: Overview, after: Overview) -> Comparison:
    """Compare two runs."""
    first = [
        [change.after for change in past.first if change.after is not None]
        for past in (before, after)
    ]
    return Comparison(
        before=before,
        after=after,
        initial=differences(*first),
        plan=difference(_structure(before), _structure(after)),
        steps=[pair for pair in _pairs(before.steps, after.steps) if not pair.is_same],
        store=differences(before.store, after.store),
    )


def _structure(past: Overview) -> Structure:
    try:
        return Structure.from_data(json.loads(past.plan_json or '{"structure": []}'))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DatabaseError(
            f"the plan of run {past.row.run_id!r} cannot be read: {error!r}",
            hint="the database was changed by something else, or is damaged",
        ) from error


def _pairs(before: Sequence[PastStep], after: Sequence[PastStep]) -> Iterator[Pair]:
    """The steps of both, in the order of the second; what it lacks comes last."""
    old, new = ({step.path: step for step in steps} for steps in (before, after))
    for path in {**new, **old}:
        yield Pair(path=path, before=old.get(path), after=new.get(path))


# -------------------------------------------------------------------- lines


def comparison_lines(found: Comparison, detail: Detail) -> Iterator[Line]:
    """What is different, for people."""
    yield from _heads(found)
    yield from _changes("initial values", found.initial, detail)
    if found.plan:
        yield from _title("plan")
        for line in found.plan.lines:
            yield (Span(f"  {line}", _MARKS.get(line[:1], "quiet")),)
    if found.steps:
        yield from _title("steps")
        width = min(max(len(printable(pair.path)) for pair in found.steps), 60)
        for pair in found.steps:
            yield _pair(pair, width)
    yield from _changes("store", found.store, detail)
    if not (found.initial or found.plan or found.steps or found.store):
        yield ()
        yield (Span("the same values, plan, steps and store"),)


def _heads(found: Comparison) -> Iterator[Line]:
    sides = (found.before, found.after)
    rows = {
        "run": [short_id(each.row.run_id) for each in sides],
        "workflow": [each.row.workflow for each in sides],
        "status": [each.status for each in sides],
        "begun": [clock_text(each.row.created, each.now) for each in sides],
        "took": [seconds(each.duration) for each in sides],
    }
    width = max(len(printable(left)) for left, _ in rows.values())
    for name, (left, right) in rows.items():
        styles = [
            STYLES.get(each, "notable") if name == "status" else "plain" for each in (left, right)
        ]
        yield (
            Span(f"{name:<10}", "quiet"),
            Span(f"{printable(left):<{width}}  ", styles[0]),
            Span(printable(right), styles[1]),
        )


def _changes(title: str, changes: Sequence[StoreChange], detail: Detail) -> Iterator[Line]:
    if changes:
        yield from _title(title)
        yield from change_lines(changes, detail, 0)


def _title(text: str) -> Iterator[Line]:
    yield ()
    yield (Span(text, "strong"),)


def _pair(pair: Pair, width: int) -> Line:
    mark = "-" if pair.after is None else "+" if pair.before is None else "~"
    told = "  ".join(_told(pair))
    name = printable(pair.path)
    return (Span(f"  {mark} ", _MARKS[mark]), Span(f"{name:<{width}}  "), Span(told, "quiet"))


def _told(pair: Pair) -> Iterator[str]:
    old, new = pair.before, pair.after
    if old is None or new is None:
        step = old or new
        yield step.status if step is not None else ""
        return
    yield old.status if old.status == new.status else f"{old.status} → {new.status}"
    if old.attempts != new.attempts:
        yield f"{old.attempts} → {new.attempts} attempts"
    times = sum(old.how.values()), sum(new.how.values())
    if times[0] != times[1]:
        yield f"{times[0]} → {times[1]} times"
    if pair.ratio is not None and old.duration is not None and new.duration is not None:
        how = f"{pair.ratio:.2g} times as long" if pair.ratio < 100 else "much longer"
        yield f"{seconds(old.duration)} → {seconds(new.duration)} ({how})"
    if new.error is not None and new.error != old.error:
        yield printable(f"{new.error.get('type')}: {new.error.get('message')}")


_MARKS: Final[dict[str, Any]] = {"+": "good", "-": "bad", "~": "notable"}  # Any: styles


# -------------------------------------------------------------------- data


def comparison_data(found: Comparison) -> Data:
    """What is different, as JSON-able data."""
    sides = (found.before, found.after)
    return {
        "runs": [
            {
                "run_id": each.row.run_id,
                "workflow": each.row.workflow,
                "status": each.status,
                "duration": each.duration,
            }
            for each in sides
        ],
        "initial": [change_data(each) for each in found.initial],
        "plan": {
            "added": list(found.plan.added),
            "removed": list(found.plan.removed),
            "moved": list(found.plan.moved),
            "changed": list(found.plan.changed),
        },
        "steps": [_pair_data(each) for each in found.steps],
        "store": [change_data(each) for each in found.store],
    }


def _pair_data(pair: Pair) -> Data:
    return {"path": pair.path, "before": _side(pair.before), "after": _side(pair.after)}


def _side(step: PastStep | None) -> Data | None:
    if step is None:
        return None
    return {
        "status": step.status,
        "attempts": step.attempts,
        "times": dict(step.how),
        "duration": step.duration,
        "error": step.error,
    }
