"""Rows of a database as a runner shows them; what is computed of them is decided here."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING, Any

from gostage._app.runs import RunInfo
from gostage._db.lease import INTERRUPTED, status_of
from gostage._db.owner import is_alive, this_process
from gostage._db.protocol import OWNED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._db.protocol import Database, Listing, RunRow


def status_now(row: RunRow) -> Any:  # noqa: ANN401 - one of the words of `Status`
    """The status of a run, as it is known here and now."""
    return status_of(row, this_process(), time.time(), is_alive)


def info_of(row: RunRow) -> RunInfo:
    """One run as listings show it."""
    held = row.held
    return RunInfo(
        row.run_id,
        row.workflow,
        status_now(row),
        row.tags,
        datetime.fromtimestamp(row.created, timezone.utc),
        datetime.fromtimestamp(row.updated, timezone.utc),
        None if held is None else f"process {held.owner.pid} on {held.owner.host}",
    )


def listed(database: Database, listing: Listing) -> list[RunRow]:
    """The runs that fit, newest first; whether a run was interrupted is only known here."""
    wanted = frozenset(listing.statuses)
    is_split = bool(wanted) and (OWNED in wanted) != (INTERRUPTED in wanted)
    kept = tuple((wanted - {INTERRUPTED}) | ({OWNED} if INTERRUPTED in wanted else set()))
    fitting = replace(listing, statuses=kept)
    if not is_split:
        return list(database.runs(fitting))
    return list(islice(_fitting(database, fitting, wanted), listing.limit))


def _fitting(database: Database, listing: Listing, wanted: frozenset[str]) -> Iterator[RunRow]:
    while True:
        rows = database.runs(listing)
        yield from (row for row in rows if status_now(row) in wanted)
        if listing.limit is None or len(rows) < listing.limit:
            return
        listing = replace(listing, after=rows[-1].run_id)
