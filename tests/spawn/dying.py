"""Actions that die in every way a process can die; each writes down when."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

from gostage import Context, Isolate, Limits, action


def _now(folder: str) -> None:
    # The clock of the whole machine, since the parent reads it.
    if folder:
        (Path(folder) / "died_at").write_text(repr(time.monotonic()))


@action(isolate=True)
def leave(ctx: Context, folder: str) -> None:
    """End without a word, after one on stderr."""
    print("the last words", file=sys.stderr)
    sys.stderr.flush()
    _now(folder)
    os._exit(7)


@action(isolate=True)
def exit_politely(folder: str) -> None:
    """End as a program does."""
    _now(folder)
    sys.exit(3)


def _signalled(number: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no file with its memory
    os.kill(os.getpid(), number)
    time.sleep(60)


@action(isolate=True)
def be_killed(folder: str) -> None:
    """Be killed."""
    _now(folder)
    _signalled(signal.SIGKILL)


@action(isolate=True)
def abort(folder: str) -> None:
    """Abort, as a failed assertion of compiled code does."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _now(folder)
    os.abort()


@action(isolate=True)
def segfault(folder: str) -> None:
    """Read what is not there."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _now(folder)
    ctypes.string_at(0)


@action(isolate=Isolate(limits=Limits(memory="400MB")))
def eat_memory(folder: str) -> None:
    """Ask for more memory than there may be."""
    _now(folder)
    bytearray(1 << 30)


@action(isolate=Isolate(limits=Limits(cpu=1)))
def burn(folder: str) -> None:
    """Use more of the processor than is allowed."""
    _now(folder)
    while True:
        pass


@action(isolate=Isolate(cwd="/no/such/folder"))
def be_nowhere() -> None:
    """Begin in a folder that is not there."""


@action(isolate=Isolate(grace=0.2), timeout=0.2)
def hang(folder: str) -> None:
    """Hear nothing and do nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _now(folder)
    time.sleep(60)


@action(isolate=Isolate(grace=0.2), timeout=0.2)
def halt(folder: str) -> None:
    """Be stopped, as with Ctrl-Z."""
    _now(folder)
    os.kill(os.getpid(), signal.SIGSTOP)


@action(isolate=Isolate(grace=0.2), timeout=1.0)
def flood(folder: str) -> None:
    """Write without end, to where somebody reads and keeps the last of it."""
    _now(folder)
    while True:
        sys.stdout.write("x" * 65536)


@action(isolate=True)
def orphan(ctx: Context, folder: str) -> None:
    """Leave a process behind, and die."""
    pid = os.fork()
    if not pid:
        time.sleep(60)
    ctx.send("left", {"pid": pid}, wait=True)
    _now(folder)
    _signalled(signal.SIGKILL)
