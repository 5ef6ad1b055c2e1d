"""The fork server: a small process that children are forked from; it knows nothing of their work.

It is started once, and again if it dies.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from multiprocess import forkserver, resource_tracker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PRELOADED: Final = "gostage._spawn.preload"
"""What the server imports once, so that no child has to."""

OF_THE_TERMINAL: Final = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM)
"""What a terminal or a service manager sends to everybody; the parent alone decides what follows.
"""


class Server(forkserver.ForkServer):  # type: ignore[misc]  # the package has no types
    """The server of one process, or the one that it was itself forked from.

    It is not the package's own: whoever uses that one has preloads and an ending of their own.
    """

    # Any: the package has no types.
    _forkserver_address: Any
    _forkserver_alive_fd: int | None
    _forkserver_pid: int | None

    def __init__(self) -> None:
        super().__init__()
        self._inherited = False
        self.set_forkserver_preload([PRELOADED])
        ours = forkserver._forkserver  # noqa: SLF001 - the one way to be told
        if _is_forked_from(ours):
            self.__dict__.update({**ours.__dict__, "_lock": self._lock, "_inherited": True})

    def connect_to_new_process(self, fds: Sequence[int]) -> tuple[int, int]:
        """Fork a child: what says its pid and exit code, and what is written its instructions to.

        A server that died is started again.
        """
        with suppress(ConnectionError, FileNotFoundError):
            pair: tuple[int, int] = super().connect_to_new_process(list(fds))
            return pair
        with self._lock:
            self._let_go()
        again: tuple[int, int] = super().connect_to_new_process(list(fds))
        return again

    def ensure_running(self) -> None:
        """Start it, if there is none."""
        if self._inherited:
            return
        resource_tracker.ensure_running()  # it would undo what is held back below
        with held_back(OF_THE_TERMINAL):
            try:
                super().ensure_running()
            except ChildProcessError:  # somebody else in this process has reaped it
                with self._lock:
                    self._let_go()
                super().ensure_running()

    def _let_go(self) -> None:
        """Forget a server that is dead."""
        if self._forkserver_alive_fd is not None:
            os.close(self._forkserver_alive_fd)
        if self._forkserver_pid is not None:
            with suppress(ChildProcessError, ProcessLookupError):
                os.kill(self._forkserver_pid, signal.SIGKILL)  # it may be on its way out
                os.waitpid(self._forkserver_pid, 0)
        self._forkserver_address = self._forkserver_alive_fd = self._forkserver_pid = None
        self._inherited = False


def _is_forked_from(server: forkserver.ForkServer) -> bool:
    # A process that the server forked knows its address, and is not its parent.
    return server._forkserver_address is not None and server._forkserver_pid is None  # noqa: SLF001


@contextmanager
def held_back(signals: Sequence[int]) -> Iterator[None]:
    """Keep signals from this thread; what is started meanwhile has them held back for good."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Shared:
    """The server of this process, made when it is first asked for."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew in a forked copy: the server is not its child."""
        self._lock = threading.Lock()
        self._server: Server | None = None

    def get(self) -> Server:
        with self._lock:
            if self._server is None:
                self._server = Server()
            return self._server


_SHARED: Final = _Shared()  # module-level, because starting one takes as long as twenty children
os.register_at_fork(after_in_child=_SHARED.forget)


def server() -> Server:
    """The one server of this process."""
    return _SHARED.get()
