"""The screen: where lines go, and whether they have colours; it knows nothing of runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from rich.console import Console

    from gostage._app.lines import Line, Style

_CODES: Final[dict[Style, str]] = {
    "plain": "",
    "good": "32",
    "bad": "31",
    "quiet": "2",
    "strong": "1",
    "notable": "33",
}
DUMB: Final = frozenset({"dumb", "unknown"})
"""What TERM says of terminals that know no codes."""

# For terminals and files that cannot show the marks.
_PLAIN_MARKS: Final = str.maketrans(
    "✓✗–·…├└│─■•□◇↻║○“”",  # noqa: RUF001  # a dash among them
    '+x-..|`|-#*+?@&o""',
)


def wants_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colours belong on a stream: what the environment says, then who looks at it."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    if environ.get("TERM") == "dumb" or environ.get("CI"):
        return False
    return stream.isatty()


class Screen:
    """Shows lines on a stream."""

    def __init__(self, stream: TextIO, *, has_color: bool) -> None:
        self._stream = stream
        self._has_color = has_color and wants_color(stream, os.environ)

    def show(self, lines: Iterable[Line]) -> None:
        """Write lines; a reader that has gone away is no error."""
        try:
            for line in lines:
                self._stream.write(fitting(self._rendered(line), self._stream.encoding) + "\n")
            self._stream.flush()
        except BrokenPipeError:
            let_go(self._stream)

    def _rendered(self, line: Line) -> str:
        if not self._has_color:
            return "".join(span.text for span in line).rstrip()
        return "".join(painted(span.text, span.style) for span in line)


def fitting(text: str, encoding: str | None) -> str:
    """Replace what an encoding does not have, the marks by plain ones of the same width."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(_PLAIN_MARKS)
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    return text


def rich_console(
    stream: TextIO | None = None, *, has_color: bool, size: tuple[int, int] | None = None
) -> Console:
    """Make a console of rich that follows the same rules; `size` is width and height."""
    from rich.console import Console  # 36 ms, where something is shown with it

    stream = sys.stdout if stream is None else stream
    has_color = has_color and wants_color(stream, os.environ)
    is_terminal = stream.isatty()
    width, height = size or (None, None)
    return Console(
        file=stream,
        # To rich, FORCE_COLOR makes a file a terminal; colours alone are meant here.
        force_terminal=has_color or is_terminal,
        force_interactive=is_terminal and os.environ.get("TERM") not in DUMB,
        color_system=("auto" if is_terminal else "standard") if has_color else None,
        no_color=not has_color,
        highlight=False,
        width=width,
        height=height,
    )


def painted(text: str, style: Style) -> str:
    """Give a text the codes of a style."""
    code = _CODES[style]
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def let_go(stream: TextIO) -> None:
    """Send the rest nowhere, so that Python does not complain about it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    if stream is sys.stdout:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
