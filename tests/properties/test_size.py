"""What grows with the flow grows in proportion, and nothing grows with how much has run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial

import pytest

from gostage import Context, Runner, Workflow, action, steps

MANY = 100_000


@action
def count(ctx: Context) -> None:
    """Count in the store."""
    ctx.store["n"] = ctx.store.get("n", int, default=0) + 1


@action
def nothing(ctx: Context) -> None:
    """Do nothing."""


@action
def wait_once(ctx: Context) -> None:
    """Suspend the run, once."""
    if not ctx.resuming:
        ctx.suspend("half")


def row(length: int, *, middle: bool = False) -> Workflow:
    """Make a workflow of so many actions; one in the middle may suspend it."""
    half = length // 2
    actions = [nothing] * half + ([wait_once] if middle else []) + [nothing] * (length - half)
    return Workflow("row").stage("s", *actions)


def calls_of(work: Callable[[], object]) -> int:
    """Count the Python and C functions that something calls."""
    made = 0

    def see(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def size_of(state: dict) -> int:
    """How long a position is, not counting the digits of its counters and times."""
    text = json.dumps([state["position"], state.get("branches")])
    return len(text.translate({ord(digit): None for digit in "0123456789."}))


@pytest.mark.parametrize("kind", ["loop_until", "retry", "for_each", "wait_for"])
def test_the_position_keeps_its_size(kind: str) -> None:
    """At the tenth pass it is as long as at the two-thousandth, up to the digits."""
    passes = 2_000
    flow = Workflow("flow")
    done = action(lambda ctx: ctx.store["n"] >= passes).function.fn
    if kind == "loop_until":
        flow.loop_until("l", done, steps().do("count", count))
    elif kind == "wait_for":
        flow.do("count", count).wait_for("w", lambda: False)
    elif kind == "for_each":
        flow.for_each("f", lambda: [0] * passes, steps().do("count", count))
    else:

        def fails(ctx: Context) -> None:
            raise OSError("again")

        flow.retry("r", steps().do("count", count).do("fails", fails), attempts=passes)
    state = None
    sizes = []
    for number in range(passes):
        state = flow.apply(state)
        if number in {10, passes - 10}:
            sizes.append(size_of(state))

    assert sizes[1] <= sizes[0]


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda n: lambda: row(n).transitions(), id="building"),
        pytest.param(lambda n: partial(Runner().run, row(n)), id="running"),
        pytest.param(lambda n: partial(resumed, row(n, middle=True)), id="resuming"),
        pytest.param(lambda n: partial(listed, row(n)), id="listing"),
    ],
)
def test_the_work_is_in_proportion_to_the_number_of_actions(work) -> None:
    """Twice as many actions need twice as many calls, and no more."""
    work(10)()  # what is done once only
    small, large = calls_of(work(500)), calls_of(work(1_000))

    assert large <= 2.1 * small


def resumed(flow: Workflow) -> object:
    """Run to the step that suspends, and from there to the end."""
    runner = Runner()
    return runner.resume(runner.run(flow).run_id)


def listed(flow: Workflow) -> object:
    """Run and list the records."""
    return Runner().run(flow).steps


def test_many_actions_run_stop_and_go_on() -> None:
    """A hundred thousand of them, stopped in the middle; the result has a record of each."""
    flow = row(MANY, middle=True)
    runner = Runner()
    waiting = runner.run(flow)
    done = runner.resume(waiting.run_id)

    assert (waiting.status, done.status) == ("waiting", "completed")
    assert sum(step.status == "completed" for step in done.steps) == MANY + 2


def test_a_state_in_the_middle_of_many_actions_is_small() -> None:
    """It says where the flow stands and nothing of what has run."""
    short, long = row(10), row(2_000)
    states = []
    for flow in (short, long):
        state = flow.apply()
        for _ in range(5):
            state = flow.apply(state)
        states.append(state)

    assert size_of(states[0]) == size_of(states[1])
