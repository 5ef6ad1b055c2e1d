"""The recorder: it runs one command in a pseudo-terminal and gives what stands on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from codecs import getincrementaldecoder
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, final

from docs.recordings.terminal import Terminal

if TYPE_CHECKING:
    from docs.recordings.terminal import Row

ROOT: Final = Path(__file__).resolve().parents[2]
LONGEST: Final = 60.0
"""Seconds that a command may take."""


class RecordingError(Exception):
    """A command that did not do what the scene says."""


@final
class Recording:
    """One command while it runs; leave it with `close`, whatever happened."""

    def __init__(self, words: tuple[str, ...], folder: Path, *, columns: int, rows: int) -> None:
        self.terminal = Terminal(columns, rows)
        self._master, slave = pty.openpty()
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        self._process = subprocess.Popen(  # noqa: S603 - the words are those of a scene
            [sys.executable, "-m", "gostage", *words],
            cwd=folder,
            env=_environment(),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._decoder = getincrementaldecoder("utf-8")()
        self._deadline = monotonic() + LONGEST

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._master)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def until(self, *texts: str) -> list[Row]:
        """Wait for texts to stand on the screen together; gives the rows at that moment."""
        while not all(text in self.terminal.text for text in texts):
            if not self._read():
                raise RecordingError(f"{texts!r} never came:\n{self.terminal.text}")
        return [list(row) for row in self.terminal.rows]

    def to_the_end(self, exit_code: int) -> list[Row]:
        """Wait for the command to end; gives the rows that it leaves."""
        while self._read():
            pass
        code = self._process.wait(LONGEST)
        if code != exit_code:
            raise RecordingError(f"it ended with {code}:\n{self.terminal.text}")
        return self.terminal.rows

    def _read(self) -> bool:
        """Take what has been written; false at the end."""
        ready, _, _ = select.select([self._master], [], [], self._deadline - monotonic())
        if not ready:
            raise RecordingError(f"it takes more than {LONGEST:g} s:\n{self.terminal.text}")
        try:
            data = os.read(self._master, 65536)
        except OSError:  # how Linux says that nobody has the other side any more
            data = b""
        self.terminal.feed(self._decoder.decode(data))
        return bool(data)


def _environment() -> dict[str, str]:
    """A terminal with colours, and nothing of the machine that could be seen."""
    kept = {name: value for name, value in os.environ.items() if name == "PATH"}
    return kept | {
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
    }
