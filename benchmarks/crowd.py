"""Many short runs of several processes on one file: how many a second, and how long each waits.

`python -m benchmarks.crowd URL RUNS FILE` is one of the processes: it begins when it reads a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.table import Row, Table
from gostage import Context, Runner, Workflow, action
from gostage.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.effort import Effort

PROCESSES: Final = (1, 4, 16)
SETTINGS: Final = ("FULL", "NORMAL")
NAME: Final = "{} processes, {}"
ROOT: Final = Path(__file__).resolve().parents[1]
COLUMNS: Final = ("what", "runs", "each second", "p50", "p99", "longest", "lost", "errors")
NOTES: Final = (
    "p50, p99, longest: ms from the start of a run to its end. A run is five commits, for 3 steps.",
    "lost: runs that the file does not know as completed. errors: of the database, such as a lock.",
)


@action
def noop(ctx: Context) -> None:
    """Do nothing."""


@action
def put(ctx: Context) -> None:
    """Write one key."""
    ctx.store["number"] = 1


SHORT: Final = Workflow("short").do("begin", noop).do("put", put).do("end", noop)


def crowd_table(effort: Effort) -> Table:
    """Have the same number of runs shared by one process, by some and by many."""
    rows = tuple(_rows(effort.crowd))
    return Table("crowd", "Short runs of several processes on one file", COLUMNS, rows, NOTES)


def _rows(runs: int) -> Iterator[Row]:
    for setting in SETTINGS:
        for processes in PROCESSES:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                yield _row(Path(folder), setting, processes, runs)


def _row(folder: Path, setting: str, processes: int, runs: int) -> Row:
    url = f"sqlite:///{folder / 'runs.db'}?synchronous={setting.lower()}"
    with Runner(url) as runner:
        seconds, found = _shared(folder, url, processes, runs // processes)
        database = runner.db
        completed = 0 if database is None else database.counts().get("completed", 0)
    times = sorted(chain.from_iterable(each["times"] for each in found))
    done = processes * (runs // processes)
    return {
        "what": NAME.format(processes, setting),
        "runs": done,
        "each second": done / seconds,
        "p50": _part(times, 0.50) * 1e3,
        "p99": _part(times, 0.99) * 1e3,
        "longest": times[-1] * 1e3 if times else None,
        "lost": float(done - completed),
        "errors": float(sum(each["errors"] for each in found)),
    }


def _part(times: Sequence[float], part: float) -> float:
    return times[min(len(times) - 1, int(len(times) * part))] if times else 0.0


# Any: what JSON holds.
def _shared(
    folder: Path, url: str, processes: int, runs: int
) -> tuple[float, list[dict[str, Any]]]:
    """Start all of them, have them begin at once, and give back what they found."""
    files = [folder / f"{number}.json" for number in range(processes)]
    words = [sys.executable, "-m", "benchmarks.crowd", url, str(runs)]
    children = [
        subprocess.Popen(
            [*words, str(file)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for file in files
    ]
    for child in children:
        assert child.stdout is not None  # for the types: it is a pipe
        child.stdout.readline()
    started = time.perf_counter()
    for child in children:
        assert child.stdin is not None  # as above
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        child.communicate()
    seconds = time.perf_counter() - started
    return seconds, [json.loads(file.read_text(encoding="utf-8")) for file in files]


def _take_part(url: str, runs: str, file: str) -> None:
    times: list[float] = []
    errors = 0
    with Runner(url) as runner:
        runner.runs(limit=1)
        print(flush=True)
        sys.stdin.readline()
        for _ in range(int(runs)):
            started = time.perf_counter()
            try:
                runner.run(SHORT).raise_for_error()
            except DatabaseError:
                errors += 1
            times.append(time.perf_counter() - started)
    Path(file).write_text(json.dumps({"times": times, "errors": errors}), encoding="utf-8")


if __name__ == "__main__":
    _take_part(*sys.argv[1:])
