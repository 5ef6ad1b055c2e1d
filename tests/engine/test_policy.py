"""Policies: how often and how soon something is tried again."""

from __future__ import annotations

import random
from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._engine.backoff import exponential, fixed, jittered
from gostage._engine.policy import Retry, as_seconds, check_count
from gostage.errors import DefinitionError


def test_a_retry_without_arguments_means_three_calls_for_any_exception() -> None:
    """The defaults are those an author expects."""
    policy = Retry()

    assert (policy.attempts, policy.backoff, policy.on, policy.handler) == (
        3,
        None,
        Exception,
        None,
    )
    assert policy.delay(1) == 0.0


def test_a_retry_is_a_value() -> None:
    """Policies compare by what they say and cannot be changed."""
    policy = Retry(attempts=2, backoff=fixed(1))

    assert policy == Retry(attempts=2, backoff=fixed(1))
    with pytest.raises(FrozenInstanceError):
        policy.attempts = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("on", "error", "applies"),
    [
        pytest.param(OSError, FileNotFoundError(), True, id="subclass"),
        pytest.param(OSError, ValueError(), False, id="other"),
        pytest.param((OSError, ValueError), ValueError(), True, id="tuple"),
        pytest.param(Exception, KeyboardInterrupt(), False, id="interrupt"),
    ],
)
def test_a_retry_applies_to_its_exceptions_only(
    on: type[Exception], error: BaseException, applies: bool
) -> None:
    """Whatever is not in `on` is not tried again."""
    assert Retry(on=on).applies_to(error) is applies


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"attempts": 0},
            "attempts of a retry must be a whole number of at least 1, not 0",
            id="no attempts",
        ),
        pytest.param(
            {"attempts": 1.5},
            "attempts of a retry must be a whole number of at least 1, not 1.5",
            id="half an attempt",
        ),
        pytest.param(
            {"attempts": True},
            "attempts of a retry must be a whole number of at least 1, not True",
            id="bool",
        ),
        pytest.param(
            {"on": "OSError"}, "on= of a retry takes exception classes, not 'OSError'", id="text"
        ),
        pytest.param(
            {"on": (OSError, 3)}, "on= of a retry takes exception classes, not 3", id="in a tuple"
        ),
        pytest.param(
            {"on": KeyboardInterrupt},
            "on= of a retry takes exception classes, not <class 'KeyboardInterrupt'>",
            id="interrupt",
        ),
        pytest.param({"on": ()}, "a retry with on=() never tries again", id="empty"),
        pytest.param({"backoff": 3}, "backoff of a retry must be callable, not 3", id="backoff"),
        pytest.param({"handler": 3}, "handler of a retry must be callable, not 3", id="handler"),
    ],
)
def test_a_retry_that_makes_no_sense_is_refused(options: dict[str, object], message: str) -> None:
    """Mistakes raise where the policy is made, and say what is expected."""
    with pytest.raises(DefinitionError) as caught:
        Retry(**options)  # type: ignore[arg-type]

    assert str(caught.value) == message
    assert caught.value.hint


def test_a_backoff_that_gives_less_than_nothing_means_no_pause() -> None:
    """A user's backoff below zero is not a pause."""
    assert Retry(backoff=lambda attempt: -1.0 * attempt).delay(2) == 0.0


def test_fixed_is_the_same_after_every_attempt() -> None:
    """The pause does not depend on the attempt; a timedelta is taken as well."""
    backoff = fixed(timedelta(seconds=2))

    assert [backoff(attempt) for attempt in (1, 2, 99)] == [2.0, 2.0, 2.0]


def test_exponential_grows_by_its_factor_up_to_the_cap() -> None:
    """The first pause is the base; none is above the cap."""
    backoff = exponential(1, factor=3, cap=20)

    assert [backoff(attempt) for attempt in (1, 2, 3, 4, 5)] == [1.0, 3.0, 9.0, 20.0, 20.0]


@given(
    st.floats(0, 1e300),
    st.floats(0, 1e300),
    st.floats(0, 1e300),
    st.integers(-5, 10**30),
)
def test_exponential_stays_between_zero_and_its_cap(
    base: float, factor: float, cap: float, attempt: int
) -> None:
    """No attempt overflows, and no pause is above the cap."""
    assert 0.0 <= exponential(base, factor, cap)(attempt) <= cap


