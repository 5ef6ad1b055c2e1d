"""What a worker tells of its work, as values; how that looks is for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

What = Literal["begins", "goes_on", "left", "missed", "put_aside", "stops", "ends"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkNote:
    """One thing that a worker did, or that became of a run it went on with.

    - `begins`, `stops`, `ends`: the worker itself; `at_work` are the runs it has not got back
    - `goes_on`: it goes on with a run, whose `status` is what it was before
    - `left`: a run has come back; `status` is what became of it, `reason` why, in one line
    - `missed`: another process was quicker
    - `put_aside`: nobody can go on with the run now; it is tried again at `until`
    """

    what: What
    at: float
    run_id: str | None = None
    workflow: str | None = None
    status: str | None = None
    duration: float | None = None
    """How many seconds it was at work."""
    until: float | None = None
    """When it goes on, if that is known."""
    reason: str = ""
    hint: str = ""
    at_work: tuple[str, ...] = ()
