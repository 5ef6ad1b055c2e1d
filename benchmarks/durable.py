"""What one durable step costs, next to the bare transactions that write the same bytes."""

from __future__ import annotations

import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Sample, Subject, measure
from benchmarks.peers.rows import durable_rows
from benchmarks.replay import heard, opened, recording, replay
from benchmarks.table import Row, Table
from gostage import Context, Runner, Stage, Workflow, action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.effort import Effort
    from benchmarks.replay import Recording
    from gostage import Action

STEPS: Final = {"FULL": 100, "NORMAL": 1_000}
"""As many as elsewhere, so that the beginning and the end of a run do not count; but a disk that is
waited for takes a second for a thousand commits."""
SHARE: Final = 3
"""How many times the usual rounds: a disk changes its mind from one second to the next, so what is
compared is short and close together."""
SETTINGS: Final = ("FULL", "NORMAL")
BARE: Final = "bare transactions, {}, {}"
RUN: Final = "gostage, {}, {}"
NOTES: Final = (
    "median, least: µs per step. ratio: times the bare transactions of the same bytes and setting.",
    "Bare: the statements and values of a run of gostage again, on a new file of the same schema,",
    "each step between BEGIN IMMEDIATE and COMMIT; gostage leaves these out where it can.",
)

COLUMNS: Final = ("what", "steps", "median", "least", "ratio", "gostage", "remark")
PEERS: Final = (
    "A peer has gostage beside it in its own process: `gostage` is its µs per step at the same"
    " setting, and the ratio is the peer's time in that of gostage."
)


@action
def noop(ctx: Context) -> None:
    """Do nothing."""


@action
def put(ctx: Context) -> None:
    """Write one key."""
    ctx.store["number"] = ctx.store.get("number", default=0) + 1


WORK: Final = {"no-op": noop, "one key written": put}


def durable_table(effort: Effort) -> Table:
    """Measure what is bare and what is not, side by side, and then the peers."""
    rows = (*_own_rows(effort), *durable_rows(effort))
    return Table("durable", "What one durable step costs", COLUMNS, rows, (*NOTES, PEERS))


def own_table(effort: Effort) -> Table:
    """Measure what is bare and what is not."""
    rows = tuple(_own_rows(effort))
    return Table("durable", "What one durable step costs", COLUMNS, rows, NOTES)


def _own_rows(effort: Effort) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        files = (Path(folder, f"{number}.db") for number in count())
        subjects: dict[str, Subject] = {}
        for setting in SETTINGS:
            for name, each in WORK.items():
                steps = STEPS[setting]
                workflow = staged(each, steps)
                recorded = _recorded(next(files), setting, workflow)
                bare, run = BARE.format(name, setting), RUN.format(name, setting)
                subjects[bare] = Subject(_bare(files, recorded), steps)
                subjects[run] = Subject(running(files, setting, workflow), steps)
        samples = measure(subjects, effort.rounds * SHARE)
    for name, sample in samples.items():
        yield _row(name, sample, samples[name.replace(RUN[:7], BARE[:17])])


def _row(name: str, sample: Sample, bare: Sample) -> Row:
    figures = {"median": sample.median * 1e6, "least": sample.least * 1e6}
    steps = STEPS[name.rpartition(" ")[2]]
    return {"what": name, "steps": steps, **figures, "ratio": sample.ratio(bare)}


def url_of(file: Path, setting: str) -> str:
    """Name a database file and how safe its commits are."""
    return f"sqlite:///{file}?synchronous={setting.lower()}"


def staged(each: Action, steps: int) -> Workflow:
    """Make a stage of so many of one action."""
    return Workflow("staged").add(Stage("stage", *[each] * steps))


def running(files: Iterator[Path], setting: str, workflow: Workflow) -> Callable[[], float]:
    """Run it in a new file; only the run itself is timed."""

    def once() -> float:
        with Runner(url_of(next(files), setting)) as runner:
            runner.run(BEFORE).raise_for_error()
            started = time.perf_counter()
            result = runner.run(workflow)
            seconds = time.perf_counter() - started
        result.raise_for_error()
        return seconds

    return once


BEFORE: Final = staged(noop, 1)
"""What is needed once, such as connections, is there after one run."""


def _recorded(file: Path, setting: str, workflow: Workflow) -> Recording:
    with heard() as calls:
        with Runner(url_of(file, setting)) as runner:
            runner.run(BEFORE).raise_for_error()
            before = len(calls)
            runner.run(workflow).raise_for_error()
            after = len(calls)
        return recording(file, calls[:before], calls[before:after])


def _bare(files: Iterator[Path], recorded: Recording) -> Callable[[], float]:
    def once() -> float:
        connection = opened(next(files), recorded)
        try:
            started = time.perf_counter()
            replay(connection, recorded.calls)
            return time.perf_counter() - started
        finally:
            connection.close()

    return once
