"""What does not grow in a database: with the steps a run has done, or with the runs that ended."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Subject, measure
from benchmarks.startup import starting
from benchmarks.table import Row, Table
from gostage import Context, Runner, Workflow, action, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.effort import Effort

Name = tuple[str, str]
"""What is measured, and which of the sizes it is."""
LOOP: Final = "resume a loop, {} steps done"
FLAT: Final = "resume a flat workflow, {} steps done"
RUNS: Final = "{}, among {} runs"
FEW: Final = "few"
MANY: Final = "many"
SMALL: Final = 100
PAGE: Final = 20
PURGED: Final = 100
NEWEST: Final = f"the {PAGE} newest runs"
CHOSEN: Final = f"{PAGE} runs by status, workflow and tag"
ONE: Final = "one run and its history"
COUNTS: Final = "counts"
DUE: Final = "due"
PURGE: Final = f"purge of {PURGED}"
LIST: Final = "gostage runs"
SHOW: Final = "gostage show"
FORGET: Final = "gostage gc, nothing to forget"
WORKS: Final = (NEWEST, CHOSEN, ONE, COUNTS, DUE, PURGE, LIST, SHOW, FORGET)
ROUNDS: Final = 7
ENDED: Final = 1_000_000.0
"""When the runs ended that are made by copying, in seconds since the epoch: long ago."""
NOTES: Final = (
    "of: how many steps or runs. median, least: ms. ratio: times the same with few of them.",
    "resume: from opening the file to the first new step, in a process that knows the workflow.",
    "A flat workflow has the same number of steps however many are done.",
    "purge: forget the 100 oldest; due: what a worker asks, which are due, and when the next is.",
)
# What a copy of the first run gets, in every table of which it has rows; `k` counts the copies.
_COPY_RUN: Final = (
    "INSERT INTO runs (no, id, workflow, status, created, ended, due, fence, stop, plan, tags,"
    " json, outcome) SELECT no + k, id || '-' || k, workflow, status, :ended, :ended, NULL, fence,"
    " stop, plan, tags, json, outcome FROM runs, copies WHERE no = 1"
)
_COPY_LOG: Final = (
    "INSERT INTO log SELECT id + (k << 32), at, position, events, changes FROM copies, log"
    " WHERE id >> 32 = 1"
)
_COPIES: Final = (
    _COPY_RUN,
    _COPY_LOG,
    "INSERT INTO tags SELECT tag, run + k FROM tags, copies WHERE run = 1",
    "INSERT INTO entries SELECT run + k, branch, key, seq FROM entries, copies WHERE run = 1",
)
_COUNTED: Final = (
    "WITH RECURSIVE copies (k) AS"
    " (SELECT :first UNION ALL SELECT k + 1 FROM copies WHERE k + 1 < :first + :count) "
)


def stored_table(effort: Effort) -> Table:
    """Measure the large beside the small."""
    sizes = {FEW: SMALL, MANY: effort.stored}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as text:
        folder = Path(text)
        rows = (*_resumed(folder, sizes, effort), *_listed(folder, sizes, effort))
    title = "What does not grow in a database"
    columns = ("what", "of", "median", "least", "ratio")
    return Table("stored", title, columns, rows, NOTES)


def _rows(subjects: Mapping[Name, Subject], sizes: Mapping[str, int], rounds: int) -> Iterator[Row]:
    named = {name.format(size): subject for (name, size), subject in subjects.items()}
    samples = measure(named, rounds)
    for name, size in subjects:
        sample, yardstick = samples[name.format(size)], samples[name.format(FEW)]
        yield {
            "what": name.format(size),
            "of": sizes[size],
            "median": sample.median * 1e3,
            "least": sample.least * 1e3,
            "ratio": sample.ratio(yardstick),
        }


# -------------------------------------------------------------------- resume


@action
def noop(ctx: Context) -> None:
    """Do nothing."""


@action
def count_down(ctx: Context) -> None:
    """Know how many passes are left."""
    ctx.store["left"] = ctx.store["left"] - 1


@action
def pause(ctx: Context) -> None:
    """Stop the run here the first time."""
    if not ctx.resuming:
        ctx.suspend("half way")


@action
def arrive(ctx: Context) -> None:
    """Say when the first new step began."""
    ctx.store["arrived"] = time.perf_counter()


def _is_over(ctx: Context) -> bool:
    return ctx.store.get("left", int) == 0


def _looping(size: int) -> Workflow:
    flow = Workflow(f"loop-{size}", initial={"left": size})
    flow.loop_until("passes", _is_over, steps().do("count", count_down))
    return flow.do("pause", pause).do("arrive", arrive)


def _flat(size: int, largest: int) -> Workflow:
    flow = Workflow(f"flat-{size}")
    for number in range(size):
        flow.do(f"step-{number}", noop)
    flow.do("pause", pause).do("arrive", arrive)
    for number in range(size, largest):
        flow.do(f"step-{number}", noop)
    return flow


def _resumed(folder: Path, sizes: Mapping[str, int], effort: Effort) -> Iterator[Row]:
    subjects: dict[Name, Subject] = {}
    for name in (LOOP, FLAT):
        for size, steps_done in sizes.items():
            is_loop = name == LOOP
            workflow = _looping(steps_done) if is_loop else _flat(steps_done, effort.stored)
            work = _resuming(folder / f"{workflow.id}.db", workflow)
            subjects[name, size] = Subject(work)
    yield from _rows(subjects, sizes, min(effort.rounds, ROUNDS))


def _resuming(file: Path, workflow: Workflow) -> Callable[[], float]:
    """Run up to the pause once; then resume a copy of the file each time."""
    globals()[workflow.id.replace("-", "_")] = workflow  # where another runner finds it again
    with Runner(f"sqlite:///{file}?synchronous=normal") as runner:
        run_id = runner.run(workflow).run_id

    def once() -> float:
        copy = file.with_suffix(".copy")
        shutil.copyfile(file, copy)
        started = time.perf_counter()
        with Runner(f"sqlite:///{copy}?synchronous=normal") as runner:
            result = runner.resume(run_id, detach=True)
        result.raise_for_error()
        return float(result.store["arrived"]) - started

    return once


# -------------------------------------------------------------------- many runs


@dataclass(frozen=True, slots=True)
class _File:
    """A file with one run that was run, its copies, and one that waits."""

    file: Path
    run_id: str
    runs: int

    def add(self, first: int, number: int) -> None:
        """Copy the run that was run."""
        values = {"first": first, "count": number, "ended": ENDED}
        connection = sqlite3.connect(self.file)
        with connection:
            for statement in _COPIES:
                head, _, select = statement.partition(" SELECT ")
                connection.execute(f"{head} {_COUNTED} SELECT {select}", values)
        connection.close()


def _made(file: Path, runs: int) -> _File:
    short = Workflow("short", tags=["nightly"]).do("noop", noop).do("arrive", arrive)
    globals()["short"] = short
    with Runner(f"sqlite:///{file}") as runner:
        run_id = runner.run(short).run_id
        runner.run(_looping(2))
        made = _File(file, run_id, runs)
        made.add(10, runs - 2)
    return made


def _listed(folder: Path, sizes: Mapping[str, int], effort: Effort) -> Iterator[Row]:
    with ExitStack() as stack:
        subjects: dict[Name, Subject] = {}
        commands: dict[Name, Subject] = {}
        for size, runs in sizes.items():
            file = _made(folder / f"runs-{size}.db", runs)
            runner = stack.enter_context(Runner(f"sqlite:///{file.file}"))
            for table, works in ((subjects, _works(file, runner)), (commands, _commands(file))):
                table |= {(RUNS.format(w, "{}"), size): Subject(work) for w, work in works.items()}
        yield from _rows(subjects, sizes, effort.rounds)
        yield from _rows(commands, sizes, effort.starts)


def _works(file: _File, runner: Runner) -> dict[str, Callable[[], float | None]]:
    database = runner.db
    if database is None:
        raise AssertionError("a runner with a file has a database")

    def polled() -> None:
        database.due(time.time(), PAGE)
        database.next_due()

    firsts = count(10 + file.runs, PURGED)

    def purged() -> float:
        file.add(next(firsts), PURGED)
        started = time.perf_counter()
        gone = database.purge(ENDED + 1, PURGED)
        seconds = time.perf_counter() - started
        if gone != PURGED:
            raise RuntimeError(f"{gone} runs were forgotten, not {PURGED}")
        return seconds

    return {
        NEWEST: lambda: _ignore(runner.runs(limit=PAGE)),
        CHOSEN: lambda: _ignore(
            runner.runs(limit=PAGE, status="completed", workflow="short", tag="nightly")
        ),
        ONE: lambda: _ignore(
            (runner.get(file.run_id), runner.history(file.run_id), runner.result(file.run_id))
        ),
        COUNTS: lambda: _ignore(database.counts()),
        DUE: polled,
        PURGE: purged,
    }


def _commands(file: _File) -> dict[str, Callable[[], None]]:
    where = ["--db", str(file.file)]
    return {
        LIST: starting(["-m", "gostage", "runs", *where]),
        SHOW: starting(["-m", "gostage", "show", file.run_id, *where]),
        FORGET: starting(["-m", "gostage", "gc", "--older-than", "90000d", *where]),
    }


def _ignore(_: object) -> None:
    """Leave what was read: a batch that gives back a number has taken its own time."""
