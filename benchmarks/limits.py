"""What a workflow engine is compared with: loops that anybody could write; nothing of gostage."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from benchmarks.measure import Subject

Step = Callable[[object], object]
Wrapper = Callable[[object], Generator[None, object, object]]

BARE = "bare loop"
HAND = "hand-written loop"
WRAPPED = "hand-written loop, a generator around each call"


@dataclass(frozen=True, slots=True)
class Limits:
    """The loops over a number of no-op steps."""

    steps: int

    def subjects(self) -> dict[str, Subject]:
        """Give back the loops to be measured beside an engine."""
        steps: list[Step] = [noop] * self.steps
        ctx = object()
        return {
            BARE: Subject(lambda: bare(steps, ctx), self.steps),
            HAND: Subject(lambda: _ignore(by_hand(steps, ctx)), self.steps),
        }

    def wrapped(self) -> dict[str, Subject]:
        """Give back the loop that shows what one generator around each call costs."""
        steps: list[Step] = [around(noop, passing)] * self.steps
        ctx = object()
        return {WRAPPED: Subject(lambda: _ignore(by_hand(steps, ctx)), self.steps)}


def noop(ctx: object) -> None:
    """Do nothing."""


def passing(ctx: object) -> Generator[None, object, object]:
    """Add nothing to what is inside."""
    return (yield)


def bare(steps: Sequence[Step], ctx: object) -> None:
    """Call every step, and know nothing afterwards."""
    for step in steps:
        step(ctx)


def by_hand(steps: Sequence[Step], ctx: object) -> list[tuple[str, float, float]]:
    """Call every step, and know afterwards how each one went: the least an engine has to do."""
    records: list[tuple[str, float, float]] = []
    for step in steps:
        started = time.perf_counter()
        try:
            step(ctx)
        except Exception:  # noqa: BLE001  # a step may raise what it likes; that is its status
            records.append(("failed", started, time.perf_counter()))
            break
        records.append(("completed", started, time.perf_counter()))
    return records


def around(step: Step, wrapper: Wrapper) -> Step:
    """Put one generator around a step, driven by hand."""

    def call(ctx: object) -> object:
        generator = wrapper(ctx)
        next(generator)
        try:
            try:
                value = step(ctx)
            except Exception as error:  # noqa: BLE001  # the wrapper is told, whatever it is
                generator.throw(error)
            else:
                generator.send(value)
        except StopIteration as end:
            return end.value
        raise RuntimeError("a wrapper yields once")

    return call


def _ignore(_: object) -> None:
    """Leave the records of a loop: a batch that gives back a number has taken its own time."""
