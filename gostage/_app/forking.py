"""Forking: a new run that stands where another one stood before a step; the other one stays."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from gostage._app.past.saved import branches_of
from gostage._db.protocol import Commit, NewRun
from gostage._run.text import from_text, to_text
from gostage.errors import DatabaseError, NotFound, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gostage._app.past.saved import Data
    from gostage._db.protocol import Database, Item, Plan, RunRow, Stored

    # Any: JSON-able data.
    Json = Any


_LEAVES: Final = ("action", "wait", "sleep", "receive", "spawn")
"""The kinds of steps that do something themselves; one commit has one of them at most."""


def before(database: Database, row: RunRow, step: str) -> tuple[int, str]:
    """The last commit before the step began, and the position then.

    A step that has not begun may still be the next one.
    """
    begun: tuple[int, str] | None = None
    ahead: tuple[int, str] | None = None
    last: tuple[int, str] | None = None
    was_inside = False
    reached: dict[str, None] = {}
    for each in database.log(row.run_id):
        started = _started(each.events_json)
        reached.update(dict.fromkeys(started))
        before_it, position = last, each.position_json
        if position is not None:
            last = each.seq, position
        if step in started:
            begun = last if started[step] else before_it
        if position is None:
            continue
        places = list(_places(position))
        if each.seq == 1 and places == [""]:  # it has not begun
            places += _first(database, row)
        is_inside = any(_is_at(place, step) for place in places)
        if step in places or (is_inside and not was_inside):
            ahead = last
        was_inside = is_inside
        reached.update(dict.fromkeys(place.partition("//")[0] for place in places))
    found = begun or ahead
    if found is None:
        raise _never_there(row, step, [path for path in reached if path])
    return found


def _started(events_json: str) -> dict[str, bool]:
    """The steps that began in a commit, and whether what was done in it was done before that.

    A step that is only tried once more does not begin.
    """
    found: dict[str, bool] = {}
    has_worked = False
    for kind, _, path, data in from_text(events_json):
        if kind == "step_ended" and data.get("kind") in _LEAVES:
            has_worked = True
        elif kind == "step_started" and data.get("attempt", 1) == 1:
            found[path] = has_worked
    return found


def _places(position_json: str) -> Iterator[str]:
    position = from_text(position_json)
    for branch in (*position["branches"].values(), *branches_of(position).values()):
        yield branch["at"]


def _first(database: Database, row: RunRow) -> list[str]:
    """The step a run begins with, and those it stands in."""
    paths = [path for path, _ in from_text(database.plan(row.plan) or "{}").get("structure", [])]
    count = next(
        (i for i in range(1, len(paths)) if not paths[i].startswith(f"{paths[i - 1]}/")), len(paths)
    )
    return paths[:count]


def _is_at(place: str, step: str) -> bool:
    return place == step or place.startswith((f"{step}/", f"{step}//"))


def _never_there(row: RunRow, step: str, reached: Sequence[str]) -> NotFound:
    known = ", ".join(repr(each) for each in reached[-5:])
    return NotFound(
        f"run {row.run_id!r} was never about to begin step {step!r}",
        hint=did_you_mean(step, reached) or f"the last it came to: {known}",
    )


def first_commit(database: Database, row: RunRow, place: Stored, step: str, now: float) -> Commit:
    """All that was there at a commit, as the first commit of another run."""
    seq, position_json = place.seq, place.position_json
    entries: dict[tuple[int, str], Json] = {}
    for each in database.log(row.run_id, until=seq):
        for branch, key, entry in from_text(each.changes_json):
            if entry is None:
                entries.pop((branch, key), None)
            else:
                entries[branch, key] = entry
    position = from_text(position_json)
    branches = branches_of(position)
    items = [each for each in database.items(row.run_id, seq) if _is_open(branches, each)]
    _check_items(row, branches, items, _sizes(database, row), step)
    present = {*branches, *_of_children(position)}
    joined = {each.json for each in items if each.kind == "ended"}
    kept = {
        (branch, key): entry
        for (branch, key), entry in entries.items()
        if branch in {-1, 0} or branch in present or str(branch) in joined
    }
    event = ("run_forked", now, "", {"run": row.run_id, "step": step})
    return Commit(
        now,
        position_json,
        to_text([event]),
        to_text([(branch, key, entry) for (branch, key), entry in kept.items()]),
        list(kept),
        items=items,
    )


def _is_open(branches: Mapping[int, Data], item: Item) -> bool:
    branch = branches.get(item.branch)
    return branch is not None and item.step in branch.get("frames", {})


def _of_children(position: Json) -> Iterator[int]:
    """The branches that children have written in, also those that have ended there."""
    for branch in position["branches"].values():
        for frame in branch.get("frames", {}).values():
            if "part" in frame:
                yield from frame["part"]["numbers"].values()


def _check_items(
    row: RunRow,
    branches: Mapping[int, Data],
    items: Sequence[Item],
    sizes: Mapping[str, int],
    step: str,
) -> None:
    """Refuse to go back into a for-each or parallel that has ended or begun anew since."""
    known = Counter((each.branch, each.step, each.kind) for each in items)
    for key, branch in branches.items():
        for id_, frame in branch.get("frames", {}).items():
            if "next" in frame:
                is_lost = frame["next"] and not known[key, id_, "items"]
            else:
                going_on = sum(_is_of(each, key, id_) for each in branches.values())
                is_lost = "ended" in frame and going_on + known[key, id_, "ended"] < sizes[id_]
            if is_lost:
                place = id_.partition("//")[0]
                raise DatabaseError(
                    f"run {row.run_id!r} cannot be forked at {step!r}: that is inside {place!r}, "
                    "and what came of it is not kept once it has ended",
                    hint=f"fork it from {place!r}, or from a step before it",
                )


def _is_of(branch: Data, parent: int, step: str) -> bool:
    is_child = branch.get("parent") == parent
    return is_child and str(branch.get("root", "")).startswith(f"{step}/")


def _sizes(database: Database, row: RunRow) -> Counter[str]:
    """How many branches each parallel step has."""
    structure = from_text(database.plan(row.plan) or "{}").get("structure", [])
    return Counter(path.rpartition("/")[0] for path, kind in structure if kind == "branch")


def new_run(row: RunRow, plan: Plan, step: str, now: float) -> NewRun:
    """The new run, which nobody holds."""
    about = from_text(row.json)
    about["parent"] = {"run": row.run_id, "step": step}
    return NewRun(
        uuid.uuid4().hex,
        row.workflow,
        row.tags,
        now,
        plan,
        to_text(about),
    )
