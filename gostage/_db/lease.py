"""Who may go on with a run: the rule, from a row and a clock; it asks nobody itself."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from gostage._db.protocol import OWNED
from gostage.errors import RunOwned, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._db.protocol import Owner, RunRow

INTERRUPTED: Final = "interrupted"
"""The status of a run whose owner has died, or has not been heard of for too long."""


def is_over(row: RunRow, me: Owner, now: float, is_alive: Callable[[Owner], bool | None]) -> bool:
    """Whether a run may be taken: nobody holds it, or no longer, or its owner is certainly dead."""
    held = row.held
    if held is None or held.until <= now:
        return True
    return held.owner != me and is_alive(held.owner) is False


def status_of(row: RunRow, me: Owner, now: float, is_alive: Callable[[Owner], bool | None]) -> str:
    """The status to show: a run that is stored as running may have lost its owner."""
    if row.status == OWNED and is_over(row, me, now, is_alive):
        return INTERRUPTED
    return row.status


def owned_error(row: RunRow) -> RunOwned:
    """Say who has a run."""
    if row.held is None:
        return lost_error(row.run_id)
    owner = row.held.owner
    ends = datetime.fromtimestamp(row.held.until, tz=timezone.utc).astimezone()
    return RunOwned(
        f"run {row.run_id!r} belongs to process {owner.pid} on host {owner.host!r}",
        hint="wait for it, or ask it to stop: gostage cancel; if that process is dead on another"
        f" host, the run is free at {ends:%H:%M:%S}",
        where=Where(run=row.run_id),
    )


def lost_error(run_id: str) -> RunOwned:
    """Say that a run was taken away from its owner, and that nobody has it now."""
    return RunOwned(
        f"run {run_id!r} was taken away from this process, and nothing more is written for it",
        hint="another process went on with it, or deleted it; look with: gostage runs",
        where=Where(run=run_id),
    )
