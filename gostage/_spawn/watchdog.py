"""The watchdog of a child: stops calls whose time is up, whatever they do; it decides no limits.

A call that does not stop when it is interrupted takes the whole child with it: there is no other
way to stop it. So it is for children alone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from gostage._run.drive import Shell
from gostage._spawn.alarm import ALARM
from gostage.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from gostage._run.context import Context
    from gostage._run.execution import Execution

    # What the parent is told of a call that is not to be stopped.
    GiveUp = Callable[[Context, BaseException, float], object]
    """The call, its error, and when it began on the performance counter."""

SIGNAL: Final = signal.SIGURG
"""What interrupts a call: nobody else uses it, and who does not look for it never notices."""
LAST: Final = 1.0
"""Seconds beyond the grace, after which the system ends a child that Python cannot end."""


def _stack(thread: int | None) -> TracebackType | None:
    """Where the call of a thread is right now."""
    made: TracebackType | None = None
    frame = None if thread is None else sys._current_frames().get(thread)  # noqa: SLF001 - its name
    while frame is not None:
        made = TracebackType(made, frame, frame.f_lasti, frame.f_lineno)
        frame = None if frame.f_code is Shell.follow.__code__ else frame.f_back
    return made


@contextmanager
def watching(run: Execution, shell: Shell, give_up: GiveUp, grace: float) -> Iterator[None]:
    """Have the calls of a run watched, where it has the process for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watchdog = run.watchdog = Watchdog(shell, give_up, grace)
    try:
        yield
    finally:
        watchdog.close()


class Watchdog:
    """Watches the calls of one piece of work; made, and asked to end, in the main thread."""

    def __init__(self, shell: Shell, give_up: GiveUp, grace: float) -> None:
        self._shell = shell
        self._give_up = give_up
        self._grace = grace
        self._main = threading.get_ident()
        self._at_work: Guard | None = None
        """What is watched in the main thread, where alone a signal interrupts a call."""
        self._interrupted: Guard | None = None
        """Which of these was interrupted, and has yet to end."""
        self._has_ears = False
        self._before: Any = None  # a handler, or which
        self._ends: dict[Guard, float] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Nothing is watched any more."""
        if self._has_ears:
            signal.signal(SIGNAL, self._before)

    def guard(
        self, ctx: Context, seconds: float, late: Callable[[], BaseException], *, can_raise: bool
    ) -> Guard:
        """Watch the call that begins now in this thread, until the guard is lifted."""
        thread = threading.get_ident() if can_raise else None
        guard = Guard(self, ctx, late, thread)
        if thread == self._main:
            if not self._has_ears:  # few calls are watched, and this takes as long as some
                self._before = signal.signal(SIGNAL, self._on_signal)
                self._has_ears = True
            self._at_work = guard
        with self._lock:
            self._ends[guard] = time.monotonic() + seconds + self._grace + LAST
            self._set_timer()
        guard.begin(seconds)
        return guard

    def stand_down(self) -> bool:
        """Interrupt nothing any more, as somebody else does; whether that was done already."""
        self._at_work = None
        return self._interrupted is not None

    def _set_timer(self) -> None:
        """Have the system end this process: code in C may never let a thread of Python work."""
        if signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:  # else it is in use
            left = 0.0
            if self._ends:
                left = max(LAST, min(self._ends.values()) - time.monotonic())
            signal.setitimer(signal.ITIMER_REAL, left)

    def ring(self, guard: Guard) -> None:
        """Its time is up."""
        if guard.thread == self._main:
            signal.pthread_kill(self._main, SIGNAL)
        guard.then(self._grace, self._leave)

    def lift(self, guard: Guard) -> None:
        """Its call has ended."""
        if self._at_work is guard:
            self._at_work = None
        if self._interrupted is guard:
            self._interrupted = None
        with self._lock:
            del self._ends[guard]
            self._set_timer()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        guard = self._at_work
        if guard is not None and guard.is_late and self._shell.is_in_user_code:
            self._at_work, self._interrupted = None, guard  # once is enough
            raise guard.interrupt

    def _leave(self, guard: Guard) -> None:
        try:
            error = guard.late().with_traceback(_stack(guard.thread))
            self._give_up(guard.ctx, error, guard.started)
        finally:
            os._exit(1)  # the parent knows why, or sees that it is gone


class Guard:
    """One call that is watched."""

    def __init__(
        self,
        watchdog: Watchdog,
        ctx: Context,
        late: Callable[[], BaseException],
        thread: int | None,
    ) -> None:
        self._watchdog = watchdog
        self.ctx = ctx
        self.late = late
        self.thread = thread
        """Where it is called, unless that thread only waits for it."""
        self.is_late = False
        self.interrupt: Final = Cancelled(f"the time of {ctx.op.name!r} is up")
        """What is raised in it: no error, so that the call does not handle it."""
        self.started = time.perf_counter()
        self._lock = threading.Lock()
        self._is_lifted = False
        self._token = 0

    def begin(self, seconds: float) -> None:
        """Ring when they are over."""
        self._token = ALARM.at(time.monotonic() + seconds, self._ring)

    def then(self, seconds: float, leave: Callable[[Guard], object]) -> None:
        """And so many seconds later leave, unless the call has ended; the lock is held."""

        def ring() -> None:
            with self._lock:  # who lifts it at this moment waits for the end
                if not self._is_lifted:
                    leave(self)

        self._token = ALARM.at(time.monotonic() + seconds, ring)

    def lift(self) -> None:
        """The call has ended."""
        with self._lock:
            self._is_lifted = True
            ALARM.cancel(self._token)
        self._watchdog.lift(self)

    def place(self) -> TracebackType | None:
        """Where the call was when it was interrupted."""
        trace = self.interrupt.__traceback__
        last = trace
        while last is not None and last.tb_next is not None and last.tb_next.tb_next is not None:
            last = last.tb_next
        if last is not None:
            last.tb_next = None  # the handler of the signal
        return trace

    def _ring(self) -> None:
        with self._lock:
            if not self._is_lifted:
                self.is_late = True
                self._watchdog.ring(self)
