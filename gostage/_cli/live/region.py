"""The region: lines at the bottom of a terminal that are drawn again and again.

It knows nothing of runs. The cursor stands above the region, where the next line of others
belongs, and is never hidden: whatever anybody writes is seen, a terminal that changes its size
moves it along, and a process that is killed leaves nothing to mend. Who writes through the taps
wipes the region first. It is drawn again when their line has ended, so that a progress bar or a
question of theirs has the terminal to itself; so has a program that was lent it.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gostage._cli.screen import fitting, rich_console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from gostage._app.lines import Line, Style
    from gostage._cli.taps import Outlet

_STYLES: Final[dict[Style, str]] = {
    "plain": "",
    "good": "green",
    "bad": "red",
    "quiet": "dim",
    "strong": "bold",
    "notable": "yellow",
}
_WIPE: Final = "\r\x1b[J"  # from the cursor's line to the end of the screen
_PATIENCE: Final = 0.2  # seconds
_INVISIBLE: Final = re.compile(r"(?:\x1b\[[?0-9;]*[mhl])+\Z")
"""Colours and the like, which may follow the end of a line."""


class Region:
    """Draws on the terminal behind an outlet."""

    def __init__(
        self, outlet: Outlet, *, has_color: bool, size: tuple[int, int] | None = None
    ) -> None:
        self._outlet = outlet
        self._has_color = has_color
        self._size = size
        self._console: Console | None = None
        self._lock = threading.RLock()
        self._is_drawn = False
        self._is_line_open = False
        self._asides = 0
        self._is_lent: Callable[[], bool] | None = None

    @property
    def height(self) -> int:
        """How many lines there is room for."""
        return max(1, self._made_console().size.height - 1)

    # ---------------------------------------------------------------- its own lines

    def draw(self, lines: Sequence[Line]) -> None:
        """Put these lines in the place of those that stand there, unless others are writing."""
        with self._lock:
            if self._is_line_open or self._asides:
                return
            start = ""
            if self._is_lent is not None:
                if self._is_lent():
                    return
                self._is_lent = None
                # Who had it may have left a line open. From its beginning, this fills just one;
                # from further on it fills the rest of it, and leads to the next.
                start = " " * self._made_console().size.width
            body = "".join(f"\n{line}\x1b[K" for line in self._painted(lines))
            self._write(f"{start}\r\x1b[K{body}\x1b[J\r\x1b[{len(lines)}A")
            self._is_drawn = True

    def clear(self) -> None:
        """Wipe the lines away."""
        with self._lock:
            if self._is_drawn:
                self._is_drawn = False
                self._write(_WIPE)

    # ---------------------------------------------------------------- what others write

    def show(self, outlet: Outlet, text: str) -> int:
        """Write for somebody else; what goes to a file is none of the region's business."""
        if not outlet.is_terminal:
            return outlet.write(text)
        with self._lock:
            self.clear()
            count = outlet.write(text)
            if text:
                self._is_line_open = not _INVISIBLE.sub("", text).endswith(("\n", "\r"))
            return count

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to somebody who reads from it."""
        with self._lock:
            self.clear()
            self._asides += 1
        try:
            yield
        finally:
            with self._lock:
                self._asides -= 1
                self._is_line_open = False  # whoever was asked has ended the line

    def lend(self, is_lent: Callable[[], bool]) -> None:
        """Leave the terminal to other programs as long as this is so."""
        with self._lock:
            self.clear()
            self._is_lent = is_lent

    def tell(self, message: bytes) -> None:
        """Write a message to standard error, come what may: no lock is waited for very long.

        Whoever types Ctrl-C sees `^C` where the cursor stands; it is wiped away.
        """
        is_mine = self._lock.acquire(timeout=_PATIENCE)
        try:
            if self._is_drawn:
                os.write(self._outlet.stream.fileno(), _WIPE.encode())
                self._is_drawn = False
            os.write(2, message)
            self._is_line_open = False
        finally:
            if is_mine:
                self._lock.release()

    # ---------------------------------------------------------------- inside

    def _write(self, text: str) -> None:
        self._outlet.write(fitting(text, self._outlet.stream.encoding))
        self._outlet.stream.flush()

    def _painted(self, lines: Sequence[Line]) -> Iterator[str]:
        from rich.text import Text  # 10 ms, where there is a live view

        console, encoding = self._made_console(), self._outlet.stream.encoding
        width = console.size.width - 1  # to fill the last column makes some terminals go on
        for line in lines:
            text = Text(end="")
            for span in line:
                text.append(fitting(span.text, encoding), _STYLES[span.style])
            text.truncate(width, overflow="ellipsis")
            with console.capture() as captured:
                console.print(text, no_wrap=True, crop=False, end="")
            yield captured.get()

    def _made_console(self) -> Console:
        if self._console is None:
            # 36 ms for rich, where there is a live view.
            self._console = rich_console(
                self._outlet.stream, has_color=self._has_color, size=self._size
            )
        return self._console
