"""Saved texts of a run as values; nothing in them is trusted, and what does not read is named."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from gostage._run.events import Event
from gostage.errors import DatabaseError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gostage._db.protocol import Database, LogRow, RunRow
    from gostage._run.events import Kind

    # Any: JSON of any shape, here and wherever these aliases stand.
    Json = Any
    Data = Mapping[str, Any]

EDITS: Final = -1
"""The branch under which changes of the plan are saved, as the journal has it."""
ENDED: Final = -2
"""The branch of what the store got while a failed run unwound; it goes when the run goes on."""
_NAMELESS: Final = 1 << 96
"""From here on numbers are those of branches that nothing is saved of."""
_PAGE: Final = 2000
"""How many commits are held at once."""


class Happening(NamedTuple):
    """One event as it is saved."""

    kind: str
    at: float
    path: str
    data: Data


class Change(NamedTuple):
    """What became of one key of one branch's store; `None` where it is gone.

    Of a branch that is no store's, the entry is whatever was saved there.
    """

    branch: int
    key: str
    entry: Json


class Saved(NamedTuple):
    """One commit."""

    seq: int
    at: float
    happenings: list[Happening]
    changes: list[Change]
    position_json: str | None


class Outcome(NamedTuple):
    """How a run left its last owner; an error is a record, as `encode_error` makes it."""

    duration: float | None = None
    error: Data | None = None
    text: str = ""
    hint: str = ""
    where: Where = Where()
    bail_reason: str | None = None
    reason: str | None = None
    """Why it is suspended, if it is."""
    data: Data = MappingProxyType({})


def saved_of(
    database: Database, run_id: str, after: int = 0, until: int | None = None
) -> Iterator[Saved]:
    """Read the commits of a run, oldest first and a page at a time."""
    while True:
        rows = database.log(run_id, after, until, _PAGE)
        yield from read(rows, run_id)
        if len(rows) < _PAGE:
            return
        after = rows[-1].seq


def read(rows: Iterable[LogRow], run_id: str) -> Iterator[Saved]:
    """Read commits."""
    for row in rows:
        try:
            happenings = [_happening(each) for each in _parsed(row.events_json)]
            changes = [_change(each) for each in _parsed(row.changes_json)]
        except (ValueError, TypeError, RecursionError) as error:
            raise damaged(run_id, f"commit {row.seq}", error) from error
        yield Saved(row.seq, row.at, happenings, changes, row.position_json)


def events_of(run_id: str, rows: Iterable[LogRow]) -> Iterator[Event]:
    """Read the events of commits."""
    happened = chain.from_iterable(saved.happenings for saved in read(rows, run_id))
    return (event_of(run_id, each) for each in happened)


def event_of(run_id: str, happening: Happening) -> Event:
    """Make the event as listeners were told it."""
    # A newer version may know more kinds; a reader leaves alone what it does not know.
    kind = cast("Kind", happening.kind)
    return Event(kind, moment(happening.at), run_id, happening.path, happening.data)


def position_of(run_id: str, saved: Saved) -> Data:
    """Read where the run stood after a commit; empty if that commit left it where it stood."""
    if saved.position_json is None:
        return {}
    return table(saved.position_json, run_id, f"the position in commit {saved.seq}")


def branches_of(position: Data) -> dict[int, Data]:
    """The branches of a position, by number; what does not read as one is left out.

    Those that a child looks after are among them, under the numbers that the run knows them by,
    each with the number of its `parent`. The first of a child is the one that waits for it.
    """
    found: dict[int, Data] = {}
    for key, each in _own_branches(position).items():
        found[key] = each
        for frame in _tables(each.get("frames")).values():
            part = frame.get("part")
            if isinstance(part, dict) and isinstance(part.get("position"), dict):
                found.update(_of_child(key, each, part))
    return found


def _own_branches(position: Data) -> dict[int, Data]:
    return {
        int(key): each
        for key, each in _tables(position.get("branches")).items()
        if key.isdecimal() and isinstance(each.get("at"), str)
    }


def _of_child(key: int, outer: Data, part: Data) -> Iterator[tuple[int, Data]]:
    told = part.get("numbers")
    numbers: Data = told if isinstance(told, dict) else {}

    def known(local: int) -> int:
        number = numbers.get(str(local)) if local else key
        # One that has written nothing has no number; it only has to be like no other.
        return number if isinstance(number, int) else _NAMELESS + (key << 32) + local

    for local, inner in branches_of(part["position"]).items():
        parent = inner.get("parent", 0)
        if local:
            yield known(local), {**inner, "parent": known(parent if isinstance(parent, int) else 0)}
        else:
            around = {name: outer[name] for name in ("parent", "index") if name in outer}
            frames = {**_tables(outer.get("frames")), **_tables(inner.get("frames"))}
            yield key, {**inner, **around, "frames": frames}


def _tables(value: Json) -> dict[str, Data]:
    """What is a table, of what is to be a table of tables."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {name: each for name, each in pairs if isinstance(each, dict)}


