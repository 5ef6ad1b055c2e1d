"""Single steps: at most one action or one condition at a time, the state between them as JSON."""

from __future__ import annotations

import asyncio
import json

import pytest

from gostage import Context, Workflow, action, exponential, steps
from gostage.errors import UnknownState


class Trace(list):
    """What was called, in order."""

    def act(self, name: str):
        """Make an action."""
        return action(lambda ctx: self.append(name), name=name)

    def ask(self, name: str, *answers: bool):
        """Make a condition with these answers."""
        left = list(answers)

        def condition() -> bool:
            self.append(f"{name}?")
            return left.pop(0)

        return condition


@pytest.fixture
def trace() -> Trace:
    """Nothing was called so far."""
    return Trace()


def walk(flow: Workflow, trace: Trace) -> list[list[str]]:
    """Apply to the end, through JSON; gives what each step called."""
    called, state = [], None
    while not flow.is_completed(state):
        before = len(trace)
        state = json.loads(json.dumps(flow.apply(state)))
        called.append(trace[before:])
    return called


def test_each_step_calls_one_action_or_condition(trace: Trace) -> None:
    """Whatever kinds of steps there are."""
    body = steps().add(trace.act("b1")).wait_for("w", trace.ask("w", False, True), every=60)
    flow = (
        Workflow("flow")
        .add(trace.act("a"))
        .case("c", trace.ask("c", True), body)
        .loop_until("l", trace.ask("l", False, True), trace.act("l"))
        .stage("s", trace.act("s1"), trace.act("s2"))
        .parallel("p", x=steps(trace.act("x1"), trace.act("x2")), y=trace.act("y"))
    )

    assert walk(flow, trace) == [
        [name]
        for name in ["a", "c?", "b1", "w?", "w?", "l", "l?", "l", "l?", "s1", "s2", "x1", "y", "x2"]
    ]


def test_an_exception_leaves_the_state_as_it_was(trace: Trace) -> None:
    """The step may be applied again."""
    fails = [True]

    def moody(ctx: Context) -> None:
        ctx.store["tries"] = 1
        if fails:
            fails.clear()
            raise OSError("once")

    flow = Workflow("flow").add(trace.act("a")).do("moody", moody)
    state = flow.apply()
    kept = json.dumps(state)
    with pytest.raises(OSError, match="once"):
        flow.apply(state)

    assert json.dumps(state) == kept
    assert flow.is_completed(flow.apply(state))


def test_a_retry_handles_the_exception(trace: Trace) -> None:
    """The state goes on, and says how long to wait."""
    fails = [1, 2]

    def moody() -> None:
        if fails:
            fails.pop()
            raise OSError("not yet")

    flow = Workflow("flow").retry("r", steps().do("moody", moody), backoff=exponential(8))
    state, delays = None, []
    while not flow.is_completed(state):
        state = flow.apply(state)
        delays.append(round(flow.delay(state)))

    assert delays == [8, 16, 0]


def test_apply_never_sleeps() -> None:
    """`delay` says how long to wait; before that the state stays the same."""
    flow = Workflow("flow").sleep("night", 3600).do("after", lambda: None)
    first = flow.apply()
    second = flow.apply(first)

    assert 3590 < flow.delay(first) <= 3600
    assert second["position"] == first["position"]
    assert not flow.is_completed(second)


def test_the_delay_of_a_wait_is_its_interval(trace: Trace) -> None:
    """And zero where nothing has to be waited for."""
    flow = Workflow("flow").add(trace.act("a")).wait_for("w", trace.ask("w", False, True), every=7)
    state = flow.apply()

    assert flow.delay(None) == flow.delay(state) == 0

    state = flow.apply(state)

    assert 6 < flow.delay(state) <= 7


def test_a_completed_state_stays_as_it_is(trace: Trace) -> None:
    """Applying it calls nothing."""
    flow = Workflow("flow").add(trace.act("a"))
    state = flow.apply()

    assert flow.apply(state) == state
    assert (flow.is_completed(state), flow.delay(state), trace) == (True, 0, ["a"])


