"""How a process ended: asked of the system or of the server that forked it; it ends none."""

from __future__ import annotations

import os
import select
import signal
import struct
from contextlib import suppress
from typing import Any, Final

from gostage._run.endings import NOT_KNOWN

_NUMBER: Final = struct.Struct("q")  # what the server writes


class Exit:
    """What can be watched for the end of a process, and asked for its exit code then.

    `descriptor` can be read when it may be over.
    """

    # Any: the package has no types.
    def __init__(self, popen: Any, *, by_server: bool) -> None:  # noqa: ANN401
        self._popen = popen
        self._by_server = by_server
        self._handle = _handle(popen.pid)
        self.descriptor: int = popen.sentinel
        self._sentinel = select.poll()
        self._sentinel.register(popen.sentinel, select.POLLIN)
        if not by_server and self._handle is not None:
            # The pipe may be closed by a process that lives, and held open by one that it started.
            self.descriptor = self._handle

    @property
    def is_silent(self) -> bool:
        """Whether what can be watched says no more than that the end is near."""
        return not self._by_server and self._handle is None

    def send(self, number: int) -> None:
        """Send it a signal, and to nobody who got its number after it."""
        with suppress(ProcessLookupError):
            if self._handle is None:
                os.kill(self._popen.pid, number)
            else:
                signal.pidfd_send_signal(self._handle, number)

    def ask(self) -> int | None:
        """The exit code, or `None` while it lives; never waits. For one thread at a time."""
        if self._by_server:
            return self._ask_the_server()
        code: int | None = self._popen.poll()
        if code is None and self._handle is not None and _is_ready(self._handle):
            code = self._popen.poll()  # it may have ended between the two
            return NOT_KNOWN if code is None else code  # somebody else has reaped it
        return code

    def _ask_the_server(self) -> int | None:
        if not self._sentinel.poll(0):
            return None
        with suppress(OSError):
            raw = os.read(self._popen.sentinel, _NUMBER.size)
            if len(raw) == _NUMBER.size:
                code: int = _NUMBER.unpack(raw)[0]
                return code
        return self._ask_without_a_server()

    def _ask_without_a_server(self) -> int | None:
        """The server is dead, and what it forked may live on."""
        if self._handle is None:
            return NOT_KNOWN
        self.descriptor = self._handle
        return NOT_KNOWN if _is_ready(self._handle) else None

    def close(self) -> None:
        """Close every descriptor; a process that lives is ended by that."""
        for descriptor in (*self._popen.descriptors, self._handle):
            if descriptor is not None:
                os.close(descriptor)


def _handle(pid: int) -> int | None:
    """What Linux has for a process, whose child ever it is."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # it is gone already, or the system is too old
        return None


def _is_ready(descriptor: int) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))
