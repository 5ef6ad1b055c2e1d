"""What does not grow: the cost of an action with their number, the position with the passes."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Subject, measure
from benchmarks.table import Row, Table
from gostage import Context, Result, Runner, Stage, Workflow, action, run, steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.effort import Effort

BUILD: Final = "build"
FIRST: Final = "first run"
RUN: Final = "another run"
RESUME: Final = "stop half way and resume"
ROUNDS: Final = 5
"""At most: a round of the largest size takes seconds."""


@action
def noop(ctx: Context) -> None:
    """Do nothing."""


@action
def pause(ctx: Context) -> None:
    """Stop the run here the first time."""
    if not ctx.resuming:
        ctx.suspend("half way")


def growth_table(effort: Effort) -> Table:
    """Measure the same work at several sizes, side by side."""
    tasks = {BUILD: _building, FIRST: _running_new, RUN: _running, RESUME: _resuming}
    subjects = {
        (task, size): Subject(make(size), size)
        for task, make in tasks.items()
        for size in effort.sizes
    }
    named = {f"{task} {size}": subject for (task, size), subject in subjects.items()}
    samples = measure(named, min(effort.rounds, ROUNDS))
    rows: list[Row] = []
    for task, size in subjects:
        sample, yardstick = samples[f"{task} {size}"], samples[f"{task} {effort.sizes[0]}"]
        figures = {"median": sample.median * 1e6, "least": sample.least * 1e6}
        name = f"{task}, {size:,}"
        rows.append({"what": name, **figures, "ratio": sample.ratio(yardstick)})
    return Table(
        "growth",
        "What one action costs among many",
        ("what", "median", "least", "ratio"),
        tuple(rows),
        (f"median, least: µs per action. ratio: times the cost among {effort.sizes[0]:,}.",),
    )


def position_table(effort: Effort) -> Table:
    """Weigh the position of a loop after some passes, as the JSON that `apply` gives back."""
    sizes = _weigh(effort.passes)
    first = sizes[0]
    rows: tuple[Row, ...] = tuple(
        {"passes": f"{passes:,}", "bytes": size, "more": size - first}
        for passes, size in zip(effort.passes, sizes, strict=True)
    )
    return Table(
        "position",
        "How large a position is after a number of passes",
        ("passes", "bytes", "more"),
        rows,
        ("more: bytes more than in the first row.",),
    )


def _stage(size: int) -> Workflow:
    return Workflow("growth").add(Stage("stage", *[noop] * size))


def _building(size: int) -> Callable[[], None]:
    def build() -> None:
        _stage(size)

    return build


def _running_new(size: int) -> Callable[[], float]:
    def once() -> float:
        workflow = _stage(size)
        started = time.perf_counter()
        result = run(workflow)
        seconds = time.perf_counter() - started
        _check(result)
        return seconds

    return once


def _running(size: int) -> Callable[[], None]:
    workflow = _stage(size)
    return lambda: _check(run(workflow))


def _resuming(size: int) -> Callable[[], None]:
    half = [noop] * (size // 2)
    workflow = Workflow("growth").add(Stage("stage", *half, pause, *half))
    return partial(_stop_and_resume, workflow)


def _stop_and_resume(workflow: Workflow) -> None:
    with Runner() as runner:
        stopped = runner.run(workflow)
        result = runner.resume(stopped.run_id)
    _check(result)
    if stopped.status != "waiting" or result.status != "completed":
        raise RuntimeError(f"the run was {stopped.status}, then {result.status}")


def _check(result: Result) -> None:
    """See to it that what was measured is work that was done."""
    result.raise_for_error()


def _weigh(passes: tuple[int, ...]) -> list[int]:
    """Go on single step by single step, and weigh after the passes that are asked for."""
    done = 0

    def count(ctx: Context) -> None:
        nonlocal done
        done += 1

    def is_over(ctx: Context) -> bool:
        return done > passes[-1]

    flow = Workflow("loop").loop_until("passes", is_over, steps().do("pass", count))
    state = None
    sizes: list[int] = []
    for each in passes:
        while done < each:
            state = flow.apply(state)
        sizes.append(len(json.dumps(state, separators=(",", ":"))))
    return sizes
