"""Differences: how a plan is not what it was, and what a run can still do; it reads no database."""

from __future__ import annotations

import shlex
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from gostage._plugins.notes import add_note
from gostage._run.structure import Row, Structure, shown
from gostage.errors import RunBlocked, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MOST_LINES: Final = 40  # of changes, where they are shown one by one
_MOST_NAMES: Final = 4  # of changes, in one sentence


@dataclass(frozen=True, slots=True)
class Difference:
    """How a plan differs from an older one, by the paths of steps; false if it does not."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    """Those that stand elsewhere in the order."""
    changed: tuple[str, ...] = ()
    """Those that are of another kind, in another arm, or done in another way."""
    lines: tuple[str, ...] = ()
    """For people: the new plan with marks, and unchanged steps folded."""
    old: Structure = field(default=Structure(()), repr=False, compare=False)
    new: Structure = field(default=Structure(()), repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.moved or self.changed)

    def fits(self, place: str) -> bool:
        """Whether a run that stands there can go on: the step and all around it are the same.

        Steps that a run has inserted are in neither plan; for them, what they stand in counts.
        """
        return set(_around(place)).isdisjoint((*self.removed, *self.changed))

    def nearest(self, place: str) -> str | None:
        """The last step, up to a place, from which a run could start over in the new plan."""
        paths = [row.path for row in self.old.rows]
        known = next((each for each in _around(place) if each in set(paths)), None)
        before = [] if known is None else paths[: paths.index(known) + 1]
        holders = {each.rpartition("/")[0] for each in paths}
        steps = {row.path for row in self.new.rows} - holders
        lost = {*self.removed, *self.changed}
        return next(
            (e for e in reversed(before) if e in steps and lost.isdisjoint(_around(e))), None
        )


def difference(old: Structure, new: Structure) -> Difference:
    """Compare two plans; the effort grows with their length, not with its square."""
    if old == new:
        return Difference(old=old, new=new)
    before = {row.path: number for number, row in enumerate(old.rows)}
    after = {row.path for row in new.rows}
    both = [row for row in new.rows if row.path in before]
    kept = _in_order(both, [before[row.path] for row in both])
    changed = {row.path: old.rows[before[row.path]] for row in both}
    changed = {row.path: changed[row.path] for row in both if changed[row.path] != row}
    return Difference(
        added=tuple(row.path for row in new.rows if row.path not in before),
        removed=tuple(row.path for row in old.rows if row.path not in after),
        moved=tuple(row.path for row in both if row.path not in kept),
        changed=tuple(changed),
        lines=tuple(_lines(list(_merged(old, new, kept, changed)))),
        old=old,
        new=new,
    )


def blocked_error(
    run_id: str, workflow_id: str, found: Difference, at: Iterable[str]
) -> RunBlocked:
    """Say what is not as it was, and how to go on; `at` is where the run stands."""
    places = list(dict.fromkeys(shown(each) for each in at))
    lost = next((place for place in places if not found.fits(place)), None)
    run = shlex.quote(run_id)
    step = next((each for each in map(found.nearest, [lost] if lost else places) if each), None)
    ways = ["put the plan back"]
    if lost is None:
        ways.append(f"go on with the new one: `gostage resume {run} --accept-changes`")
    if step is not None:
        ways.append(f"start over from a step: `gostage fork {run} --from {shlex.quote(step)}`")
    place = "" if lost is None else f"it stands at {lost!r}, which is not there as it was: "
    error = RunBlocked(
        f"run {run_id!r} is blocked: the plan of workflow {workflow_id!r} has changed: "
        f"{sentence(found)}",
        hint=place + "; or ".join(ways),
        where=Where(run=run_id),
    )
    add_note(error, "\n".join(("the plan as it is now:", *found.lines)))
    return error


def sentence(found: Difference) -> str:
    """Say what is not as it was, in one sentence."""
    said = [f"{path!r} is gone" for path in found.removed]
    said += [f"{path!r} is new" for path in found.added]
    said += [f"{path!r} has moved" for path in found.moved if path not in found.changed]
    said += [f"{path!r} is done in another way" for path in found.changed]
    more = len(said) - _MOST_NAMES
    return ", ".join([*said[:_MOST_NAMES], *([f"and {more} more"] if more > 0 else [])])


def _around(place: str) -> Iterator[str]:
    """The path of a step, and those of all it stands in, innermost first."""
    path = shown(place)
    while path:
        yield path
        path = path.rpartition("/")[0]


def _in_order(rows: Sequence[Row], numbers: Sequence[int]) -> set[str]:
    """The most rows whose numbers rise: those that stay in place if as few as possible move."""
    lowest: list[int] = []  # the lowest number at the end of a rising series of each length
    ends: list[int] = []  # where that number stands
    earlier: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(lowest, number)
        earlier.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [number]
        ends[length : length + 1] = [place]
    kept: set[str] = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        kept.add(rows[place].path)
        place = earlier[place]
    return kept


# -------------------------------------------------------------------- for people


class _Line(NamedTuple):
    """One step with its mark."""

    mark: str
    row: Row
    note: str = ""


def _merged(
    old: Structure, new: Structure, kept: set[str], changed: Mapping[str, Row]
) -> Iterator[_Line]:
    """Both plans in one order: what is gone stands where it was."""
    before, after = ({row.path for row in each.rows} for each in (old, new))
    place = 0
    for row in new.rows:
        while place < len(old.rows) and old.rows[place].path not in kept:
            if old.rows[place].path not in after:
                yield _Line("-", old.rows[place])
            place += 1
        notes = [f"was {changed[row.path].what}"] if row.path in changed else []
        if row.path in kept:
            place += 1
        elif row.path in before:
            notes.insert(0, "moved")
        else:
            yield _Line("+", row)
            continue
        yield _Line("~" if notes else " ", row, ", ".join(notes))
    yield from (_Line("-", row) for row in old.rows[place:] if row.path not in after)


def _lines(merged: Sequence[_Line]) -> Iterator[str]:
    """Show what has changed, with what it stands in and beside, and fold the rest."""
    depths = _depths(merged)
    changes = [number for number, line in enumerate(merged) if line.mark != " "]
    seen = set(_context(changes[:_MOST_LINES], depths))
    end = changes[_MOST_LINES - 1] + 1 if len(changes) > _MOST_LINES else len(merged)
    number = 0
    while number < end:
        start = number
        while number < end and number not in seen:
            number += 1
        if number - start > 1:
            indent = "  " * min(depths[start:number])
            yield f"  {indent}… {number - start} steps unchanged"
        elif number > start:
            yield _shown(merged[start], depths[start])
        if number < end:
            yield _shown(merged[number], depths[number])
            number += 1
    if end < len(merged):
        yield f"  … {len(changes) - _MOST_LINES} more changes"


def _shown(line: _Line, depth: int) -> str:
    name = line.row.path.split("/", depth)[-1]
    note = f", {line.note}" if line.note else ""
    return f"{line.mark} {'  ' * depth}{name}  {line.row.what}{note}"


def _depths(merged: Sequence[_Line]) -> list[int]:
    """How deep each step stands: how many of those before it hold it."""
    depths, holders = [], list[str]()
    for line in merged:
        while holders and not line.row.path.startswith(f"{holders[-1]}/"):
            holders.pop()
        depths.append(len(holders))
        holders.append(line.row.path)
    return depths


def _context(changes: Sequence[int], depths: Sequence[int]) -> Iterator[int]:
    """The changed steps, their neighbours, and all they stand in."""
    for number in changes:
        yield from range(max(number - 1, 0), min(number + 2, len(depths)))
    wanted, marked = -1, set(changes)
    for number in range(max(changes, default=-1), -1, -1):
        if number in marked or depths[number] <= wanted:
            yield number
            wanted = depths[number] - 1  # the nearest line before it of that depth holds it
