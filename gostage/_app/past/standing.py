"""How a run stands: its status and what to say beside it, from its row alone."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

from gostage._app.past.saved import outcome_of
from gostage._db.lease import status_of
from gostage._db.owner import is_alive, this_process

if TYPE_CHECKING:
    from gostage._db.protocol import Owner, RunRow

_DAY: Final = 86_400


def standing(row: RunRow, now: float | None = None) -> str:
    """The status of a run: one that is stored as running may have lost its owner."""
    return status_of(row, this_process(), time.time() if now is None else now, is_alive)


def owner_text(owner: Owner) -> str:
    """A process as people name it, with its host if that is another one."""
    here = this_process().host
    return f"process {owner.pid}" + ("" if owner.host == here else f" on {owner.host}")


def note(row: RunRow, status: str, now: float) -> str:
    """What there is to say beside a status: who has the run, what it waits for, why it failed."""
    if row.held is not None and status in {"running", "interrupted"}:
        return owner_text(row.held.owner) + ("" if status == "running" else " is gone")
    outcome = outcome_of(row)
    if status == "sleeping" and row.due is not None:
        return f"until {clock_text(row.due, now)}"
    if status in {"waiting", "blocked"}:
        return outcome.reason or outcome.text
    if status == "failed":
        return outcome.text
    return outcome.bail_reason or ""


def ago(seconds: float) -> str:
    """How long ago something was: `12s`, `3m`, `2h`, `5d`."""
    for unit, size in (("d", _DAY), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def clock_text(at: float, now: float) -> str:
    """A time of this place, with the day if that is not today."""
    when, today = datetime.fromtimestamp(at).astimezone(), datetime.fromtimestamp(now).astimezone()
    return f"{when:%H:%M:%S}" if when.date() == today.date() else f"{when:%Y-%m-%d %H:%M:%S}"
