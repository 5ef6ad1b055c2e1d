"""Policies: how often and how soon something is tried again; they only say so and never wait."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from gostage.errors import DefinitionError

Backoff = Callable[[int], float]
"""Seconds to wait after the given attempt; the first attempt is 1."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after a failure: `attempts` calls in total, `backoff` seconds between them.

    Only errors of the classes in `on` are tried again. A `handler(ctx, error, attempt)` decides
    alone if given: true or a number of seconds means again, false or `None` means give up.
    """

    attempts: int = 3
    backoff: Backoff | None = None
    on: type[Exception] | tuple[type[Exception], ...] = Exception
    handler: Callable[..., object] | None = None

    def __post_init__(self) -> None:
        check_count(self.attempts, what="attempts of a retry")
        _check_on(self.on)
        for word, value in (("backoff", self.backoff), ("handler", self.handler)):
            if value is not None and not callable(value):
                raise DefinitionError(
                    f"{word} of a retry must be callable, not {value!r}",
                    hint="a backoff is fixed(1), exponential(0.1) or a function of the attempt"
                    if word == "backoff"
                    else "a handler is called as handler(ctx, error, attempt)",
                )

    def applies_to(self, error: BaseException) -> bool:
        """Whether such an error is tried again at all."""
        return isinstance(error, self.on)

    def delay(self, attempt: int) -> float:
        """Seconds to wait after this attempt, never negative."""
        return 0.0 if self.backoff is None else max(0.0, float(self.backoff(attempt)))


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


def as_seconds(
    value: object, *, what: str, above_zero: bool = False, any_sign: bool = False
) -> float:
    """Turn seconds or a timedelta into a float; anything else is refused with a sentence."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    # bool is an int to isinstance, and never a number of seconds to a reader.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DefinitionError(
            f"{what} must be a number or a timedelta, not {value!r}",
            hint="give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
        )
    if not _fits_a_float(value):
        raise DefinitionError(
            f"{what} must be a finite number, not {value!r}",
            hint="leave it out where there should be no limit",
        )
    if not any_sign and (value < 0 or (above_zero and value == 0)):
        bound = "above zero" if above_zero else "zero or more"
        raise DefinitionError(
            f"{what} must be {bound}, not {value!r}",
            hint="give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
        )
    return float(value)


def check_count(value: object, *, what: str) -> int:
    """Let a whole number of at least one pass; anything else is refused with a sentence."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DefinitionError(
            f"{what} must be a whole number of at least 1, not {value!r}",
            hint="1 is the least: it means once, or one at a time",
        )
    return value


def _fits_a_float(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _check_on(on: object) -> None:
    classes = on if isinstance(on, tuple) else (on,)
    if not classes:
        raise DefinitionError(
            "a retry with on=() never tries again", hint="leave on= out to retry every exception"
        )
    for each in classes:
        if not isinstance(each, type) or not issubclass(each, Exception):
            raise DefinitionError(
                f"on= of a retry takes exception classes, not {each!r}",
                hint="give one class such as OSError, or a tuple of them; "
                "interrupts such as KeyboardInterrupt are never tried again",
            )
