"""Stores of the past: what was in them after each commit, as saved entries; nothing is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gostage._app.past.saved import EDITS, ENDED, branches_of, position_of, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gostage._app.past.saved import Change, Data, Happening, Saved
    from gostage._db.protocol import LogRow

    # Any: an entry as it stands in an exported store.
    Entry = Mapping[str, Any]


class StoreChange(NamedTuple):
    """What became of one key; `None` stands for no entry."""

    key: str
    before: Entry | None
    after: Entry | None

    @property
    def is_value(self) -> bool:
        """Whether the value itself is another one, and not only what is known about it."""
        if self.before is None or self.after is None:
            return True
        return bool(self.before["value"] != self.after["value"])


class Stores:
    """The stores of a run's branches, taken in commit by commit."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._own: dict[int, dict[str, Entry | None]] = {0: {}}

    def take(self, saved: Saved) -> list[StoreChange]:
        """Take in a commit; gives what it changed, but not what a join brings along unchanged."""
        changed = []
        self._own.pop(ENDED, None)
        for change in saved.changes:
            if change.branch == EDITS:
                continue
            before = self._look(change.branch, change.key)
            is_joined = change.branch == 0 and self._is_joined(change)
            self._put(change)
            if (before is not None or change.entry is not None) and not is_joined:
                changed.append(StoreChange(change.key, before, change.entry))
        if max(self._own) > 0 and any(map(_is_join, saved.happenings)):
            position = position_of(self._run_id, saved)
            if set(branches_of(position)) == {0}:  # all were joined, and numbers are used again
                self._own = {key: own for key, own in self._own.items() if key <= 0}
        return changed

    def now(self, at: float, branches: Iterable[int] = ()) -> list[Entry]:
        """What is in the run's store at a time, as seen from a branch: outermost first."""
        entries: dict[str, Entry | None] = dict(self._own[0])
        for branch in (*branches, ENDED):
            entries.update(self._own.get(branch, {}))
        there = [e for e in entries.values() if e is not None and not _is_over(e, at)]
        return sorted(there, key=_order)

    def _look(self, branch: int, key: str) -> Entry | None:
        own = self._own.get(branch, {})
        return own[key] if key in own else self._own[0].get(key)

    def _is_joined(self, change: Change) -> bool:
        """Whether a branch wrote the very same, so that it was told already."""
        return any(
            branch > 0 and change.key in own and _same(own[change.key], change.entry)
            for branch, own in self._own.items()
        )

    def _put(self, change: Change) -> None:
        own = self._own.setdefault(change.branch, {})
        if change.entry is None and change.branch == 0:
            own.pop(change.key, None)
        else:
            own[change.key] = change.entry


def store_at(rows: Iterable[LogRow], run_id: str, seq: int | None = None) -> list[Entry]:
    """What was in a run's store after a commit, or is after the last one."""
    stores = Stores(run_id)
    at = 0.0
    for saved in read(rows, run_id):
        if seq is not None and saved.seq > seq:
            break
        stores.take(saved)
        at = saved.at
    return stores.now(at)


def differences(before: Iterable[Entry], after: Iterable[Entry]) -> list[StoreChange]:
    """What is different in another store."""
    old, new = _by_key(before), _by_key(after)
    changes = [StoreChange(key, old.get(key), new.get(key)) for key in {**old, **new}]
    return [each for each in changes if each.is_value]


def line_of_descent(position: Data, branch: int) -> list[int]:
    """A branch and those it was forked from, the outermost first."""
    branches = branches_of(position)
    found: list[int] = []
    while branch > 0 and branch in branches and branch not in found:
        found.insert(0, branch)
        parent = branches[branch].get("parent", 0)
        branch = parent if isinstance(parent, int) else 0
    return found


def _is_join(happening: Happening) -> bool:
    is_end = happening.kind == "step_ended"
    return is_end and happening.data.get("kind") in ("parallel", "for_each")


def _by_key(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {str(entry.get("key")): entry for entry in entries}


def _same(one: Entry | None, other: Entry | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(one["value"] == other["value"])


def _is_over(entry: Entry, at: float) -> bool:
    expires = entry.get("expires")
    return isinstance(expires, (int, float)) and expires <= at


def _order(entry: Entry) -> float:
    order = entry.get("order")
    return order if isinstance(order, int) else 0
