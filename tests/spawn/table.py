"""The process table, and what else a child could leave behind."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVANTS: Final = ("multiprocess.forkserver", "multiprocess.resource_tracker")
"""What stays until this process ends."""
PROC: Final = Path("/proc")
PATIENCE: Final = 20.0


def until(holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds, which others bring about."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.002)


def state(pid: int) -> str:
    """The letter of a process's state; `` if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether it is there, and no zombie."""
    return state(pid) not in {"", "Z", "X"}


def processes_below(pid: int) -> dict[int, str]:
    """All processes below one, with their command lines; zombies too."""
    parents = {int(folder.name): parent_of(int(folder.name)) for folder in PROC.glob("[0-9]*")}
    below, grew = {pid}, True
    while grew:
        more = {each for each, parent in parents.items() if parent in below} - below
        below |= more
        grew = bool(more)
    return {each: command(each) for each in below - {pid}}


def descendants(pid: int) -> dict[int, str]:
    """The same without the servants of the first: what it forks has the server's command line."""
    return {
        each: text
        for each, text in processes_below(pid).items()
        if not (parent_of(each) == pid and any(name in text for name in SERVANTS))
    }


def parent_of(pid: int) -> int | None:
    """The parent of a process, if there is such a process."""
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def descriptors() -> dict[str, str]:
    """What this process has open."""
    found = {}
    for link in Path("/proc/self/fd").iterdir():
        try:
            found[link.name] = str(link.readlink())
        except OSError:
            continue  # the folder itself
    return found


@contextmanager
def nothing_left() -> Iterator[None]:
    """Fail if a process, a zombie, a descriptor or shared memory is left."""
    me = os.getpid()
    before, opened, shared = descendants(me), descriptors(), set(Path("/dev/shm").iterdir())
    yield
    until(lambda: set(descendants(me)) <= set(before), "no process is left")
    # A server that was started again has other numbers.
    until(lambda: len(descriptors()) <= len(opened), f"no descriptor is left: {opened}")
    # Others on this machine may have some for a while.
    until(lambda: set(Path("/dev/shm").iterdir()) <= shared, "no shared memory is left")
