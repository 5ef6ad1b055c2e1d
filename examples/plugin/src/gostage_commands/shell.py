"""The shell: what runs commands in a folder; it knows neither stages nor settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Shell:
    """Runs one command after the other; none of them is read by a real shell."""

    folder: Path
    timeout: float

    def run(self, words: Sequence[str]) -> str:
        """Run a command and give what it prints; one that fails raises."""
        import subprocess  # 6 ms, which a `gostage` that runs no command need not spend

        done = subprocess.run(  # noqa: S603  # running what the project says is what this is for
            words,
            cwd=self.folder,
            timeout=self.timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            told = done.stdout.strip() or "it printed nothing"
            raise RuntimeError(f"{words[0]!r} ended with exit code {done.returncode}: {told}")
        return done.stdout
