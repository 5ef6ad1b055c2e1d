"""What a child writes: its last 64 kB per stream, read as it comes, so that it never waits."""

from __future__ import annotations

import codecs
import os
import sys
import threading
from typing import Final

KEPT: Final = 64 * 1024
"""How many of a stream's last bytes are kept."""


class Tail:
    """The parent's end of a pipe that a child writes text to; it closes it."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self._lock = threading.Lock()
        self._is_open = True
        self._kept = bytearray()
        self._cut_off = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def has_kept(self) -> bool:
        """Whether something was read that nobody has taken."""
        with self._lock:
            return bool(self._kept)

    def read(self) -> bool:
        """Read what is there, without waiting; false at the end of the stream."""
        with self._lock:
            return self._is_open and self._read_once()

    def take(self) -> str:
        """What was written since it was last asked for, up to now."""
        with self._lock:
            if self._is_open:
                self._read_what_waits()
            return self._taken()

    def close(self) -> None:
        """Close the descriptor; what was read before can still be taken."""
        with self._lock:
            if self._is_open:
                self._read_what_waits()
                self.abandon()

    def abandon(self) -> None:
        """Close the descriptor in a forked copy, where the lock may be held for good."""
        if self._is_open:
            self._is_open = False
            os.close(self.descriptor)

    def _read_once(self) -> bool:
        try:
            data = os.read(self.descriptor, KEPT)
        except BlockingIOError:
            return True
        self._kept += data
        if len(self._kept) > 4 * KEPT:
            self._cut()
        return bool(data)

    def _read_what_waits(self) -> None:
        # As much as there is now: a child that never stops writing must not hold us here.
        left = _waiting(self.descriptor)
        while left > 0 and self._read_once():
            left -= KEPT

    def _cut(self) -> None:
        self._cut_off += len(self._kept)
        del self._kept[:-KEPT]
        while self._kept and 0x80 <= self._kept[0] < 0xC0:
            del self._kept[0]  # the rest of a character whose beginning is gone
        self._cut_off -= len(self._kept)
        self._decoder.reset()

    def _taken(self) -> str:
        if len(self._kept) > KEPT:
            self._cut()
        text = self._decoder.decode(bytes(self._kept), final=not self._is_open)
        self._kept.clear()
        if not self._cut_off:
            return text
        cut, self._cut_off = self._cut_off, 0
        return f"… the first {cut} bytes are not kept\n{text}"


def _waiting(descriptor: int) -> int:
    import fcntl  # neither exists on Windows
    import termios

    raw = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4)
    return int.from_bytes(raw, sys.byteorder)
