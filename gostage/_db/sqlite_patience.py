"""Waiting for others that use the same file: how often to try again, and when to give up."""

from __future__ import annotations

import random
import sqlite3
import time
from typing import TYPE_CHECKING, Final, TypeVar

from gostage._db.sqlite_errors import is_busy

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

_FIRST: Final = (0.0005, 0.001, 0.002)
_SHORTEST: Final = 0.0005
_LONGEST: Final = 0.02


def patiently(attempt: Callable[[], Result], seconds: float) -> Result:
    """Try until nobody is in the way; the error of the last try if that takes too long."""
    began = time.monotonic()
    tries = 0
    while True:
        try:
            return attempt()
        except sqlite3.OperationalError as error:
            waited = time.monotonic() - began
            if not is_busy(error) or waited > seconds:
                raise
        # At random, so that those who wait do not come at the same moments.
        pause = longest_pause(tries, waited)
        time.sleep(random.uniform(pause / 10, pause))  # noqa: S311 - nothing is secret about it
        tries += 1


def longest_pause(tries: int, waited: float) -> float:
    """How many seconds to wait at most before the next try.

    Most transactions are over in no time: the first pauses are short. Then those who have waited
    longer try more often, or somebody is always last. Whoever waits for seconds waits for a process
    that hangs, and asks less and less.
    """
    if tries < len(_FIRST):
        return _FIRST[tries]
    eager = 0.01 / (1 + 50 * waited)
    weary = waited / 50
    return min(max(eager, weary, _SHORTEST), _LONGEST)
