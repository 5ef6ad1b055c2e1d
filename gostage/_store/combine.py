"""Bringing two tables together: merge, copy, collisions. Values are copied, never shared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gostage._store.copies import own_copy
from gostage._store.entry import Entry, Extra
from gostage.errors import MergeConflict, StoreError, did_you_mean

if TYPE_CHECKING:
    from gostage._store.table import Table

__all__ = ["Copied", "collisions", "copy_from", "merge"]

_STRATEGIES = ("error", "skip", "overwrite")


class Copied(NamedTuple):
    """How many entries a copy added, and how many it wrote over."""

    copied: int
    overwritten: int


def collisions(table: Table, other: Table) -> list[str]:
    """The keys that both hold, in the order of the first."""
    theirs = {key for key, _ in other.current()}
    return [key for key, _ in table.current() if key in theirs]


def merge(table: Table, other: Table, on_conflict: str) -> list[str]:
    """Take in another table's entries; the keys both of them hold."""
    if on_conflict not in _STRATEGIES:
        raise StoreError(
            f"unknown on_conflict {on_conflict!r}",
            hint=did_you_mean(str(on_conflict), _STRATEGIES)
            or "use 'error', 'skip' or 'overwrite'",
        )
    common = collisions(table, other)
    if common and on_conflict == "error":
        names = ", ".join(repr(key) for key in common)
        raise MergeConflict(
            f"both stores hold {names}",
            keys=common,
            hint="merge with on_conflict='skip' or 'overwrite'",
        )
    shift = _shift(table, other)
    for key, entry in list(other.current()):
        if key not in common:
            table.adopt(key, _copy(entry, shift))
        elif on_conflict == "overwrite":
            table.adopt(key, _united(table, key, _copy(entry, shift)))
    return common


def _united(table: Table, key: str, theirs: Entry) -> Entry:
    # Their value, time to live and properties; tags of both; nothing we know is lost.
    ours = table.require(key)
    mine, other = ours.extra or Extra(), theirs.extra or Extra()
    extra = replace(
        other,
        tags=tuple(dict.fromkeys((*mine.tags, *other.tags))),
        props=other.props or mine.props,
        description=other.description or mine.description,
    )
    return Entry(
        theirs.value,
        ours.order,
        ours.created,
        table.clock(),
        None if extra.is_empty() else extra,
    )


def copy_from(table: Table, other: Table, *, overwrite: bool) -> Copied:
    """Take in copies of another table's entries."""
    copied = overwritten = 0
    shift = _shift(table, other)
    for key, entry in list(other.current()):
        is_known = table.live(key) is not None
        if is_known and not overwrite:
            continue
        table.adopt(key, _copy(entry, shift))
        copied += not is_known
        overwritten += is_known
    return Copied(copied, overwritten)


def _shift(table: Table, other: Table) -> float:
    # Two clocks may tell different times; what remains of a time to live stays the same.
    return 0.0 if table.clock is other.clock else table.clock() - other.clock()


def _copy(entry: Entry, shift: float) -> Entry:
    extra = entry.extra
    if extra is not None:
        expires = None if extra.expires is None else extra.expires + shift
        extra = replace(extra, expires=expires, parts=None)
        extra = None if extra.is_empty() else extra
    return Entry(own_copy(entry.value), entry.order, entry.created, entry.updated, extra)
