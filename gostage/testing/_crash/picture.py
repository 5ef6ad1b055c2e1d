"""Pictures: what can be seen of a run that is over, as values that two processes can compare."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from gostage.testing._crash.bench import RUN
from gostage.testing._crash.fuse import is_call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gostage import Result, Store
    from gostage._db.protocol import Database

LONGEST: Final = 200
"""How many characters of a value are shown."""
ABSENT: Final = "(no such key)"


@dataclass(frozen=True, slots=True)
class Slot:
    """What a store holds under one key: all of it as text, and what may be shown."""

    data: str
    shown: str


@dataclass(frozen=True, slots=True)
class End:
    """One step that was called, as the history tells it."""

    seq: int
    path: str
    item: int | None
    status: str


@dataclass(frozen=True, slots=True)
class Picture:
    """How a run has ended; times are no part of it."""

    status: str
    error: str
    bail_reason: str | None
    store: Mapping[str, Slot]
    stored: Mapping[str, Slot]
    """What the database holds, read again by somebody else."""
    ends: tuple[End, ...] = field(compare=False)
    modules: tuple[str, ...] = field(compare=False)
    """What its last process had imported in the end."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as it is without a crash."""

    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what}: {self.found}, and undisturbed {self.expected}"


def picture_of(result: Result, again: Result | None, database: Database) -> Picture:
    """Take the picture of a run from its result, from that of another runner and its history."""
    error = result.error
    return Picture(
        result.status,
        "" if error is None else f"{type(error).__name__}: {error}",
        result.bail_reason,
        slots_of(result.store),
        {} if again is None else slots_of(again.store),
        tuple(_ends(database)),
        tuple(sys.modules),
    )


def slots_of(store: Store) -> dict[str, Slot]:
    """What a store holds, in order."""
    slots = {}
    for entry in store.export()["entries"]:
        key = entry["key"]
        kept = {name: entry.get(name) for name in ("value", "tags", "props", "description")}
        kept["expires"] = "expires" in entry
        is_secret = "sensitive" in entry.get("tags", ())
        shown = "***" if is_secret else _short(repr(store[key]))
        slots[key] = Slot(json.dumps(kept, sort_keys=True), shown)
    return slots


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _ends(database: Database) -> Iterator[End]:
    for row in database.log(RUN):
        for kind, _, path, data in json.loads(row.events_json):
            if is_call(kind, data):
                yield End(row.seq, path, data.get("item"), data["status"])


def finished(picture: Picture) -> Counter[tuple[str, int | None]]:
    """How often each step, of each item, was finished."""
    return Counter((end.path, end.item) for end in picture.ends if end.status == "completed")


def differences(expected: Picture, found: Picture) -> Iterator[Difference]:
    """Say all that differs: how it ended, what it left, and which steps it has finished."""
    yield from _ending(expected, found)
    yield from _between("store", expected.store, found.store)
    yield from _between("database", expected.store, found.stored)
    once, now = finished(expected), finished(found)
    for step in dict.fromkeys((*once, *now)):
        if once[step] != now[step]:
            path, item = step
            which = "" if item is None else f" of item {item}"
            what = f"how often step {path!r}{which} was finished"
            yield Difference(what, str(once[step]), str(now[step]))


def unstable(pictures: Sequence[Picture]) -> list[str]:
    """Name what differs between pictures of runs that nobody has disturbed."""
    first, *others = pictures
    found: list[str] = []
    for other in others:
        found += [each.what for each in differences(first, replace(other, stored=first.store))]
        found += [each.what for each in _between("database", first.store, other.store)]
    return list(dict.fromkeys(found))


def _ending(expected: Picture, found: Picture) -> Iterator[Difference]:
    for name in ("status", "error", "bail_reason"):
        one, other = getattr(expected, name), getattr(found, name)
        if one != other:
            yield Difference(name.replace("_", " "), str(one or "none"), str(other or "none"))


def _between(
    name: str, expected: Mapping[str, Slot], found: Mapping[str, Slot]
) -> Iterator[Difference]:
    for key in dict.fromkeys((*expected, *found)):
        one, other = expected.get(key), found.get(key)
        if one == other:
            continue
        shown = [ABSENT if slot is None else slot.shown for slot in (one, other)]
        if one is not None and other is not None and shown[0] == shown[1]:
            shown = [_inside(slot) for slot in (one, other)]
        yield Difference(f"{name}[{key!r}]", *shown)


def _inside(slot: Slot) -> str:
    """What tells two values apart that look the same: type, tags, properties, a time to live."""
    if slot.shown == "***":
        return "another *** (or other tags)"
    # Any: JSON-able data.
    kept: dict[str, Any] = json.loads(slot.data)
    return _short(json.dumps({name: each for name, each in kept.items() if each}))
