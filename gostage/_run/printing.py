"""Printing: what children print, on its way to where this process prints; it starts no child."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    Stream = Literal["stdout", "stderr"]

STREAMS: Final[tuple[Stream, ...]] = ("stdout", "stderr")
"""Both that a child writes to."""
LONGEST: Final = 64 * 1024
"""How many characters a line may have before it is shown without its end."""


class Printer:
    """Shows what the children of one runner print."""

    def open(self, path: str) -> Sheet:
        """Begin with what a child prints for the step at a path."""
        del path  # who keeps what is printed wants to know it
        return Sheet()


class Sheet:
    """What one child prints for one piece of work.

    It is shown in whole lines, so that children side by side do not write into each other's.
    """

    def __init__(self) -> None:
        self._begun: dict[Stream, str] = {}

    def add(self, stream: Stream, text: str) -> None:
        """Show what has come, but for a line that has only begun."""
        text = self._begun.pop(stream, "") + text
        end = text.rfind("\n") + 1 if len(text) < LONGEST else len(text)
        if text[end:]:
            self._begun[stream] = text[end:]
        if text[:end]:
            self.show(stream, text[:end])

    def close(self, errors: Iterable[BaseException]) -> None:
        """Show the rest; what was printed belongs to these errors, if there are any."""
        del errors  # they are for who keeps it
        for stream, text in self._begun.items():
            self.show(stream, text)
        self._begun.clear()

    def show(self, stream: Stream, text: str) -> None:
        """Write it where this process writes; no child fails because nobody can read it."""
        out = sys.stdout if stream == "stdout" else sys.stderr
        if out is None:  # a program without a console has none
            return
        with suppress(OSError, ValueError):
            try:
                out.write(text)
            except UnicodeEncodeError:
                encoding = out.encoding or "ascii"
                out.write(text.encode(encoding, "backslashreplace").decode(encoding))
