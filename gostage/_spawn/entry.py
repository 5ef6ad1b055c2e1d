"""Where a child begins: it becomes a process of its own before it does anything for anybody."""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from multiprocess import parent_process

from gostage._spawn.orphan import end_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from multiprocess.connection import Connection

    from gostage._spawn.link import Link

    Main = Callable[[Link, str, int], None]


class Setup(NamedTuple):
    """What a child is told of itself; plain data."""

    main: str
    """Where its work is found, `module:function`; called with link, id and depth."""
    child_id: str
    depth: int
    env: dict[str, str] | None
    """All of its variables, or `None` for those it has."""
    cwd: str | None
    is_copy: bool
    """Whether it was forked from its parent, whose handlers of signals it then has."""
    memory: int | None
    cpu: float | None
    files: int | None


# Any: the package has no types; what is packed is a `Setup`, pickled by the parent.
def enter(connection: Any, stdout: Connection, stderr: Connection, packed: bytes) -> None:  # noqa: ANN401
    """Be a child, from its first moment to its last."""
    setup = Setup(*pickle.loads(packed))  # noqa: S301 - the parent packed it
    os.setsid()  # what the terminal sends is for the parent, and what it started ends with it
    lifeline = parent_process().sentinel
    end_with(lifeline)
    for descriptor in (connection.fileno(), lifeline):
        os.set_inheritable(descriptor, False)  # they are not for programs that it starts
    _reset_signals(is_copy=setup.is_copy)
    _redirect(stdout, stderr)
    _move(setup)
    main = find_main(setup.main)
    if (setup.memory, setup.cpu, setup.files) != (None, None, None):
        from gostage._spawn.limits import confine  # 1 ms, and few children have limits

        confine(memory=setup.memory, cpu=setup.cpu, files=setup.files)
    from gostage._spawn.link import Link  # after the others: it is the largest

    main(Link(connection), setup.child_id, setup.depth)


def _reset_signals(*, is_copy: bool) -> None:
    if is_copy:
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)  # the parent may ignore them
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _redirect(stdout: Connection, stderr: Connection) -> None:
    """Give the three standard streams a place of their own."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (stdout.fileno(), 1), (stderr.fileno(), 2)):
        os.dup2(old, new)
    os.close(nothing)
    stdout.close()
    stderr.close()
    for name, number in (("stdout", 1), ("stderr", 2)):
        # Lines are out as soon as they end: a child that dies has said what it said.
        stream = open(  # noqa: SIM115 - they are open as long as the process is
            number,
            "w",
            encoding="utf-8",
            errors="backslashreplace",
            buffering=1,
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    fault = sys.modules.get("faulthandler")
    if fault is not None and fault.is_enabled():
        fault.enable(sys.stderr)  # it may have a copy of what stderr was before


def _move(setup: Setup) -> None:
    """Have the surroundings of the parent as they are now, or as was asked for."""
    if setup.env is not None and os.environ != setup.env:
        os.environ.clear()
        os.environ.update(setup.env)
        time.tzset()
    if setup.cwd is not None:
        os.chdir(setup.cwd)
    for path in [path for path, finder in sys.path_importer_cache.items() if finder is None]:
        del sys.path_importer_cache[path]  # there was no such folder when the server looked


def find_main(name: str) -> Main:
    """Import what a child does."""
    module, _, function = name.partition(":")
    found: Main = getattr(importlib.import_module(module), function)
    return found
