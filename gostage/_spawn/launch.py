"""The three ways to start a process; each starts one without the user's `__main__` in it.

`multiprocess` would run the user's script again in every child, so that what is pickled finds its
classes. Nothing here is pickled that is defined there.
"""

from __future__ import annotations

import copyreg
import os
import pickle
import signal
import sys
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from multiprocess import (
    context,
    forkserver,
    get_context,
    popen_fork,
    popen_forkserver,
    popen_spawn_posix,
    process,
    reduction,
    resource_tracker,
    spawn,
    util,
)

from gostage._spawn import server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Any: the package has no types.
Process = Any

DEFAULT: Final = "forkserver" if reduction.HAVE_SEND_HANDLE else "spawn"
"""The way to start a process where nobody says which."""


class ByServer(popen_forkserver.Popen):  # type: ignore[misc]  # the package has no types
    """Forked from the server: quick, and without anything of this process."""

    # What `multiprocess` calls when the object is made.
    def _launch(self, process_obj: Process) -> None:
        written = _instructions(self, process_obj)
        for is_last in (False, True):
            self.descriptors = server.server().connect_to_new_process(self._fds)
            self.sentinel = self.descriptors[0]
            try:
                _write(self.descriptors[1], written)
                self.pid = forkserver.read_signed(self.sentinel)
            except (EOFError, OSError):  # the server has just died; the next one is a new one
                _close(self.descriptors)
                if is_last:
                    raise
            else:
                return


class BySpawn(popen_spawn_posix.Popen):  # type: ignore[misc]  # the package has no types
    """A new interpreter: slow, and without anything of this process."""

    def _launch(self, process_obj: Process) -> None:
        tracker = resource_tracker.getfd()
        self._fds.append(tracker)
        written = _instructions(self, process_obj)
        (sentinel, told), (reader, writer) = os.pipe(), os.pipe()
        self.descriptors = (sentinel, writer)
        self.sentinel = sentinel
        try:
            command = spawn.get_command_line(tracker_fd=tracker, pipe_handle=reader)
            self._fds.extend([reader, told])
            self.pid = util.spawnv_passfds(spawn.get_executable(), command, self._fds)
        except BaseException:
            _close(self.descriptors)
            raise
        finally:
            _close((reader, told))
        _write(writer, written)


class ByFork(popen_fork.Popen):  # type: ignore[misc]  # the package has no types
    """A copy of this process: quickest, and with everything that happens to be in it."""

    def _launch(self, process_obj: Process) -> None:
        (sentinel, told), (lifeline, writer) = os.pipe(), os.pipe()
        self.descriptors = (sentinel, writer)
        self.sentinel = sentinel
        try:
            with server.held_back(_ALL):
                self.pid = os.fork()
                if self.pid == 0:
                    self._be_the_child(process_obj, lifeline)
        except BaseException:
            _close(self.descriptors)
            raise
        finally:
            _close((lifeline, told))

    def _be_the_child(self, process_obj: Process, lifeline: int) -> None:
        code = 1
        try:
            _close(self.descriptors)
            code = process_obj._bootstrap(parent_sentinel=lifeline)  # noqa: SLF001 - as the package
        finally:
            os._exit(code)


# None of the parent's handlers may run in the child, where they mean somebody else.
_ALL: Final = tuple(int(each) for each in signal.valid_signals())

METHODS: Final[dict[str, Callable[[Process], Any]]] = {
    "forkserver": ByServer,
    "spawn": BySpawn,
    "fork": ByFork,
}


# Any: a Popen of the package, which has no types.
def launch(method: str, name: str, target: Callable[..., None], given: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """Start a process that calls `target(*given)`; what it is given is data and connections.

    The result has `.pid`, `.sentinel`, `.poll()` and `.descriptors`, which are the caller's to
    close: when the second is closed, the child has lost its parent.
    """
    child = get_context(method).Process(target=target, name=name, args=given, daemon=False)
    # Its servants' files are its own: ours must not go when it goes.
    child._config.pop("tempdir", None)  # noqa: SLF001 - there is no other way
    return METHODS[method](child)


# Any: a Popen and a Process.
def _instructions(popen: Any, process_obj: Process) -> bytes:  # noqa: ANN401
    """What the child reads before anything else, and then the process object."""
    buffer = BytesIO()
    context.set_spawning_popen(popen)
    try:
        # Plain pickle: the package's own, with dill in it, takes ten times as long.
        pickle.dump(_preparation(process_obj.name), buffer)
        # Only the ends of pipes need what the package has for them.
        pickler = pickle.Pickler(buffer)
        pickler.dispatch_table = copyreg.dispatch_table | reduction.ForkingPickler._extra_reducers  # noqa: SLF001 - the one place they are
        pickler.dump(process_obj)
    finally:
        context.set_spawning_popen(None)
    return buffer.getvalue()


def _preparation(name: str) -> dict[str, object]:
    """What `multiprocess` prepares a child with, but for where `__main__` is to be found."""
    origin = process.ORIGINAL_DIR
    return {
        "name": name,
        "authkey": process.current_process().authkey,
        "sys_path": [origin if each == "" and origin else each for each in sys.path],
        "sys_argv": sys.argv,
        "orig_dir": origin,
    }


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    # A child that is dead by now is found out by its exit code.
    with suppress(BrokenPipeError):
        while left:
            left = left[os.write(descriptor, left) :]


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
