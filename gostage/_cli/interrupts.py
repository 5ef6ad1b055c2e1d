"""Interrupts: the first Ctrl-C is the run's to clean up after, the second ends the process.

Python may be busy in code that swallows interrupts, so the second one is noticed by a thread.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from gostage._cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FIRST: Final = b"gostage: interrupted, cleaning up; another Ctrl-C kills\n"
_SECOND: Final = b"gostage: killed\n"
_END: Final = b"\0"  # no signal has the number 0


def _to_stderr(message: bytes) -> None:
    os.write(2, message)


@contextmanager
def second_kills(
    tell: Callable[[bytes], object] = _to_stderr, first: bytes = _FIRST
) -> Iterator[None]:
    """Watch for Ctrl-C, unless the process ignores it or handles it in a way of its own.

    `tell` writes a message to standard error, from a thread, past whatever is shown; `first` is
    what it writes after the first Ctrl-C.
    """
    # A shell has what it starts in the background ignore SIGINT; SIGTERM is for all.
    usual = (signal.default_int_handler, signal.SIG_IGN)
    if sys.platform == "win32" or signal.getsignal(signal.SIGINT) not in usual:
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    terminated = signal.getsignal(signal.SIGTERM)
    if terminated is signal.SIG_DFL:  # who stops a container wants it cleaned up, too
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    watcher = threading.Thread(
        target=_watch, args=(reader, tell, first), name="gostage Ctrl-C", daemon=True
    )
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        if terminated is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, terminated)
        os.write(writer, _END)
        watcher.join()
        os.close(writer)
        os.close(reader)


def _watch(reader: int, tell: Callable[[bytes], object], first: bytes) -> None:
    messages = iter((first, _SECOND))
    while (number := os.read(reader, 1)) != _END:
        if number[0] not in {signal.SIGINT, signal.SIGTERM}:
            continue
        message = next(messages)
        with suppress(OSError):  # the terminal may be gone; the second kills all the same
            tell(message)
        if message is _SECOND:
            os._exit(ExitCode.INTERRUPTED)
