"""Children: processes that do one thing, give back a value, and may be killed on the way.

They are forked from a process that has one thread, which costs milliseconds; nobody forks another.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import pickle
import random
import re
import select
import signal
import sys
import time
import traceback
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gostage.testing._crash.ended import Ended

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOOK: Final = 0.05
"""How often, in seconds, a child is looked for that may have died without a sign."""
_LONGEST_READ: Final = 1 << 16
_TAIL: Final = 20
_FRAMES: Final = 6
_THREAD: Final = re.compile(r"(Current thread|Thread) 0x")


def fork(
    work: Callable[[], object],
    output: Path,
    *,
    patience: float,
    kill_after: float | None = None,
) -> Ended:
    """Do a piece of work in a child of its own, and wait for that; the output goes into a file.

    It is killed if it takes longer than `patience`, or, from outside, after so many seconds.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # Threads that are not Python's, such as those of numpy, hold none of our locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_child(work, writing, output, patience)
    os.close(writing)
    _own_group(pid)
    try:
        limit = patience if kill_after is None else kill_after
        text, is_late = _listen(pid, reading, limit)
        if is_late:
            _stop(pid, with_traces=kill_after is None)
    except BaseException:
        _stop(pid)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(reading)
    return _ended(os.waitpid(pid, 0)[1], text, output, is_late=is_late and kill_after is None)


def _be_child(work: Callable[[], object], writing: int, output: Path, patience: float) -> None:
    try:
        _begin_child(output, patience)
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001  # whatever it is, the parent decides
            traceback.print_exc()
            value = error
        sys.stdout.flush()
        _send(writing, value)
    finally:
        os._exit(0)  # what the parent has open, or registered for its end, is not the child's


def _own_group(pid: int) -> None:
    """Set a child apart, from both sides: Ctrl-C is the parent's, and what it starts is killed."""
    with suppress(ProcessLookupError, PermissionError):
        os.setpgid(pid, pid)


def _begin_child(output: Path, patience: float) -> None:
    gc.freeze()  # what is shared with the parent stays so
    _own_group(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(patience) + 30)  # for the case that the parent has died
    fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(fd, number)
    sys.stdout = open(1, "w", closefd=False, encoding="utf-8")  # noqa: SIM115  # it stays open
    sys.stderr = open(2, "w", closefd=False, encoding="utf-8", buffering=1)  # noqa: SIM115  # too
    faulthandler.enable(file=2)
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    # Else every child would draw the same numbers, which no two processes do.
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _send(writing: int, value: object) -> None:
    try:
        data = pickle.dumps(value)
        if isinstance(value, BaseException):
            pickle.loads(data)  # noqa: S301  # our own; not every exception can be made again
    except Exception:  # noqa: BLE001  # then its name and its text have to do
        data = pickle.dumps(RuntimeError(f"{type(value).__name__}: {value}"))
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(data)


def _listen(pid: int, reading: int, limit: float) -> tuple[bytes, bool]:
    """Read until the child has closed its end or died; whether that took too long."""
    parts: list[bytes] = []
    until = time.monotonic() + limit
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return b"".join(parts), True
        # A process that the child has started may hold the pipe open when the child is dead; asked
        # first, so that what a child has sent before it died is read.
        is_dead = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        if select.select([reading], [], [], 0 if is_dead else min(left, _LOOK))[0]:
            part = os.read(reading, _LONGEST_READ)
            if not part:
                return b"".join(parts), False
            parts.append(part)
        elif is_dead:
            return b"".join(parts), False


def _stop(pid: int, *, with_traces: bool = False) -> None:
    """Kill a child and what it has started; it may say first where it stands."""
    if with_traces:
        os.kill(pid, signal.SIGUSR1)
        time.sleep(2 * _LOOK)
    os.killpg(pid, signal.SIGKILL)


def _ended(status: int, text: bytes, output: Path, *, is_late: bool) -> Ended:
    killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    tail = _tail(output.read_text(encoding="utf-8", errors="replace").splitlines())
    if killed_by or not text:
        return Ended(killed_by, is_late=is_late, output=tail)
    # The child is this very program, so what it sends can be trusted.
    return Ended(value=pickle.loads(text), has_value=True, output=tail)  # noqa: S301  # as said


def _tail(lines: list[str]) -> str:
    """The last lines, and of each thread that then told where it stood the innermost frames."""
    starts = [n for n, line in enumerate(lines) if _THREAD.match(line)]
    written = lines[: starts[0]] if starts else lines
    kept = written[-_TAIL:]
    for start in starts:
        kept += lines[start : start + _FRAMES]
    return "\n".join(kept)
