"""How hard to measure: rounds and sizes; it measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How often each figure is taken, and up to which size."""

    name: str
    rounds: int
    starts: int
    """Rounds of starting a process, which is the noisiest thing that is measured."""
    sizes: tuple[int, ...]
    """Numbers of actions at which the growth is looked at; the first one is the yardstick."""
    passes: tuple[int, ...]
    """Passes of a loop after which the position is weighed."""
    stored: int
    """Finished steps, and finished runs, that are many."""
    crowd: int
    """Short runs that several processes share."""
    actions: int = 1_000


FULL: Final = Effort(
    name="full",
    rounds=15,
    starts=25,
    sizes=(1_000, 10_000, 100_000),
    passes=(100, 1_000, 10_000, 100_000),
    stored=100_000,
    crowd=2_000,
)
QUICK: Final = Effort(
    name="quick",
    rounds=5,
    starts=7,
    sizes=(1_000, 10_000),
    passes=(100, 1_000, 10_000),
    stored=10_000,
    crowd=200,
)