def test_the_store_of_a_state() -> None:
    """Values of all types come back as they were."""
    flow = Workflow("flow").do("x", lambda ctx: ctx.store.put("t", (1, {2}))).do("y", lambda: None)
    state = json.loads(json.dumps(flow.apply(initial={"a": b"bytes"})))

    assert dict(flow.store(state)) == {"a": b"bytes", "t": (1, {2})}
    assert dict(flow.store(None)) == {}


def test_the_async_twin_does_the_same(trace: Trace) -> None:
    """Inside a running loop, with async actions."""

    async def later(ctx: Context) -> None:
        await asyncio.sleep(0)
        trace.append("later")

    flow = Workflow("flow").add(trace.act("a")).do("later", later)

    async def main():
        state = None
        while not flow.is_completed(state):
            state = json.loads(json.dumps(await flow.aapply(state)))
        return state

    assert flow.is_completed(asyncio.run(main()))
    assert trace == ["a", "later"]


def test_bailing_completes_the_flow(trace: Trace) -> None:
    """It ends on purpose."""
    flow = Workflow("flow").do("stop", lambda ctx: ctx.bail("enough")).add(trace.act("after"))
    state = flow.apply()

    assert flow.is_completed(state)
    assert trace == []


def test_suspending_and_receiving_take_their_data_from_the_caller() -> None:
    """With the next step."""

    def ask(ctx: Context) -> None:
        if not ctx.resuming:
            ctx.suspend("approval")
        ctx.store["answer"] = ctx.resume_data

    flow = Workflow("flow").do("ask", ask).receive("word", into="word")
    state = flow.apply()
    state = flow.apply(json.loads(json.dumps(state)), data="yes")
    waiting = flow.apply(state)
    done = flow.apply(waiting, signals={"word": "go"})

    assert waiting["position"] == state["position"]
    assert flow.is_completed(done)
    assert dict(flow.store(done)) == {"answer": "yes", "word": "go"}


def test_step_keys_are_the_same_in_every_step() -> None:
    """The id of the run is part of the state."""
    keys = []
    note = action(lambda ctx: keys.append(ctx.step_key.partition(":")[0]), name="note")
    flow = Workflow("flow").add(note, note)
    flow.apply(flow.apply())

    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda state: "text", id="no mapping"),
        pytest.param(lambda state: {}, id="empty"),
        pytest.param(lambda state: {**state, "workflow": "other"}, id="another flow"),
        pytest.param(lambda state: {**state, "gostage": 99}, id="another format"),
        pytest.param(lambda state: {**state, "position": None}, id="no position"),
        pytest.param(lambda state: {**state, "position": {"branches": {}}}, id="no branch"),
        pytest.param(
            lambda state: {**state, "position": {"branches": {"0": {"at": "gone", "do": "call"}}}},
            id="unknown step",
        ),
        pytest.param(
            lambda state: {**state, "position": {"branches": {"0": {"at": "a", "do": "join"}}}},
            id="another kind of step",
        ),
    ],
)
def test_a_state_that_does_not_fit_is_refused(trace: Trace, spoil) -> None:
    """By everything that takes one."""
    flow = Workflow("flow").add(trace.act("a"), trace.act("b"))
    state = spoil(flow.apply())

    for take in (flow.is_completed, flow.apply, flow.delay, flow.store):
        with pytest.raises(UnknownState):
            take(state)
    assert trace == ["a"]


def test_the_store_of_a_broken_state_is_refused(trace: Trace) -> None:
    """Where it is needed."""
    flow = Workflow("flow").add(trace.act("a"), trace.act("b"))
    state = {**flow.apply(), "store": {"version": 1}}

    with pytest.raises(UnknownState):
        flow.store(state)
    with pytest.raises(UnknownState):
        flow.apply(state)
