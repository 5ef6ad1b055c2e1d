"""What one action costs, beside the loops and the peers; it judges nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from benchmarks.limits import HAND, WRAPPED, Limits, passing
from benchmarks.measure import Sample, Subject, measure
from benchmarks.peers.rows import peer_rows
from benchmarks.table import Row, Table
from gostage import Action, Context, Result, Stage, Workflow, action, arun, run

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from benchmarks.effort import Effort
    from benchmarks.measure import Work

RUN: Final = "gostage.run"
FIRST: Final = "gostage.run, the first of a workflow"
ON_STAGE: Final = "gostage.run, {} around the stage"
ON_ACTION: Final = "gostage.run, {} around each action"
LAYERS: Final = (1, 2, 3)
COLUMNS: Final = ("what", "steps", "median", "least", "ratio", "adds", "durable", "remark")
NOTES: Final = (
    f"median, least: µs per no-op step. ratio: times the {HAND}.",
    "What a workflow keeps from run to run is made in the first one; the other rows run it again.",
    "adds: µs that each middleware adds to one action, over the row without any.",
    "A peer is compared with the loop in its own process; a durable one also writes each step.",
)


@action
def noop(ctx: Context) -> None:
    """Do nothing."""


@action
async def async_noop(ctx: Context) -> None:
    """Do nothing, asynchronously."""


def inside() -> Generator[None, object, object]:
    """Add nothing to the stage that is inside."""
    return (yield)


def action_table(effort: Effort) -> Table:
    """Measure loops, gostage and every peer that is installed."""
    rows = (*_own_rows(effort), *peer_rows(effort))
    return Table("actions", "What one action costs", COLUMNS, rows, NOTES)


def own_table(effort: Effort) -> Table:
    """Measure loops and gostage."""
    return Table("actions", "What one action costs", COLUMNS, tuple(_own_rows(effort)), NOTES[:3])


def peer_table(effort: Effort) -> Table:
    """Measure every peer that is installed."""
    columns = tuple(column for column in COLUMNS if column != "adds")
    notes = (NOTES[0], NOTES[3])
    return Table("peers", "What one step of a peer costs", columns, tuple(peer_rows(effort)), notes)


def _own_rows(effort: Effort) -> list[Row]:
    samples = measure(_subjects(effort.actions), effort.rounds)
    base = {WRAPPED: samples[HAND]}
    layers = {WRAPPED: 1}
    for count in LAYERS:
        name = ON_ACTION.format(count)
        base[name], layers[name] = samples[RUN], count
    return [
        {
            "what": name,
            "steps": effort.actions,
            "median": sample.median * 1e6,
            "least": sample.least * 1e6,
            "ratio": sample.ratio(samples[HAND]),
            "adds": _added(sample, base.get(name), layers.get(name, 1)),
        }
        for name, sample in samples.items()
    ]


def _added(sample: Sample, base: Sample | None, layers: int) -> float | None:
    return sample.surplus(base) * 1e6 / layers if base else None


def _subjects(count: int) -> dict[str, Subject]:
    limits = Limits(count)
    work: Mapping[str, Work] = {
        RUN: _running(_staged(count, noop)),
        FIRST: _running_new(count),
        **{ON_STAGE.format(n): _running(_staged(count, noop, around=n)) for n in LAYERS},
        **{ON_ACTION.format(n): _running(_staged(count, _wrapped(n))) for n in LAYERS},
        "gostage.run, steps": _running(_chain(count)),
        "gostage.run, async actions": _running(_staged(count, async_noop)),
        "gostage.arun": _running_async(_staged(count, noop)),
        "gostage.arun, async actions": _running_async(_staged(count, async_noop)),
    }
    ours = {name: Subject(each, count) for name, each in work.items()}
    return {**limits.subjects(), **limits.wrapped(), **ours}


def _wrapped(layers: int) -> Action:
    return noop.options(use=[passing] * layers)


def _staged(count: int, each: Action, around: int = 0) -> Workflow:
    stage = Stage("stage", *[each] * count)
    for _ in range(around):
        stage.use(inside)
    return Workflow("staged").add(stage)


def _chain(count: int) -> Workflow:
    workflow = Workflow("chain")
    for i in range(count):
        workflow.do(f"step-{i}", noop)
    return workflow


def _running(workflow: Workflow) -> Callable[[], None]:
    return lambda: _check(run(workflow))


def _running_new(count: int) -> Callable[[], float]:
    def once() -> float:
        workflow = _staged(count, noop)
        started = time.perf_counter()
        result = run(workflow)
        seconds = time.perf_counter() - started
        _check(result)
        return seconds

    return once


def _running_async(workflow: Workflow) -> Callable[[], None]:
    return lambda: _check(asyncio.run(arun(workflow)))


def _check(result: Result) -> None:
    """See to it that what was measured is work that was done."""
    result.raise_for_error()