@given(st.floats(0, 1e6), st.floats(0, 3), st.integers(1, 50), st.integers())
def test_jittered_stays_within_its_spread(
    seconds: float, spread: float, attempt: int, seed: int
) -> None:
    """The pause is off by at most the spread, and never negative."""
    backoff = jittered(fixed(seconds), spread, random=random.Random(seed).random)

    pause = backoff(attempt)

    assert pause >= 0
    assert abs(pause - seconds) <= seconds * (spread + 1e-9)  # floats are rounded


def test_jittered_repeats_itself_with_the_same_source() -> None:
    """The chance can be handed in, so a test can know it."""
    first = jittered(fixed(10), random=random.Random(7).random)
    second = jittered(fixed(10), random=random.Random(7).random)

    assert [first(1), first(2)] == [second(1), second(2)]
    assert first(1) != first(2)


def test_jittered_has_a_source_of_its_own() -> None:
    """Without a source, it draws from the module's."""
    assert 5.0 <= jittered(fixed(10))(1) <= 15.0


@pytest.mark.parametrize(
    ("backoff", "same", "text"),
    [
        pytest.param(fixed(1), fixed(1.0), "Fixed(seconds=1.0)", id="fixed"),
        pytest.param(
            exponential(1),
            exponential(1, 2.0, 60.0),
            "Exponential(base=1.0, factor=2.0, cap=60.0)",
            id="exponential",
        ),
        pytest.param(
            jittered(fixed(1)),
            jittered(fixed(1), 0.5),
            "Jittered(backoff=Fixed(seconds=1.0), spread=0.5, random=None)",
            id="jittered",
        ),
    ],
)
def test_backoffs_are_values(backoff: object, same: object, text: str) -> None:
    """They compare by what they say, and show it."""
    assert backoff == same
    assert repr(backoff) == text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(
            lambda: fixed(-1), "seconds of a fixed backoff must be zero or more, not -1", id="less"
        ),
        pytest.param(
            lambda: exponential(1, -2),
            "factor of an exponential backoff must be zero or more, not -2",
            id="factor",
        ),
        pytest.param(
            lambda: exponential(1, cap=float("inf")),
            "cap of an exponential backoff must be a finite number, not inf",
            id="cap",
        ),
        pytest.param(
            lambda: jittered(3),  # type: ignore[arg-type]
            "backoff of a jittered backoff must be callable, not 3",
            id="not a backoff",
        ),
        pytest.param(
            lambda: jittered(fixed(1), random=3),  # type: ignore[arg-type]
            "random of a jittered backoff must be callable, not 3",
            id="not a source",
        ),
    ],
)
def test_backoffs_that_make_no_sense_are_refused(make: object, message: str) -> None:
    """Mistakes raise where the backoff is made."""
    assert callable(make)
    with pytest.raises(DefinitionError) as caught:
        make()

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("3", "t must be a number or a timedelta, not '3'", id="text"),
        pytest.param(True, "t must be a number or a timedelta, not True", id="bool"),
        pytest.param(None, "t must be a number or a timedelta, not None", id="none"),
        pytest.param(float("nan"), "t must be a finite number, not nan", id="nan"),
        pytest.param(0, "t must be above zero, not 0", id="zero"),
        pytest.param(timedelta(days=-1), "t must be above zero, not -86400.0", id="timedelta"),
    ],
)
def test_what_is_no_time_is_refused(value: object, message: str) -> None:
    """Seconds are numbers or timedeltas, and nothing is guessed."""
    with pytest.raises(DefinitionError) as caught:
        as_seconds(value, what="t", above_zero=True)

    assert str(caught.value) == message


def test_a_number_beyond_floats_is_no_time() -> None:
    """An int too large for a float is refused like infinity."""
    with pytest.raises(DefinitionError, match="must be a finite number"):
        as_seconds(10**400, what="t")


def test_any_sign_is_for_those_who_ask() -> None:
    """A time to live below zero has a meaning, so it can be let through."""
    assert as_seconds(-1, what="ttl", any_sign=True) == -1.0


def test_a_count_is_given_back() -> None:
    """What passes the check is what comes out."""
    assert check_count(1, what="n") == 1
