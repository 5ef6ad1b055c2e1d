"""Ways on: what lets a run go on that does not by itself, as commands to type."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gostage._app.lines import printable
from gostage._app.past.finding import short_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def ways_on(run_id: str, status: str, signals: Sequence[str] = (), db: str = "") -> Iterator[str]:
    """The commands for a run of this status; `signals` are the names of those it waits for.

    `db` is what `--db` has to say, if the run is not where commands look by themselves.
    """
    run = f"--db {db} {_word(short_id(run_id))}" if db else _word(short_id(run_id))
    if status == "waiting" and signals:
        for name in dict.fromkeys(signals):
            yield f"`gostage signal {run} {_word(name)} -s KEY=VALUE` lets it go on"
    elif status == "waiting":
        yield f"`gostage resume {run} -s KEY=VALUE` lets it go on"
    elif status == "sleeping":
        yield f"`gostage resume {run}` goes on when it is due, and so does `gostage worker`"
    elif status == "interrupted":
        yield f"`gostage resume {run}` goes on where it was interrupted"
    elif status == "pending":
        yield f"`gostage resume {run}` begins it, and so does `gostage worker`"
    elif status in {"failed", "cancelled"}:
        yield f"`gostage resume {run}` goes on from there"
    elif status == "running":
        yield f"`gostage tail -f {run}` follows it"


def _word(text: str) -> str:
    """A text as a shell takes it."""
    return shlex.quote(printable(text))
