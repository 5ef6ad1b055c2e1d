"""The measurement: several subjects in turn, round after round; what they do is not its business.

A shared machine is twice as slow in one second as in the next, so nothing is measured alone.
Each round runs every subject once, and a ratio compares two times of one round; the figure is the
median of the rounds. The garbage collector stays on, as it is when work is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from random import Random
from statistics import median
from typing import Final

Work = Callable[[], "float | None"]
"""Does one batch; a number is the seconds it took, where the call does more than the batch."""

# A batch shorter than this is repeated within its round: its time would be that of the caches.
SHORTEST: Final = 0.002


@dataclass(frozen=True, slots=True)
class Sample:
    """What one subject took per unit, in seconds, one time for each round."""

    times: tuple[float, ...]

    @property
    def median(self) -> float:
        """The time to go by."""
        return median(self.times)

    @property
    def least(self) -> float:
        """The time when nothing else was going on."""
        return min(self.times)

    def ratio(self, other: Sample) -> float:
        """How many times the other one it took, each round compared on its own."""
        return median(a / b for a, b in zip(self.times, other.times, strict=True))

    def surplus(self, other: Sample) -> float:
        """How much longer than the other one it took, each round compared on its own."""
        return median(a - b for a, b in zip(self.times, other.times, strict=True))


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to measure: a batch of work, and how many units one batch is."""

    work: Work
    units: int = 1


def measure(subjects: Mapping[str, Subject], rounds: int) -> dict[str, Sample]:
    """Run every subject in every round, after one round that does not count."""
    repeats = {name: _repeats(subject) for name, subject in subjects.items()}
    times: dict[str, list[float]] = {name: [] for name in subjects}
    order = list(subjects)
    chance = Random(0)  # the same orders each time, and nobody always has the same one before it
    for _ in range(rounds):
        chance.shuffle(order)
        for name in order:
            times[name].append(_seconds(subjects[name], repeats[name]))
    return {name: Sample(tuple(each)) for name, each in times.items()}


def _repeats(subject: Subject) -> int:
    subject.work()
    seconds = _seconds(subject, 1) * subject.units
    return max(1, ceil(SHORTEST / seconds)) if seconds > 0 else 1


def _seconds(subject: Subject, repeats: int) -> float:
    """Take the seconds of one unit."""
    total = 0.0
    for _ in range(repeats):
        started = time.perf_counter()
        own = subject.work()
        total += time.perf_counter() - started if own is None else own
    return total / (repeats * subject.units)
