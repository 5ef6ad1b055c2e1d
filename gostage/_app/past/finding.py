"""Finding a run by what a person types: its id, the beginning of it, or `last`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._db.protocol import Listing
from gostage.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage._db.protocol import Database, RunRow

LAST: Final = "last"
"""What stands for the newest run."""
LEAST: Final = 4
"""How many characters of an id are enough."""
_SHORT: Final = 8
_LONG: Final = 32  # what an id has that nobody chose
_KNOWN: Final = 500  # ids that a mistyped one is compared with, the newest


def find_run(database: Database, text: str) -> RunRow:
    """Find the run that is meant; it is an error if none is, or several are."""
    row = database.find(text)
    if row is not None:
        return row
    if text == LAST:
        return _newest(database)
    found = database.ids(text, 4) if len(text) >= LEAST else ()
    if len(found) > 1:
        raise _ambiguous(text, found)
    row = database.find(found[0]) if found else None
    if row is None:
        raise _unknown(database, text)
    return row


def short_id(run_id: str) -> str:
    """An id as listings show it: one that nobody chose is long, and its beginning will do."""
    is_made = len(run_id) == _LONG and set(run_id) <= set("0123456789abcdef")
    return run_id[:_SHORT] if is_made else run_id


def _newest(database: Database) -> RunRow:
    rows = database.runs(Listing(limit=1))
    if not rows:
        raise NotFound("there is no last run", hint="`gostage run` begins one")
    return rows[0]


def _ambiguous(text: str, found: Iterable[str]) -> NotFound:
    first, *others = found
    several = ", ".join(repr(each) for each in (first, *others[:2]))
    return NotFound(
        f"several runs begin with {text!r}: {several}{', …' if len(others) > 2 else ''}",
        hint="write more of the id",
    )


def _unknown(database: Database, text: str) -> NotFound:
    if 0 < len(text) < LEAST and database.ids(text, 1):
        return NotFound(
            f"no run {text!r}", hint=f"write at least {LEAST} characters of the beginning of an id"
        )
    known = {*database.ids("", _KNOWN), *database.ids(text[:LEAST], _KNOWN)}
    close = did_you_mean(text, [LAST, *known, *map(short_id, known)])
    return NotFound(f"no run {text!r}", hint=close or "`gostage runs` lists them")
