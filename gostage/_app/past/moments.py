"""Moments of a run that can be looked at again: after a step, or after a commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gostage._app.past.planned import Plan, shown
from gostage._app.past.saved import branches_of, position_of, saved_of
from gostage._app.past.stores import Stores, line_of_descent
from gostage.errors import NotFound, Where, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gostage._app.past.saved import Data, Saved
    from gostage._app.past.stores import Entry
    from gostage._db.protocol import Database, RunRow


@dataclass(frozen=True, slots=True)
class Moment:
    """A run as it was right after a commit."""

    seq: int
    at: float
    store: Sequence[Entry]
    path: str | None = None
    """The step that had ended, if the moment was given by one."""
    item: int | None = None


def moment_of(database: Database, row: RunRow, text: str) -> Moment:
    """Look at a run as it was: after a step (`a/b`, `a/b[3]` for an item), or a commit (`12`).

    A step that ran several times is meant as it ended last. What it wrote in a branch of its own
    is seen, what branches beside it wrote is not.
    """
    found = _find(database, row, text)
    if found is None:
        raise _unknown(database, row, text)
    seq, path, item = found
    stores = Stores(row.run_id)
    position: Data = {}
    at, branch = row.created, 0
    for saved in saved_of(database, row.run_id, until=seq):
        if saved.seq == seq:
            branch = 0 if path is None else _branch_of(position, saved, path, item)
        stores.take(saved)
        position = position_of(row.run_id, saved) or position
        at = saved.at
    lines = line_of_descent(position, branch) or ([branch] if branch else [])
    return Moment(seq, at, stores.now(at, lines), path, item)


def _find(database: Database, row: RunRow, text: str) -> tuple[int, str | None, int | None] | None:
    """The commit that is meant, and the step."""
    inside = re.fullmatch(r"(.+)\[(\d+)\]", text)
    last = None
    for saved in saved_of(database, row.run_id):
        for each in saved.happenings:
            if each.kind != "step_ended":
                continue
            item = each.data.get("item")
            if each.path == text:
                last = saved.seq, text, item if isinstance(item, int) else None
            elif inside is not None and each.path == inside[1] and item == int(inside[2]):
                last = saved.seq, each.path, int(inside[2])
    if last is None and text.isdecimal() and 1 <= int(text) <= row.seq:
        return int(text), None, None
    return last


def _branch_of(before: Data, saved: Saved, path: str, item: int | None) -> int:
    """The branch that a step ran in, by where the branches stood before it ended."""
    for key, branch in branches_of(before).items():
        is_there = _is_at(branch, path)
        if key > 0 and is_there and (item is None or branch.get("index") == item):
            return key
    own = {change.branch for change in saved.changes if change.branch > 0}
    return own.pop() if len(own) == 1 else 0


def _is_at(branch: Data, path: str) -> bool:
    """Whether a branch stands at a step, or before a child that has yet to say that it does."""
    at = shown(str(branch["at"]))
    return at == path or (branch.get("do") == "start" and path.startswith(f"{at}/"))


def _unknown(database: Database, row: RunRow, text: str) -> NotFound:
    where = Where(run=row.run_id)
    if text.isdecimal():
        return NotFound(
            f"run {row.run_id!r} has no commit {text}",
            hint=f"it has {row.seq}, from 1; `gostage tail -v` shows them",
            where=where,
        )
    plan = Plan(database.plan(row.plan), row.run_id)
    known = {each.path for each in plan.items()}
    ended = set()
    for saved in saved_of(database, row.run_id):
        ended |= {each.path for each in saved.happenings if each.kind == "step_ended"}
    if text in known:
        return NotFound(
            f"step {text!r} of run {row.run_id!r} has not ended",
            hint="`gostage show` says how it stands",
            where=where,
        )
    close = did_you_mean(text, known | ended) or "`gostage show` lists its steps"
    return NotFound(f"run {row.run_id!r} has no step {text!r}", hint=close, where=where)
