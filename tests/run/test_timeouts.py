"""Timeouts: of an action per attempt, of a stage and a run in total."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from gostage import Context, Retry, Runner, Stage, Workflow, action, fixed, run
from gostage.errors import RunFailed, TimedOut
from gostage.testing._clock import START, FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Time passes only when somebody says so."""
    return FakeClock()


def text_of(result) -> str:
    """The text of the error that the result raises."""
    with pytest.raises(RunFailed) as caught:
        result.raise_for_error()
    return str(caught.value)


def takes(clock: FakeClock, seconds: float, **options):
    """Make an action that takes so long and looks at the clock when it is done."""

    def slow(ctx: Context) -> None:
        clock.pass_by(seconds)
        ctx.check()
        ctx.store["done"] = True

    return action(slow, **options)


def test_a_plain_action_is_stopped_where_it_checks(clock: FakeClock) -> None:
    """`ctx.check()` raises when the time of the attempt is up."""
    result = run(Workflow("w").add(takes(clock, 31, timeout=30)), clock=clock)

    assert isinstance(result.error, TimedOut)
    assert result.status == "failed"
    assert "done" not in result.store


def test_a_plain_action_that_never_checks_fails_afterwards(clock: FakeClock) -> None:
    """Too late is too late, and what it wrote is taken back."""

    def slow(ctx: Context) -> None:
        ctx.store["done"] = True
        clock.pass_by(31)

    result = run(Workflow("w").add(action(slow, timeout=30)), clock=clock)

    assert text_of(result) == "action 'slow' failed: action 'slow' took longer than 30 seconds"
    assert "done" not in result.store


def test_an_action_in_time_is_left_alone(clock: FakeClock) -> None:
    """The timeout is a limit, not a duration."""
    assert run(Workflow("w").add(takes(clock, 29, timeout=30)), clock=clock).ok


def test_the_timeout_of_an_action_is_per_attempt(clock: FakeClock) -> None:
    """It is retried like any failure, with the full time."""
    takes_long = iter([31, 31, 29])

    def slow(ctx: Context) -> None:
        clock.pass_by(next(takes_long))
        ctx.check()

    slow_action = action(slow, timeout=30, retry=Retry(attempts=3))

    assert run(Workflow("w").add(slow_action), clock=clock).ok


def test_an_async_action_is_stopped_on_time() -> None:
    """Nobody has to check; its cleanup runs."""
    seen = []

    async def endless(ctx: Context) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cleanup")

    result = run(Workflow("w").add(action(endless, timeout=0.01)))

    assert "took longer than 0.01 seconds" in text_of(result)
    assert seen == ["cleanup"]


def test_an_async_action_is_stopped_on_time_in_the_callers_loop() -> None:
    """The same with `arun`."""

    async def endless(ctx: Context) -> None:
        await asyncio.Event().wait()

    result = asyncio.run(Runner().arun(Workflow("w").add(action(endless, timeout=0.01))))

    assert isinstance(result.error, TimedOut)


def test_the_timeout_of_a_stage_is_in_total(clock: FakeClock) -> None:
    """Its actions share the time; the one that comes too late does not begin."""
    calls = []

    def slow(ctx: Context) -> None:
        calls.append(ctx.action.name)
        clock.pass_by(6)

    actions = [action(slow, name=name) for name in "abc"]
    result = run(Workflow("w", Stage("s", *actions, timeout=10)), clock=clock)

    assert calls == ["a", "b"]
    assert isinstance(result.error, TimedOut)
    assert "stage 's' ran out of time" in text_of(result)


def test_a_stage_whose_last_action_is_late_fails(clock: FakeClock) -> None:
    """There is no further step to notice it."""
    result = run(Workflow("w", Stage("s", takes(clock, 0), timeout=10)), clock=clock)
    late = run(Workflow("w", Stage("s", lambda ctx: clock.pass_by(11), timeout=10)), clock=clock)

    assert result.ok
    assert isinstance(late.error, TimedOut)


def test_the_timeout_of_a_stage_bounds_the_retries_in_it(clock: FakeClock) -> None:
    """A backoff is not sat out beyond the end."""

    def boom(ctx: Context) -> None:
        raise OSError("no")

    retried = action(boom, retry=Retry(attempts=9, backoff=fixed(4)))
    result = run(Workflow("w", Stage("s", retried, timeout=10)), clock=clock)

    assert isinstance(result.error, TimedOut)
    assert clock.pauses == [4, 4, 2]


@pytest.mark.parametrize("timeout", [10, timedelta(seconds=10)], ids=["seconds", "timedelta"])
def test_the_timeout_of_a_run_is_in_total(clock: FakeClock, timeout: float | timedelta) -> None:
    """The whole run has so long, sleeps included."""
    workflow = Workflow("w").sleep("nap", 4).sleep("night", 100).do("after", lambda ctx: None)
    result = run(workflow, timeout=timeout, clock=clock)

    assert (result.status, type(result.error)) == ("failed", TimedOut)
    assert clock.pauses == [4, 6]


def test_middleware_can_limit_what_is_inside(clock: FakeClock) -> None:
    """`run.deadline(seconds)` counts for everything inside the caller."""
    seen = []

    def limit(run):
        run.deadline(10)
        yield

    def look(ctx: Context) -> None:
        seen.append(ctx.deadline)

    stage = Stage("s", look, takes(clock, 11)).use(limit)
    result = run(Workflow("w", stage), clock=clock)

    assert seen == [START + 10]
    assert isinstance(result.error, TimedOut)


def test_a_deadline_set_before_a_further_pass_counts(clock: FakeClock) -> None:
    """Middleware may decide only when it runs the inside again."""
    seen = []

    def second_only(run):
        yield
        run.deadline(5)
        yield

    stage = Stage("s", lambda ctx: seen.append(ctx.deadline)).use(second_only)
    run(Workflow("w", stage), clock=clock)

    assert seen == [None, START + 5]


def test_the_nearest_deadline_is_the_one_that_an_action_sees(clock: FakeClock) -> None:
    """Of run, stage and attempt."""
    seen = []
    look = action(lambda ctx: seen.append(ctx.deadline), name="look", timeout=7)
    plain = action(lambda ctx: seen.append(ctx.deadline), name="plain")
    workflow = Workflow("w", Stage("s", look, plain, timeout=9)).do("outside", plain)
    run(workflow, timeout=20, clock=clock)

    assert seen == [START + 7, START + 9, START + 20]


def test_without_limits_there_is_no_deadline() -> None:
    """And `check()` lets everything pass."""
    seen = []

    def look(ctx: Context) -> None:
        ctx.check()
        seen.append(ctx.deadline)

    run(Workflow("w").do("look", look))

    assert seen == [None]


def test_a_timeout_ends_the_step_when_middleware_swallows_it(clock: FakeClock) -> None:
    """The stage is over; the run goes on."""

    def swallow():
        with suppress(TimedOut):
            yield

    stage = Stage("s", takes(clock, 11), timeout=10)
    result = run(Workflow("w", stage).use(swallow).do("after", lambda ctx: None), clock=clock)

    assert result.ok
    assert [step.status for step in result.steps] == ["failed", "failed", "completed"]
