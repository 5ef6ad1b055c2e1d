"""How a child ends with its parent, whatever it is doing; used in the child alone."""

from __future__ import annotations

import os
import select
import signal
import threading


def end_with(lifeline: int) -> None:
    """End this process and its group as soon as the other end of this pipe is closed.

    Nobody ever writes to the pipe, and only the parent holds its other end: the kernel closes that
    one whatever way the parent ends. Where it can, the kernel also sends the signal, which ends
    a loop in C that never lets another thread run.
    """
    if not _by_the_kernel(lifeline):
        threading.Thread(
            target=_by_a_thread, args=(lifeline,), name="gostage lifeline", daemon=True
        ).start()
    if _is_over(lifeline):  # it was over before anybody looked
        _end()


def _by_the_kernel(lifeline: int) -> bool:
    import fcntl  # does not exist on Windows

    if not hasattr(fcntl, "F_SETSIG"):  # Linux has it
        return False
    try:
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    except OSError:
        return False  # a kernel that is none, as in some sandboxes
    return True


def _by_a_thread(lifeline: int) -> None:
    os.read(lifeline, 1)
    _end()


def _is_over(lifeline: int) -> bool:
    waiting = select.poll()
    waiting.register(lifeline, select.POLLIN)
    return bool(waiting.poll(0))


def _end() -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)
