"""A link: one end of a connection, which carries frames; what they mean is no business of it."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from gostage._spawn.stream import stream_of
from gostage._spawn.wire import KINDS, WireError, decode, encode

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gostage._spawn.stream import Connection, Stream
    from gostage._spawn.wire import Frame

BATCH: Final = 65_536
"""Bytes of small frames that are written together."""
PATIENCE: Final = 0.005
"""Seconds for which a frame may wait for others to come along."""
LIMIT: Final = 1 << 30
"""Bytes of the largest frame that is received."""
GOODBYE: Final = 1.0
"""Seconds for which closing waits for another thread that writes."""

_CLOSED: Final = "this end was closed"
_NO_BYTES: Final = memoryview(b"")


class LinkLost(Exception):
    """The other end is gone, or this one was closed."""


class Link:
    """One end of a connection, any thread may use; `accepts` are the kinds that are received.

    A frame above `limit`, in bytes, is not received, however far it may go on.
    """

    def __init__(
        self, connection: Connection, *, limit: int = LIMIT, accepts: Collection[str] = KINDS
    ) -> None:
        self._stream = stream_of(connection)
        self.descriptor: Final = connection.fileno()
        """What can be read when something has come."""
        self._accepts = accepts
        self._pid = os.getpid()
        self._lost: str | None = None
        """Why nothing can be sent any more."""
        self._waiting: deque[bytes] = deque()
        self._size = 0  # of what waits, about: threads do not wait for each other to count
        self._job: tuple[memoryview, list[int]] = (_NO_BYTES, [])
        """What is being written, and how many bytes of it were taken each time."""
        # Reentrant: the handler of a signal may send while its thread does.
        self._writing = threading.RLock()
        self._is_writing = False
        self._written = 0.0
        self._ticks: SimpleQueue[bool] = SimpleQueue()
        self._is_due = False
        self._has_thread = False
        self._incoming = _Incoming(limit)
        self._reading = threading.Lock()
        self._is_closed = False

    # ---------------------------------------------------------------- sending

    # Any: JSON of any shape.
    def send(self, kind: str, data: Mapping[str, Any], *, flush: bool = True) -> None:
        """Send a frame; without `flush` it may wait a moment for others to come along.

        Frames arrive in the order in which they are sent. It waits for an end that is slow to
        receive, and raises LinkLost for one that is gone.
        """
        payload = encode(kind, data)
        if self._lost is not None:
            raise LinkLost(self._lost)
        self._waiting.append(payload)
        self._size += len(payload)
        if flush or self._size >= BATCH:
            self.flush()
        elif not self._is_due:
            self._flush_soon()

    def flush(self) -> None:
        """Send everything that waits."""
        if os.getpid() != self._pid:
            raise LinkLost("this process is a copy of the one that has the link")
        while self._lost is None and (self._waiting or self._left()):
            with self._writing:
                if self._is_writing:
                    return  # in the handler of a signal: what it came in between goes on with this
                self._is_writing = True
                try:
                    self._drain()
                except OSError as error:
                    self._lose(f"the other end is gone ({error.strerror or error})")
                finally:
                    self._is_writing = False
        if self._lost is not None:
            raise LinkLost(self._lost)

    def _drain(self) -> None:
        while self._lost is None:
            view, taken = self._job
            left = len(view) - sum(taken)
            if left:
                self._stream.write(view[-left:], taken)
            elif self._waiting:
                self._job = (memoryview(self._batch()), [])
            else:
                break
        self._job = (_NO_BYTES, [])
        self._written = time.monotonic()

    def _left(self) -> int:
        view, taken = self._job
        return len(view) - sum(taken)

    def _batch(self) -> bytes:
        """Take small frames together, and a large one as it is."""
        self._size = 0
        batch = [self._waiting.popleft()]
        size = len(batch[0])
        while self._waiting and size < BATCH:
            batch.append(self._waiting.popleft())
            size += len(batch[-1])
        return batch[0] if len(batch) == 1 else b"".join(batch)

    def _lose(self, why: str) -> None:
        if self._lost is None:
            self._lost = why
        self._waiting.clear()

    def _flush_soon(self) -> None:
        """Send what waits if nothing was sent for a while, else have it sent in a moment."""
        if time.monotonic() - self._written >= PATIENCE:
            self.flush()
            return
        if not self._has_thread:
            self._has_thread = True
            try:
                threading.Thread(target=self._flush_late, name="gostage-link", daemon=True).start()
            except RuntimeError:  # the process may have no more threads, or is about to end
                self._has_thread = False
                self.flush()
                return
        self._is_due = True
        self._ticks.put(True)

    def _flush_late(self) -> None:
        while self._ticks.get():
            time.sleep(PATIENCE)
            self._is_due = False  # before it looks: who comes now asks for another time
            try:
                self.flush()
            except LinkLost:
                return  # whoever sends next hears of it

    # ---------------------------------------------------------------- receiving

    def receive(self, timeout: float | None = None) -> Frame | None:
        """Receive the next frame; None if there was none in time.

        Raises LinkLost when the other end is gone and everything that it sent has been received,
        and WireError for what is no frame of a kind that is accepted.
        """
        until = None if timeout is None else time.monotonic() + timeout
        if not self._reading.acquire(timeout=-1 if timeout is None else max(timeout, 0)):
            return None
        try:
            line = self._incoming.next()
            while line is None:
                if self._is_closed:
                    raise LinkLost(_CLOSED)
                left = None if until is None else until - time.monotonic()
                if not self._incoming.read(self._stream, left):
                    return None
                line = self._incoming.next()
        finally:
            self._reading.release()
        return decode(line, self._accepts)

    # ---------------------------------------------------------------- the end

    def close(self) -> None:
        """Send what waits, wake who waits, and close this end; again does no harm."""
        if self._is_closed:
            return
        self._is_closed = True
        self._ticks.put(False)
        if os.getpid() == self._pid:  # else it would be cut for the process this is a copy of
            if self._writing.acquire(timeout=GOODBYE):
                try:
                    self.flush()
                except LinkLost:
                    pass
                finally:
                    self._writing.release()
            self._stream.cut()
        with self._writing, self._reading:
            self._lose(_CLOSED)
            self._stream.close()


class _Incoming:
    """What has been read: lines that are complete, and what there is of the next one."""

    __slots__ = ("_begun", "_chunks", "_limit", "_lines", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: list[bytes] = []
        self._lines: deque[bytes] = deque()
        self._begun: list[bytes] = []
        self._size = 0

    def next(self) -> bytes | None:
        """The next complete line, if there is one."""
        if not self._lines:
            return None
        if len(self._lines[0]) > self._limit:
            raise self._too_large()
        return self._lines.popleft()

    def read(self, stream: Stream, timeout: float | None) -> bool:
        """Read once; false if there was nothing in time, LinkLost if there will be nothing."""
        if self._size > self._limit:
            raise self._too_large()
        if not self._chunks and not stream.read(self._chunks, timeout):
            return False
        if not self._chunks[0]:
            raise LinkLost(
                "the other end is gone, in the middle of a frame"
                if self._begun
                else "the other end is gone"
            )
        self._take(self._chunks.pop())
        return True

    def _take(self, chunk: bytes) -> None:
        first, *others = chunk.split(b"\n")
        if first:
            self._begun.append(first)
            self._size += len(first)
        if others:
            self._lines.append(b"".join(self._begun))
            self._begun, self._size = [], 0
            *complete, last = others
            self._lines.extend(complete)
            if last:
                self._begun.append(last)
                self._size = len(last)

    def _too_large(self) -> WireError:
        return WireError(f"a frame is larger than {self._limit} bytes")
