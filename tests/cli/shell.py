"""The command as a user has it: a subprocess in a folder of its own; it knows no test."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.hygiene.pages import plain_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


def gostage(
    *words: str, folder: Path, env: Mapping[str, str | None] | None = None, encoding: str = "utf-8"
) -> Done:
    """Run `gostage` with these words; a variable that is None is not in its environment."""
    done = subprocess.run(
        [sys.executable, "-m", "gostage", *words],
        cwd=folder,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding=encoding,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Make the environment of a subprocess, with changes."""
    merged = {**plain_environment(), **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


@contextmanager
def started(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command; whatever is left of it afterwards is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gostage", *words],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
