"""Processes that a test starts, kills, stops and lets go on; none of them outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.chaos.jobs import NOTES
from tests.hygiene.pages import plain_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOAK: Final = bool(os.environ.get("GOSTAGE_SOAK"))
HERE: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 60.0


def of(full: int, short: int) -> int:
    """How much to try: all of it in a soak, else as much as shows that it works."""
    return full if SOAK else short


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds, which others bring about."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.002)


@dataclass(frozen=True)
class Note:
    """One line that a step noted."""

    run_id: str
    pid: int
    step: str
    what: str


def size(folder: Path) -> int:
    """How many bytes have been noted."""
    try:
        return (folder / NOTES).stat().st_size
    except OSError:
        return 0


def notes(folder: Path, since: int = 0) -> list[Note]:
    """What the steps of all processes noted, in the order in which they did."""
    if not size(folder):
        return []
    with (folder / NOTES).open("rb") as file:
        file.seek(since)
        rows = [line.split() for line in file.read().decode().splitlines()]
    return [Note(row[0], int(row[1]), row[2], row[3]) for row in rows if len(row) == 4]


class Child:
    """One process that does a job."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery

    @property
    def is_done(self) -> bool:
        """Whether it has said what came of its job."""
        return self._file.exists()

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Wait for its end; gives its exit code."""
        code: int = self._nursery.ask({"wait": self.pid})
        self._nursery.alive.discard(self.pid)
        return code

    # Any: what the job gives.
    def result(self) -> Any:
        """What its job gave, once it has ended."""
        self.wait()
        told = json.loads(self._file.read_text(encoding="utf-8"))
        assert "error" not in told, told["error"]
        return told["gives"]

    @property
    def _file(self) -> Path:
        return self._nursery.folder / f"{self.pid}.json"


class Nursery:
    """Where processes are started that have everything imported already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.alive: set[int] = set()
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "tests" / "chaos" / "nursery.py"), str(HERE)],
            cwd=folder,
            env=plain_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def start(self, job: str, *args: object) -> Child:
        """Have a new process do a job."""
        child = Child(self, self.ask({"start": job, "args": args}))
        self.alive.add(child.pid)
        return child

    # Any: an answer.
    def ask(self, order: dict[str, Any]) -> Any:
        """Tell it something, and hear what comes of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it, and whatever it has started."""
        for pid in self.alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in list(self.alive):
            with suppress(ValueError):
                self.ask({"wait": pid})
        self._process.communicate()


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """Have a nursery for as long as a test takes."""
    made = Nursery(folder)
    try:
        yield made
    finally:
        made.close()
