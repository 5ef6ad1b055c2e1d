"""Backoffs: how long to wait between one attempt and the next; they only say so and never wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gostage._engine.policy import as_seconds
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from gostage._engine.policy import Backoff


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same pause after every attempt."""

    seconds: float

    def __call__(self, attempt: int) -> float:
        """Give the pause, whatever the attempt."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Exponential:
    """A pause that grows by a factor with every attempt, up to a cap."""

    base: float
    factor: float = 2.0
    cap: float = 60.0

    def __call__(self, attempt: int) -> float:
        """Give the pause after this attempt; the first is the base."""
        try:
            value = self.base * self.factor ** (max(attempt, 1) - 1)
        except OverflowError:
            # Beyond what a float holds, and so beyond any cap; nothing grows out of a base of 0.
            return self.cap if self.base else 0.0
        return min(value, self.cap)


@dataclass(frozen=True, slots=True)
class Jittered:
    """Another backoff's pause, moved at random by up to `spread` of it in either direction."""

    backoff: Backoff
    spread: float = 0.5
    random: Callable[[], float] | None = None

    def __call__(self, attempt: int) -> float:
        """Give the other backoff's pause, moved; never negative."""
        value = self.backoff(attempt)
        return max(0.0, value + value * self.spread * (2.0 * self._draw() - 1.0))

    def _draw(self) -> float:
        if self.random is not None:
            return self.random()
        import random  # saves 2.5 ms: it loads hashlib

        return random.random()  # noqa: S311 - a pause is no secret


def fixed(seconds: float | timedelta) -> Fixed:
    """Wait the same number of seconds after every attempt."""
    return Fixed(as_seconds(seconds, what="seconds of a fixed backoff"))


def exponential(
    base: float | timedelta, factor: float = 2.0, cap: float | timedelta = 60.0
) -> Exponential:
    """Wait `base` seconds after the first attempt, `factor` times more after each, up to `cap`."""
    return Exponential(
        as_seconds(base, what="base of an exponential backoff"),
        as_seconds(factor, what="factor of an exponential backoff"),
        as_seconds(cap, what="cap of an exponential backoff"),
    )


def jittered(
    backoff: Backoff, spread: float = 0.5, *, random: Callable[[], float] | None = None
) -> Jittered:
    """Move another backoff's pauses at random, so that many retries do not come at once.

    `random` gives numbers from 0 up to 1, as `random.random` does, which is what is used without.
    """
    for word, value in (("backoff", backoff), ("random", random)):
        if not callable(value) and (word == "backoff" or value is not None):
            raise DefinitionError(
                f"{word} of a jittered backoff must be callable, not {value!r}",
                hint="for example jittered(exponential(0.1), random=random.Random(7).random)",
            )
    return Jittered(backoff, as_seconds(spread, what="spread of a jittered backoff"), random)
