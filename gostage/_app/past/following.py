"""Following a run: what it commits, as it comes, until it has ended or has to wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from gostage._app.past.saved import saved_of
from gostage._app.past.standing import standing
from gostage.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._app.past.saved import Saved
    from gostage._db.protocol import Database

_GOES_ON: Final = frozenset({"running", "pending"})
_PACE: Final = 0.05
"""Seconds between two looks for news."""
_PATIENCE: Final = 20
"""After how many looks it is asked whether the owner still lives, which is no news to anybody."""


def follow(
    database: Database, run_id: str, nap: Callable[[float], object] = time.sleep
) -> Iterator[Saved | None]:
    """Give all commits of a run, and those to come; nothing, whenever there is nothing new."""
    seq = 0
    while True:
        seen = database.news()  # asked before looking: what comes meanwhile is news later
        row = database.find(run_id)
        if row is None:
            raise NotFound(f"run {run_id!r} was deleted meanwhile", hint="`gostage runs`")
        for saved in saved_of(database, run_id, after=seq):
            seq = saved.seq
            yield saved
        if standing(row) not in _GOES_ON:
            return
        yield None
        for _ in range(_PATIENCE):
            nap(_PACE)
            if database.news() != seen:
                break
            yield None
