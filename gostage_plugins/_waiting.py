"""Waiting in a wrapper: a thread that waits can be told to stop, an event loop is never held up."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from gostage.errors import Interrupt, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage import Context
    from gostage.hookspecs import Run

LOOK: Final = 0.05
"""How often, in seconds, somebody who waits looks whether to stop."""


def in_event_loop() -> bool:
    """Whether this thread runs an event loop now: who waits here would stop everything in it."""
    asyncio = sys.modules.get("asyncio")  # where nobody has imported it, no loop runs
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001  # documented, for frameworks


def wait(seconds: float, stop: Callable[[], bool]) -> None:
    """Wait so long, or until it is time to stop."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not stop() and (left := until - time.monotonic()) > 0:
        pause.wait(min(left, LOOK))


def stopper(run: Run, ctx: Context | None = None) -> Callable[[], bool]:
    """Make the question whether what is around here was told to stop, or is out of time."""
    if ctx is None:
        return lambda: run.cancelled

    def is_over() -> bool:
        try:
            ctx.check()
        except (Interrupt, TimedOut):
            return True
        return False

    return is_over
