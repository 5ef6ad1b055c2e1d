"""Streams: the bytes of one end of a connection, in both directions; they mean nothing here."""

from __future__ import annotations

import math
import select
import socket
from contextlib import suppress
from typing import Final, Protocol

CHUNK: Final = 65_536
"""Bytes that are read at once, at most."""
PIECE: Final = 1_048_576
"""Bytes that are written at once, at most."""
LOOK: Final = 0.1
"""Seconds between two looks whether a connection that cannot be woken was cut."""
_QUIET: Final = getattr(socket, "MSG_NOSIGNAL", 0)


class Connection(Protocol):
    """What a link is made of: an end of `multiprocess.Pipe()`, or what works like one."""

    def send_bytes(self, buffer: memoryview, /) -> None:
        """Send a packet."""

    def recv_bytes(self, most: int, /) -> bytes:
        """Receive one; OSError if it is longer, EOFError if there will be none."""

    def poll(self, timeout: float, /) -> bool:
        """Wait for a packet, or the end."""

    def fileno(self) -> int:
        """Give the descriptor."""

    def close(self) -> None:
        """Close it."""


class Stream(Protocol):
    """One end of a connection."""

    def read(self, into: list[bytes], timeout: float | None) -> bool:
        """Append some bytes, or b"" at the end; false if there were none in time."""

    def write(self, data: memoryview, taken: list[int]) -> None:
        """Write some of the bytes, and append how many; OSError if that can never be."""

    def cut(self) -> None:
        """End both directions at once, and wake who waits; what has come can still be read."""

    def close(self) -> None:
        """Give the descriptor back; nobody may be reading or writing."""


def stream_of(connection: Connection) -> Stream:
    """The bytes of a connection: of a socket without detours, else packet by packet."""
    try:
        return SocketStream(connection)
    except (OSError, ValueError, TypeError):
        return PacketStream(connection)  # it is no socket


class SocketStream:
    """A connection that is a socket, as both ends of `multiprocess.Pipe()` are."""

    __slots__ = ("_connection", "_ready", "_socket")

    def __init__(self, connection: Connection) -> None:
        self._socket = socket.socket(fileno=connection.fileno())
        self._socket.settimeout(None)
        self._connection = connection
        self._ready = select.poll()
        self._ready.register(self._socket, select.POLLIN)

    # In both of these the call and keeping what it gives are one step, in C: the exception of a
    # signal comes before or after, and no byte is lost or sent again.

    def read(self, into: list[bytes], timeout: float | None) -> bool:
        """Append what is there."""
        if timeout is not None and not self._ready.poll(math.ceil(max(timeout, 0) * 1000)):
            return False
        try:
            into.extend(map(self._socket.recv, (CHUNK,)))
        except ConnectionResetError:
            into.append(b"")  # it ended without having read everything
        return True

    def write(self, data: memoryview, taken: list[int]) -> None:
        """Write a piece, whatever the process does about SIGPIPE."""
        taken.extend(map(self._socket.send, (data[:PIECE],), (_QUIET,)))

    def cut(self) -> None:
        """Shut it down."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it once: the descriptor is the connection's."""
        self._socket.detach()
        self._connection.close()

    def __del__(self) -> None:
        if hasattr(self, "_socket"):
            self._socket.detach()


class PacketStream:
    """Any other connection; each packet holds some bytes of the stream."""

    __slots__ = ("_connection", "_is_cut")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_cut = False

    def read(self, into: list[bytes], timeout: float | None) -> bool:
        """Append a packet."""
        left = math.inf if timeout is None else timeout
        try:
            while not self._is_cut and not self._connection.poll(max(min(left, LOOK), 0)):
                left -= LOOK
                if left <= 0:
                    return False
            into.append(b"" if self._is_cut else self._connection.recv_bytes(PIECE))
        except (EOFError, OSError):  # among these a packet that is too long
            into.append(b"")
        return True

    def write(self, data: memoryview, taken: list[int]) -> None:
        """Write a packet."""
        piece = data[:PIECE]
        self._connection.send_bytes(piece)
        taken.append(len(piece))

    def cut(self) -> None:
        """Have who reads notice, soon; who writes is woken by the other end alone."""
        self._is_cut = True

    def close(self) -> None:
        """Close it."""
        self._connection.close()
