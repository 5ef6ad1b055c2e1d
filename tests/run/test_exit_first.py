"""Ending at the first failure: nothing is retried, and no item is left for later."""

from __future__ import annotations

import pytest

from gostage import Result, Retry, Runner, Stage, Workflow, action, fixed, steps
from gostage.testing import FakeClock


class Boom(Exception):
    """What the first failing call raises."""


class Calls:
    """Fails on some of its calls, each time with an error that says which call it was."""

    def __init__(self, *failing: object) -> None:
        self.failing = failing
        self.seen: list[object] = []

    def __call__(self, item: object = None) -> object:
        self.seen.append(item)
        if not self.failing or item in self.failing:
            raise Boom(len(self.seen))
        return item


def run_strictly(workflow: Workflow, clock: FakeClock | None = None) -> Result:
    """Run a workflow as `gostage run -x` does."""
    with Runner(clock=clock or FakeClock(), config={"exit-first": True}) as runner:
        return runner.run(workflow)


def assert_first_failure_ended_it(result: Result, calls: Calls) -> None:
    """Check that the run failed, with the error of the first call that failed."""
    assert result.status == "failed"
    assert isinstance(result.error, Boom)
    assert result.error.args == (1,)
    assert len(calls.seen) == 1


RETRY = Retry(attempts=5, backoff=fixed(10))


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda a: Workflow("w").add(a.options(retry=RETRY)), id="an action"),
        pytest.param(
            lambda a: Workflow("w").retry("r", a, attempts=5, backoff=fixed(10)), id="a flow"
        ),
        pytest.param(lambda a: Workflow("w").add(Stage("s", a, retry=RETRY)), id="a stage"),
        pytest.param(
            lambda a: Workflow("w").retry(
                "outer", steps().retry("inner", a.options(retry=RETRY), attempts=2)
            ),
            id="one around another",
        ),
        pytest.param(
            lambda a: Workflow("w").retry("r", a, handler=lambda ctx, error, attempt: True),
            id="a handler",
        ),
    ],
)
def test_nothing_is_tried_again(build) -> None:
    """The first failed attempt is the last, whoever would have tried again."""
    calls, clock = Calls(), FakeClock()
    result = run_strictly(build(action(calls, name="f")), clock)

    assert_first_failure_ended_it(result, calls)
    assert clock.pauses == []


def test_what_comes_after_the_failure_is_not_reached() -> None:
    """The other items of the run are pending, as after any failure."""
    calls = Calls()
    flow = Workflow("w").retry("r", steps().do("first", calls).do("second", calls)).do("b", calls)
    result = run_strictly(flow)

    assert {step.path: step.status for step in result.steps} == {
        "r": "failed",
        "r/first": "failed",
        "r/second": "pending",
        "b": "pending",
    }


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_further_item_is_done(concurrency: int) -> None:
    """A for-each that would go on past failing items ends with the first one's own error."""
    calls = Calls(0)
    flow = Workflow("w").for_each(
        "each",
        lambda: range(20),
        action(calls, name="f"),
        concurrency=concurrency,
        on_error="continue",
    )
    result = run_strictly(flow)

    assert result.status == "failed"
    assert isinstance(result.error, Boom)
    assert len(calls.seen) <= concurrency
    assert {step.path: step.status for step in result.steps} == {
        "each": "failed",
        "each/f": "failed",
    }


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_loop_over_items_is_not_entered_again(concurrency: int) -> None:
    """A retry around the items does not begin them anew."""
    calls = Calls(0)
    body = steps().for_each(
        "each", lambda: range(9), action(calls, name="f"), concurrency=concurrency
    )
    result = run_strictly(Workflow("w").retry("r", body, attempts=3))

    assert isinstance(result.error, Boom)
    assert calls.seen.count(0) == 1


def test_a_failing_branch_ends_the_others() -> None:
    """The error is the branch's own, and the run failed; it was not cancelled."""
    calls = Calls()
    failing = action(calls, name="f", retry=RETRY)
    result = run_strictly(
        Workflow("w").parallel("both", bad=failing, good=steps().sleep("nap", 60).do("late", print))
    )

    assert_first_failure_ended_it(result, calls)
    assert next(step for step in result.steps if step.path == "both/good/late").status != "failed"


def test_a_run_that_works_is_as_ever() -> None:
    """Without a failure nothing changes, items that go on past failing ones included."""
    calls = Calls("never")
    flow = Workflow("w").for_each(
        "each", lambda: range(4), action(calls, name="f"), into="done", on_error="continue"
    )
    result = run_strictly(flow)

    assert result.store["done"] == [0, 1, 2, 3]


def test_without_it_every_item_is_done_and_tried_again() -> None:
    """By default a failure is only the last one where nobody tries again."""
    calls = Calls(0)
    flow = Workflow("w").for_each(
        "each",
        lambda: range(3),
        action(calls, name="f", retry=Retry(attempts=2)),
        on_error="continue",
    )
    with Runner() as runner:
        runner.run(flow)

    assert calls.seen == [0, 0, 1, 2]
