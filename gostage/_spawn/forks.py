"""Forks: what a child's code forks has none of gostage's handlers of signals; it forks nothing.

Such a handler would take the signal for one that is meant for the run, and swallow it.
"""

from __future__ import annotations

import os
import signal
import threading
from functools import cache
from typing import Final

_OURS: Final = (signal.SIGTERM, signal.SIGURG)
"""What gostage listens to in a child: a cancellation, and time that is up."""


@cache
def let_forks_go() -> None:
    """Have every copy of this process begin as other processes do; to call it twice is once."""
    masks = threading.local()  # several threads may fork at once

    def before() -> None:
        masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)

    def after_in_parent() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.before)

    def after_in_child() -> None:
        for number in _OURS:
            if _is_ours(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.before)

    os.register_at_fork(
        before=before, after_in_parent=after_in_parent, after_in_child=after_in_child
    )


def _is_ours(handler: object) -> bool:
    """Whether gostage has set it; what the action has set is meant for its copies as well."""
    return str(getattr(handler, "__module__", "")).partition(".")[0] == "gostage"
