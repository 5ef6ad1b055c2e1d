"""The leak check, a pytest plugin: what a test starts must be over when it ends.

It looks at threads, child processes, temporary files and connections to SQLite databases, and may
not end any of them: a leak is the test's to repair.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Look = Callable[[], dict[object, str]]

# Servants of the multiprocess package: started once, they stay as long as the process by design.
SERVANTS: Final = ("forkserver", "resource_tracker", "semaphore_tracker")
# The folder in which those servants keep their sockets, removed when the process ends.
SERVANTS_FOLDER: Final = "pymp-"
PREFIX: Final = "gst-"
"""How the name of a session's temporary folder begins."""
# How often, and how many seconds apart, a thing that is about to end is looked at again.
TRIES: Final = 200
PAUSE: Final = 0.02

_CONNECT: Final = sqlite3.connect
_NUMBERS: Final = count()
# Module-level state: a connection knows of no test that made it.
_CONNECTIONS: Final[dict[object, str]] = {}
_HOME: Final = pytest.StashKey["TemporaryHome"]()
# Any: what opened connections before; a test run inside a test has this plugin as well.
_OUTSIDE: Final = pytest.StashKey[Any]()


@dataclass(frozen=True, slots=True)
class TemporaryHome:
    """The session's own folder for temporary files, and what to put back afterwards."""

    folder: str
    variables: dict[str, str | None]


class Connection(sqlite3.Connection):
    """A connection that counts until it is closed; that nobody knows it any more is not enough."""

    def __init__(self, database: Any, *given: Any, **options: Any) -> None:  # Any: as it is called
        super().__init__(database, *given, **options)
        self._number = next(_NUMBERS)
        _CONNECTIONS[self._number] = f"connection to the database {str(database)!r}"

    def close(self) -> None:
        """Close it."""
        super().close()
        _CONNECTIONS.pop(self._number, None)


def pytest_configure(config: pytest.Config) -> None:
    """Count connections, and give the session a temporary folder of its own.

    Other programs' files do not count.
    """
    config.stash[_OUTSIDE] = sqlite3.connect
    sqlite3.connect = partial(_CONNECT, factory=Connection)  # type: ignore[assignment]
    outside = tempfile.gettempdir()
    home = TemporaryHome(
        folder=tempfile.mkdtemp(prefix=PREFIX),
        variables={name: os.environ.get(name) for name in ("TMPDIR", "PYTEST_DEBUG_TEMPROOT")},
    )
    config.stash[_HOME] = home
    # At the very end: what starts children tidies up in there when the process exits.
    atexit.register(shutil.rmtree, home.folder, ignore_errors=True)
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", outside)  # pytest's own folders stay outside
    os.environ["TMPDIR"] = tempfile.tempdir = home.folder


def pytest_unconfigure(config: pytest.Config) -> None:
    """Put the environment back."""
    sqlite3.connect = config.stash.get(_OUTSIDE, _CONNECT)
    home = config.stash.get(_HOME, None)
    if home is None:
        return
    for name, value in home.variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    tempfile.tempdir = None
    if Path(home.folder).parent.name.startswith(PREFIX):  # a test run inside a test
        shutil.rmtree(home.folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("leaks"):
        yield
        return
    with watched():
        yield


@contextmanager
def watched() -> Iterator[None]:
    """Fail if something of these kinds is left that was not there before."""
    before = [look() for look in _LOOKS]
    yield
    left = [
        text
        for look, old in zip(_LOOKS, before, strict=True)
        for text in _left_behind(look, frozenset(old))
    ]
    if left:
        pytest.fail("left behind by the test:\n" + "\n".join(left), pytrace=False)


def _left_behind(look: Look, before: frozenset[object]) -> list[str]:
    left: list[str] = []
    for _ in range(TRIES):
        left = [text for key, text in look().items() if key not in before]
        if not left:
            break
        threading.Event().wait(PAUSE)  # it may be on its way out: a joined pool, a reaped child
    return left


def _threads() -> dict[object, str]:
    return {thread: f"thread {thread.name!r}" for thread in threading.enumerate()}


def _children() -> dict[object, str]:
    commands = {pid: _command(pid) for pid in _child_pids()}
    return {
        pid: f"child process {pid}: {command}"
        for pid, command in commands.items()
        if not any(servant in command for servant in SERVANTS)
    }


def _child_pids() -> list[int]:
    pids: list[int] = []
    for file in Path("/proc/self/task").glob("*/children"):  # empty where there is no /proc
        try:
            pids += [int(pid) for pid in file.read_text().split()]
        except OSError:
            continue  # the thread ended meanwhile
    return pids


def _command(pid: int) -> str:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "(gone)"
    return (
        raw.replace(b"\0", b" ").decode(errors="replace").strip()
        or "(no command line: it ended, or has only just been started)"
    )


def _temporary_files() -> dict[object, str]:
    with os.scandir(tempfile.gettempdir()) as entries:
        return {
            entry.name: f"temporary file {entry.name!r}"
            for entry in entries
            if not entry.name.startswith(SERVANTS_FOLDER)
        }


def _connections() -> dict[object, str]:
    return dict(_CONNECTIONS)


_LOOKS: Final[tuple[Look, ...]] = (_threads, _children, _temporary_files, _connections)
