"""Policies: how often something is tried again; they only say so, and never try."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

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


def as_seconds(
    value: object, *, what: str, above_zero: bool = False, any_sign: bool = False
) -> float:
    """Turn seconds or a timedelta into a float; anything else is refused with a sentence."""
    if not isinstance(value, (int, float)):
        value = _seconds_of(value)
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


def _seconds_of(value: object) -> object:
    from datetime import timedelta  # 1 ms, and most durations are numbers

    return value.total_seconds() if isinstance(value, timedelta) else value


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
