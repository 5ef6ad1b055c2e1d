"""Which process this is, and whether another one still lives; it decides nothing about runs."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

from gostage._db.protocol import Owner

_PROC: Final = Path("/proc")
_INITIAL: Final = "4026531836"
"""The number that the first process namespace has on every Linux."""


def this_process() -> Owner:
    """Tell this process from all others."""
    return _owner(os.getpid())


@lru_cache(maxsize=1)
def _owner(pid: int) -> Owner:
    return Owner(host=_host(), boot=_boot(), pid=pid, started=_started(pid) or "")


def is_alive(owner: Owner) -> bool | None:
    """Whether a process lives: false and true are certain, `None` is not known."""
    me = this_process()
    if owner == me:
        return True
    if owner.host != me.host or not owner.boot or not me.boot:
        return None
    if owner.boot == me.boot:
        return _is_here(owner)
    return _after_a_reboot(owner.boot, me.boot)


def _after_a_reboot(then: str, now: str) -> bool | None:
    # Nothing outlives a reboot. A name that is used both inside and outside of containers may be
    # the name of two hosts, and another namespace of the same start cannot be looked into.
    boot_then, _, space_then = then.partition("/")
    boot_now, _, space_now = now.partition("/")
    is_same_kind = (space_then == _INITIAL) == (space_now == _INITIAL)
    return False if boot_then != boot_now and is_same_kind else None


def _is_here(owner: Owner) -> bool | None:
    if not _has_process(owner.pid):
        return False
    started = _started(owner.pid)
    if started is None or not owner.started:
        return None
    return started == owner.started


def _has_process(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # asking by a signal would end it there
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it is somebody else's
    return True


def _host() -> str:
    if sys.platform == "win32":
        return os.environ.get("COMPUTERNAME", "")
    return os.uname().nodename


def _boot() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = str((_PROC / "self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return _asked("sysctl", "-n", "kern.bootsessionuuid") or _asked(
            "sysctl", "-n", "kern.boottime"
        )
    return f"{boot}/{space}"


def _started(pid: int) -> str | None:
    """When a process began, `""` for a zombie: it is dead, and equal to nobody."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return _asked("ps", "-o", "lstart=", "-p", str(pid)) or None
    # The name before the last parenthesis may hold anything.
    fields = stat.rpartition(b")")[2].split()
    return "" if fields[0] in {b"Z", b"X", b"x"} else fields[19].decode()


def _asked(*command: str) -> str:
    """What a system without `/proc` says, or nothing."""
    if sys.platform in {"linux", "win32"}:
        return ""
    import subprocess  # 5 ms, and only where there is no /proc

    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - the commands are those above
            command, capture_output=True, check=False, env=environment, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
