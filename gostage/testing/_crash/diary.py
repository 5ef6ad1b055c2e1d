"""The diary: what one process did before it was killed, a file that outlives it.

Every line is appended with one call of the operating system, so that none is torn or lost when the
process is killed, and lines of several threads do not mix.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Diary:
    """Writes the lines of one process."""

    def __init__(self, file: Path) -> None:
        self._fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def close(self) -> None:
        """Write no more."""
        os.close(self._fd)

    def begin(self, seq: int) -> None:
        """Say how many commits there are before this process writes any."""
        self._add("begin", seq)

    def call(self, path: str, step_key: str, branch: int) -> None:
        """Say that a step is about to be called."""
        self._add("call", path, step_key, branch)

    def failed(self, path: str) -> None:
        """Say that a call has failed: it need not be written that it was made."""
        self._add("failed", path)

    def write(self, number: int, method: str, steps: Sequence[str]) -> None:
        """Say that something is about to be written, and what."""
        self._add("write", number, method, list(steps))

    def _add(self, *words: object) -> None:
        os.write(self._fd, (json.dumps(words) + "\n").encode())


@dataclass(slots=True)
class Page:
    """What the diary of one process says."""

    seq: int = 0
    """The number of the last commit before it began."""
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    """The path, the key and the branch of every step that was called."""
    failed: list[str] = field(default_factory=list)
    """The path of every call that has failed."""
    writes: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    """The number of each write, what it was, and the steps that it finishes."""


def read(file: Path) -> Page:
    """Read a diary; one that was never begun is empty."""
    page = Page()
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    for line in text.splitlines():
        kind, *rest = json.loads(line)
        if kind == "begin":
            page.seq = rest[0]
        elif kind == "call":
            page.calls.append((rest[0], rest[1], rest[2]))
        elif kind == "failed":
            page.failed.append(rest[0])
        else:
            page.writes.append((rest[0], rest[1], tuple(rest[2])))
    return page
