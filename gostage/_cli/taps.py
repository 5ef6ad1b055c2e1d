"""Taps: what is written to the standard streams passes here first; nothing is shown or kept here.

The streams stay the objects they are. So whoever holds one, as a log handler does that was made
while a module was imported, is heard like everybody else, and `buffer`, `fileno()`, `isatty()` and
`encoding` are those of the stream.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO


class Outlet(NamedTuple):
    """A stream as it is behind its tap."""

    stream: TextIO
    write: Callable[[str], int]
    is_terminal: bool

    @classmethod
    def of(cls, stream: TextIO) -> Outlet:
        """Remember how a stream is written to now."""
        return cls(stream, stream.write, stream.isatty())


class Taps:
    """Both standard streams, with somebody who keeps what is written and somebody who shows it.

    A process that was forked off writes straight to its streams: what it wrote would be kept and
    shown by nobody, and a lock may be held by a thread that it does not have.
    """

    def __init__(self) -> None:
        self.keep: Callable[[str], object] | None = None
        """Gets every text after it was written."""
        self.show: Callable[[Outlet, str], int] | None = None
        """Writes a text in place of the stream's own `write`."""
        self.is_midline = False
        """Whether what was last written to standard output has not ended its line."""
        self._tapped: list[tuple[Outlet, object]] = []
        self._users = 0
        self._lock = threading.Lock()

    def open(self) -> None:
        """Tap what are the standard streams now; one that cannot be tapped is left alone."""
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            for stream in dict.fromkeys((sys.stdout, sys.stderr)):
                if stream is not None and hasattr(stream, "__dict__"):
                    self._tap(Outlet.of(stream))

    def close(self) -> None:
        """The last user gives the streams their own `write` back, unless somebody else has it."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            tapped, self._tapped = self._tapped, []
        for outlet, tap in tapped:
            attributes = vars(outlet.stream)
            if attributes.get("write") is tap:
                del attributes["write"]
                if outlet.stream.write != outlet.write:  # somebody had it before
                    attributes["write"] = outlet.write

    def outlet(self, stream: TextIO) -> Outlet:
        """A way to write to a stream past its tap."""
        found = (each for each, _ in self._tapped if each.stream is stream)
        return next(found, None) or Outlet.of(stream)

    def _tap(self, outlet: Outlet) -> None:
        process = os.getpid()

        def write(text: str, /) -> int:
            if os.getpid() != process:
                return outlet.write(text)
            if text and outlet.stream is sys.stdout:
                self.is_midline = not text.endswith("\n")
            show, keep = self.show, self.keep
            count = outlet.write(text) if show is None else show(outlet, text)
            if keep is not None:
                keep(text)
            return count

        vars(outlet.stream)["write"] = write
        self._tapped.append((outlet, write))
