"""The alarm: calls back when a time has come; one thread for all, and none while nothing is set."""

from __future__ import annotations

import heapq
import os
import sys
import threading
import time
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Callback = Callable[[], object]

LINGER: Final = 0.1
"""The seconds for which the thread waits for another time; items set one after the other."""

LOOK: Final = 0.25
"""The seconds after which it looks whether what it waits for was cancelled.

To be told of that would cost every short piece of work with a long timeout a change of threads.
"""


class Alarm:
    """Calls functions at times of `time.monotonic`, in a thread of its own.

    A callback is short and never waits: the others wait for it. What it raises is reported like
    the error of a thread, and the alarm goes on.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._times: list[tuple[float, int]] = []
        self._callbacks: dict[int, Callback] = {}
        self._tokens = count(1)

    def at(self, when: float, callback: Callback) -> int:
        """Call back at this time, or at once if it is over; the token is for `cancel`."""
        with self._changed:
            token = next(self._tokens)
            self._callbacks[token] = callback
            heapq.heappush(self._times, (when, token))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="gostage alarm", daemon=True
                )
                self._thread.start()
            elif self._times[0][1] == token:
                self._changed.notify()
            return token

    def cancel(self, token: int) -> bool:
        """Whether it will not be called; false if it was, or is being called now."""
        with self._changed:
            if self._callbacks.pop(token, None) is None:
                return False
            self._drop_cancelled()
            return True

    def _drop_cancelled(self) -> None:
        while self._times and self._times[0][1] not in self._callbacks:
            heapq.heappop(self._times)
        if len(self._times) > 64 + 2 * len(self._callbacks):
            self._times = [each for each in self._times if each[1] in self._callbacks]
            heapq.heapify(self._times)

    def _watch(self) -> None:
        while (due := self._next()) is not None:
            try:
                due()
            except BaseException:  # noqa: BLE001 - the error of one is not the end of the others
                _report()
            del due  # what it holds on to is free before the next wait

    def _next(self) -> Callback | None:
        with self._changed:
            while True:
                self._drop_cancelled()
                if self._times:
                    left = self._times[0][0] - time.monotonic()
                    if left <= 0:
                        return self._callbacks.pop(heapq.heappop(self._times)[1])
                    self._changed.wait(min(left, LOOK))
                elif not self._changed.wait(LINGER) and not self._times:
                    self._thread = None
                    return None


def _report() -> None:
    kind, error, trace = sys.exc_info()
    if kind is not None:
        threading.excepthook(
            threading.ExceptHookArgs((kind, error, trace, threading.current_thread()))
        )


ALARM: Final = Alarm()
"""The alarm of this process; module-level, because there is one thread for all who need one."""

if hasattr(os, "register_at_fork"):
    # The thread does not live in a forked copy, and its lock may be held there for good.
    os.register_at_fork(after_in_child=ALARM._reset)  # noqa: SLF001 - it is this module's own
