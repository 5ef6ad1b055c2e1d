"""Trying again: how often, how soon, with which errors, and what counts as an attempt."""

from __future__ import annotations

import pytest

from gostage import Context, Retry, Stage, Workflow, action, exponential, fixed, run, steps
from gostage.testing import FakeClock


class Flaky:
    """Fails so many times, then works; remembers the attempts it was told."""

    def __init__(self, times: int, error: type[Exception] = OSError) -> None:
        self.left = times
        self.error = error
        self.attempts: list[int] = []

    def __call__(self, ctx: Context) -> str:
        self.attempts.append(ctx.attempt)
        if self.left:
            self.left -= 1
            raise self.error("not yet")
        return "done"


def test_an_action_is_tried_again_until_it_works() -> None:
    """`attempts` counts all calls."""
    flaky = Flaky(2)
    result = run(Workflow("w").add(action(flaky, name="f", retry=Retry(attempts=3))))

    assert result.ok
    assert flaky.attempts == [1, 2, 3]


def test_attempts_are_the_total_number_of_calls() -> None:
    """With three attempts there is no fourth call."""
    flaky = Flaky(9)
    result = run(Workflow("w").add(action(flaky, name="f", retry=Retry(attempts=3))))

    assert isinstance(result.error, OSError)
    assert len(flaky.attempts) == 3


def test_the_backoff_says_how_long_to_wait_after_each_attempt() -> None:
    """Each failed attempt doubles the pause before the next one."""
    clock = FakeClock()
    flaky = action(Flaky(3), name="f", retry=Retry(attempts=5, backoff=exponential(0.5)))
    run(Workflow("w").add(flaky), clock=clock)

    assert clock.pauses == [0.5, 1, 2]


def test_only_the_errors_asked_for_are_tried_again() -> None:
    """Any other error fails at once."""
    flaky = Flaky(1, ValueError)
    result = run(Workflow("w").retry("r", flaky, on=OSError))

    assert isinstance(result.error, ValueError)
    assert flaky.attempts == [1]


def test_a_body_starts_again_from_its_beginning() -> None:
    """All steps of the body run again, not only the one that failed."""
    calls = []
    flaky = Flaky(1)
    body = steps().do("before", lambda ctx: calls.append("before")).do("flaky", flaky)
    clock = FakeClock()
    run(Workflow("w").retry("r", body, backoff=fixed(3)), clock=clock)

    assert calls == ["before", "before"]
    assert clock.pauses == [3]


@pytest.mark.parametrize(
    ("answers", "calls", "pauses"),
    [
        pytest.param([True, False], 2, [7], id="true then false"),
        pytest.param([2, 0, None], 3, [2], id="seconds"),
        pytest.param([None], 1, [], id="none"),
        pytest.param([True] * 3, 4, [7, 7, 7], id="beyond the attempts"),
    ],
)
def test_a_handler_decides_alone(answers: list[object], calls: int, pauses: list[float]) -> None:
    """True waits for the backoff, a number that many seconds; anything empty gives up."""
    told = []

    def handler(ctx: Context, error: Exception, attempt: int) -> object:
        told.append((str(error), attempt))
        return answers[attempt - 1]

    flaky, clock = Flaky(3, ValueError), FakeClock()
    run(
        Workflow("w").retry("r", flaky, attempts=1, backoff=fixed(7), on=OSError, handler=handler),
        clock=clock,
    )

    assert len(flaky.attempts) == calls
    assert clock.pauses == pauses
    assert told == [("not yet", number + 1) for number in range(len(answers))]


def test_a_handler_may_be_async() -> None:
    """It is awaited like any other function."""

    async def handler(ctx: Context, error: Exception, attempt: int) -> bool:
        return attempt < 2

    flaky = Flaky(5)
    run(Workflow("w").retry("r", flaky, handler=handler))

    assert len(flaky.attempts) == 2


def test_interrupts_are_never_tried_again() -> None:
    """Bailing out of a retried body ends the run."""
    calls = []

    def stop(ctx: Context) -> None:
        calls.append(1)
        ctx.bail("enough")

    result = run(Workflow("w").retry("r", action(stop, retry=Retry())))

    assert result.status == "bailed"
    assert calls == [1]


def test_retries_nest() -> None:
    """The inner one gives up first; then the outer one starts it anew."""
    flaky = Flaky(3)
    inner = steps().retry("inner", flaky, attempts=2)
    result = run(Workflow("w").retry("outer", inner, attempts=2))

    assert result.ok
    assert len(flaky.attempts) == 4


def test_a_stage_is_tried_again_inside_the_middleware_of_the_workflow() -> None:
    """The workflow's middleware is entered once, the stage's own for each attempt."""
    entered = []

    def outer():
        entered.append("outer")
        yield

    def inner():
        entered.append("inner")
        yield

    stage = Stage("s", action(Flaky(1), name="f"), retry=Retry(attempts=2)).use(inner)
    result = run(Workflow("w", stage).use(outer))

    assert result.ok
    assert entered == ["outer", "inner", "inner"]


def test_middleware_that_yields_again_runs_the_inside_again() -> None:
    """That is how a retry is written as a middleware."""

    def persistent():
        while True:
            try:
                return (yield)
            except OSError:
                continue

    flaky = Flaky(4)
    result = run(Workflow("w", Stage("s", action(flaky, name="f")).use(persistent)))

    assert result.ok
    assert len(flaky.attempts) == 5


def test_a_step_inserted_before_the_failure_is_gone_in_the_next_attempt() -> None:
    """A restarted body starts from its declaration."""
    calls = []
    extra = action(lambda ctx: calls.append("extra"), name="extra")

    def insert(ctx: Context) -> None:
        ctx.add_action(extra)

    body = steps().do("insert", insert).do("flaky", Flaky(1))
    result = run(Workflow("w").retry("r", body))

    assert calls == ["extra", "extra"]
    assert [s.path for s in result.steps] == ["r", "r/insert", "r/extra", "r/flaky"]


def test_a_loop_pass_starts_from_the_declaration() -> None:
    """What one pass inserted does not run in the next."""
    calls = []

    def insert(ctx: Context) -> None:
        if not calls:
            ctx.add_action(action(lambda ctx: calls.append("extra"), name="extra"))
        calls.append("insert")

    run(Workflow("w").loop_until("l", lambda ctx: len(calls) > 3, steps().do("insert", insert)))

    assert calls == ["insert", "extra", "insert", "insert"]