def outcome_of(row: RunRow) -> Outcome:
    """Read how a run left its last owner."""
    if row.outcome_json is None:
        return Outcome()
    told = table(row.outcome_json, row.run_id, "its outcome")
    where, suspended = told.get("where"), told.get("suspended")
    suspended = suspended if isinstance(suspended, dict) else {}
    error, data = told.get("error"), suspended.get("data")
    return Outcome(
        duration=_if(told.get("duration"), (int, float)),
        error=error if isinstance(error, dict) else None,
        text=str(told.get("text") or ""),
        hint=str(told.get("hint") or ""),
        where=_where(where if isinstance(where, dict) else {}, row.run_id),
        bail_reason=_if(told.get("bail_reason"), str),
        reason=_if(suspended.get("reason"), str),
        data=data if isinstance(data, dict) else {},
    )


def table(text: str | None, run_id: str, what: str) -> Data:
    """Read a text that holds a mapping; no text is an empty one."""
    try:
        return _table(text or "{}")
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged(run_id, what, error) from error


def damaged(run_id: str, what: str, error: Exception) -> DatabaseError:
    """Make the error for what does not read."""
    return DatabaseError(
        f"{what} of run {run_id!r} cannot be read: {error}",
        hint="the database was changed by something else, or is damaged; look into a backup",
        where=Where(run=run_id),
    )


def moment(seconds: float) -> datetime:
    """Turn seconds since the epoch into a time."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def _table(text: str) -> dict[str, Any]:  # Any: JSON
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError(f"a mapping was expected, not {type(found).__name__}")
    return found


def _parsed(text: str) -> list[Any]:  # Any: JSON
    if text == "[]":  # by far the commonest
        return []
    found = json.loads(text)
    if not isinstance(found, list):
        raise TypeError(f"a list was expected, not {type(found).__name__}")
    return found


def _happening(each: Json) -> Happening:
    kind, at, path, data = each
    if not (
        isinstance(kind, str)
        and isinstance(at, (int, float))
        and isinstance(path, str)
        and isinstance(data, dict)
    ):
        raise TypeError("an event is a list of kind, time, path and data")
    return Happening(kind, at, path, data)


def _change(each: Json) -> Change:
    branch, key, entry = each
    if isinstance(branch, int) and isinstance(key, str):
        if entry is None or branch == EDITS:
            return Change(branch, key, entry)
        if isinstance(entry, dict) and ("value" in entry or "gone" in entry):
            return Change(branch, key, None if "gone" in entry else entry)
    raise TypeError("a change is a list of branch, key and entry")


def _where(told: Data, run_id: str) -> Where:
    texts = {name: _if(told.get(name), str) for name in ("stage", "action", "file")}
    return Where(run=run_id, line=_if(told.get("line"), int), **texts)


def _if(value: Json, kind: type | tuple[type, ...]) -> Json:
    return value if isinstance(value, kind) else None
