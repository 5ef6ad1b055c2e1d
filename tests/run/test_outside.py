"""Waiting for the outside world: suspend, receive, signal, sleep, detach, bail."""

from __future__ import annotations

import threading

import pytest

from gostage import Context, Key, Retry, Runner, Stage, Workflow, action, steps
from gostage.errors import NotFound, TimedOut, WaitTimeout
from gostage.testing import FakeClock


class Approval:
    """Suspends until it is resumed; remembers what it was told each time."""

    def __init__(self) -> None:
        self.calls: list[tuple[bool, object]] = []

    def __call__(self, ctx: Context) -> None:
        self.calls.append((ctx.resuming, ctx.resume_data))
        ctx.store[f"seen{len(self.calls)}"] = True
        if not ctx.resuming:
            ctx.suspend("approval", amount=10)


def test_suspending_stops_the_run_and_resuming_calls_the_action_again() -> None:
    """The data reaches the step that suspended."""
    runner, approve = Runner(), Approval()
    waiting = runner.run(Workflow("w").do("approve", approve).do("after", lambda ctx: None))

    assert (waiting.status, waiting.ok, waiting.error) == ("waiting", False, None)
    assert (waiting.suspended.reason, waiting.suspended.data) == ("approval", {"amount": 10})
    assert [step.status for step in waiting.steps] == ["waiting", "pending"]

    done = runner.resume(waiting.run_id, {"approved": True})

    assert (done.status, done.suspended) == ("completed", None)
    assert approve.calls == [(False, None), (True, {"approved": True})]


def test_suspending_commits_what_the_action_wrote() -> None:
    """It is there when the run waits."""
    waiting = Runner().run(Workflow("w").do("approve", Approval()))

    assert dict(waiting.store) == {"seen1": True}


def test_suspending_inside_middleware_leaves_it_and_enters_it_again() -> None:
    """Outermost first; code after the yield runs once, at the real end."""
    order = []

    def around(name):
        def middleware():
            order.append(f"{name} in")
            try:
                yield
                order.append(f"{name} done")
            finally:
                order.append(f"{name} out")

        return middleware

    runner = Runner(middleware=[around("run")])
    stage = Stage("s", action(Approval(), name="a", use=[around("action")])).use(around("stage"))
    waiting = runner.run(Workflow("w", stage).use(around("workflow")))
    first = order.copy()
    order.clear()
    runner.resume(waiting.run_id)
    levels = ["run", "workflow", "stage", "action"]

    assert first == [f"{e} in" for e in levels] + [f"{e} out" for e in reversed(levels)]
    assert order == [f"{e} in" for e in levels] + [
        f"{e} {what}" for e in reversed(levels) for what in ("done", "out")
    ]


def test_two_suspended_branches_are_resumed_one_after_the_other() -> None:
    """The one that suspended first goes on first."""

    def ask(ctx: Context, name: str) -> None:
        if not ctx.resuming:
            ctx.suspend(name)
        ctx.store[name] = ctx.resume_data

    runner = Runner()
    left, right = action(ask).bind(name="left"), action(ask).bind(name="right")
    flow = Workflow("w").parallel("p", left=left, right=right)
    waiting = runner.run(flow)
    reasons = [waiting.suspended.reason]
    waiting = runner.resume(waiting.run_id, 1)
    reasons.append(waiting.suspended.reason)
    done = runner.resume(waiting.run_id, 2)

    assert reasons == ["left", "right"]
    assert done.store["left"] == 1
    assert done.store["right"] == 2


def test_a_step_can_suspend_several_times() -> None:
    """Each resume brings its own data."""

    def talk(ctx: Context) -> None:
        if ctx.resume_data != "bye":
            ctx.suspend("more")

    runner = Runner()
    result = runner.run(Workflow("w").do("talk", talk))
    for word in ("hello", "again", "bye"):
        assert result.status == "waiting"
        result = runner.resume(result.run_id, word)

    assert result.status == "completed"


def test_the_data_is_used_up_by_the_step_that_suspended() -> None:
    """Another step that suspends waits for its own."""
    runner, one, two = Runner(), Approval(), Approval()
    waiting = runner.run(Workflow("w").do("one", one).do("two", two))
    waiting = runner.resume(waiting.run_id, 1)

    assert waiting.status == "waiting"

    runner.resume(waiting.run_id, 2)

    assert (one.calls[1:], two.calls) == ([(True, 1)], [(False, None), (True, 2)])


def test_resuming_a_run_that_listens_leaves_nothing_for_a_later_step() -> None:
    """The data of that resume is not kept for a step that suspends afterwards."""
    runner, approve = Runner(), Approval()
    waiting = runner.run(Workflow("w").receive("go").do("approve", approve))
    still = runner.resume(waiting.run_id, "early")
    then = runner.signal(waiting.run_id, "go")

    assert (still.status, then.status) == ("waiting", "waiting")
    assert approve.calls == [(False, None)]


def test_an_action_that_suspended_in_a_loop_resumes_in_its_pass() -> None:
    """The passes before are not run again."""
    seen = []

    def each(ctx: Context) -> None:
        if ctx.item == 2 and not ctx.resuming:
            ctx.suspend("second")
        seen.append((ctx.item, ctx.resume_data))

    runner = Runner()
    waiting = runner.run(Workflow("w").for_each("f", lambda ctx: [1, 2, 3], each))
    runner.resume(waiting.run_id, "go")

    assert seen == [(1, None), (2, "go"), (3, None)]


def test_receive_takes_a_signal_into_the_store() -> None:
    """The run waits at the step, and the data lands under its key."""
    runner = Runner()
    waiting = runner.run(Workflow("w").receive("payment", into="paid").do("x", lambda ctx: None))

    assert waiting.status == "waiting"

    done = runner.signal(waiting.run_id, "payment", {"amount": 5})

    assert (done.status, done.store["paid"]) == ("completed", {"amount": 5})


def test_a_signal_of_an_unknown_name_is_refused() -> None:
    """It says what the workflow receives."""
    runner = Runner()
    waiting = runner.run(Workflow("w").receive("payment"))

    with pytest.raises(NotFound, match="never receives 'paymnt'") as caught:
        runner.signal(waiting.run_id, "paymnt")
    assert "payment" in caught.value.hint


def test_a_signal_of_the_wrong_type_fails_the_step() -> None:
    """A typed key refuses it."""
    runner = Runner()
    waiting = runner.run(Workflow("w").receive("payment", into=Key("paid", int)))
    result = runner.signal(waiting.run_id, "payment", "a lot")

    assert (result.status, type(result.error).__name__) == ("failed", "TypeMismatch")


def test_signals_are_taken_in_the_order_of_their_coming() -> None:
    """One for each receive."""
    runner = Runner()
    body = steps().receive("word").do("keep", lambda ctx: None)
    waiting = runner.run(Workflow("w").for_each("f", lambda ctx: [1, 2], body, into="words"))
    waiting = runner.signal(waiting.run_id, "word", "a")

    assert waiting.status == "waiting"
    assert runner.signal(waiting.run_id, "word", "b").status == "completed"


def test_a_signal_before_its_receive_is_kept() -> None:
    """It waits for the step, whatever the run is busy with."""
    runner = Runner()
    flow = Workflow("w").receive("first").receive("second", into="it")
    waiting = runner.run(flow)
    runner.signal(waiting.run_id, "second", 2)
    done = runner.signal(waiting.run_id, "first", 1)

    assert (done.status, done.store["it"]) == ("completed", 2)


def test_a_signal_to_a_run_in_the_background_wakes_it() -> None:
    """It says `running`: the thread that has the run goes on with it."""
    go, begun = threading.Event(), threading.Event()

    def busy(ctx: Context) -> None:
        begun.set()
        go.wait(10)

    with Runner() as runner:
        flow = Workflow("w").parallel("p", busy=busy, ears=steps().receive("word", into="it"))
        handle = runner.start(flow)
        begun.wait(10)

        assert runner.signal(handle.id, "word", 7).status == "running"

        go.set()
        result = handle.wait(10)

    assert (result.status, result.store["it"]) == ("completed", 7)


def test_a_receive_that_waited_too_long_fails_when_the_run_goes_on() -> None:
    """The timeout counts from the moment the step began to listen."""
    clock = FakeClock()
    runner = Runner(clock=clock)
    waiting = runner.run(Workflow("w").receive("payment", timeout=60))
    clock.pass_by(61)
    result = runner.resume(waiting.run_id)

    assert isinstance(result.error, WaitTimeout)


def test_the_timeout_of_the_run_counts_while_it_waits() -> None:
    """It is in total."""
    clock = FakeClock()
    runner = Runner(clock=clock)
    waiting = runner.run(Workflow("w").receive("payment"), timeout=60)
    clock.pass_by(61)
    result = runner.signal(waiting.run_id, "payment")

    assert isinstance(result.error, TimedOut)


def test_a_sleep_is_sat_out() -> None:
    """Waits and backoffs as well; the run comes back when it is done."""
    clock = FakeClock()
    result = Runner(clock=clock).run(Workflow("w").sleep("nap", 90))

    assert (result.status, clock.pauses) == ("completed", [90])


def test_a_detached_run_comes_back_at_a_sleep() -> None:
    """Its status is sleeping; resuming goes on, and sits out what is left."""
    clock = FakeClock()
    runner = Runner(clock=clock)
    sleeping = runner.run(Workflow("w").sleep("nap", 90), detach=True)
    clock.pass_by(30)
    done = runner.resume(sleeping.run_id)

    assert (sleeping.status, done.status, clock.pauses) == ("sleeping", "completed", [60])


def test_bailing_ends_the_run_on_purpose() -> None:
    """That is no error; middleware is left like at any end."""
    order = []

    def around():
        try:
            yield
        finally:
            order.append("left")

    def stop(ctx: Context) -> None:
        ctx.store["written"] = True
        ctx.bail("nothing to do")

    workflow = Workflow("w", Stage("s", stop).use(around))
    result = Runner().run(workflow.do("after", lambda ctx: order.append("after")))

    assert (result.status, result.ok, result.bail_reason) == ("bailed", True, "nothing to do")
    assert result.error is None
    assert result.raise_for_error() is result
    assert (order, dict(result.store)) == (["left"], {"written": True})


def test_no_except_exception_can_eat_suspend_and_bail() -> None:
    """They are no ordinary exceptions, in actions and in middleware."""

    def eats():
        try:
            yield
        except Exception:
            raise AssertionError("never") from None

    def stop(ctx: Context) -> None:
        try:
            ctx.bail("enough")
        except Exception:
            raise AssertionError("never") from None

    assert Runner().run(Workflow("w", Stage("s", stop).use(eats))).status == "bailed"


def test_an_ended_run_stays_as_it_is() -> None:
    """Resuming and signalling give its result, cancelling changes nothing."""
    runner = Runner()
    result = runner.run(Workflow("w").do("x", lambda ctx: None))

    assert runner.resume(result.run_id) is result
    assert not runner.cancel(result.run_id)


def test_waiting_in_a_branch_goes_on_with_the_others_first() -> None:
    """The run comes back when nothing can go on without the outside world."""
    calls = []
    flow = Workflow("w").parallel(
        "p",
        ears=steps().receive("word", into="it").do("heard", lambda ctx: calls.append("heard")),
        hands=steps().do("a", lambda ctx: calls.append("a")).do("b", lambda ctx: calls.append("b")),
    )
    runner = Runner()
    waiting = runner.run(flow)

    assert (waiting.status, calls) == ("waiting", ["a", "b"])
    assert runner.signal(waiting.run_id, "word", 1).status == "completed"
    assert calls == ["a", "b", "heard"]


def test_context_variables_of_a_waiting_branch_are_reset_where_they_were_set() -> None:
    """A middleware inside a branch that waits is left in the branch's own context."""
    from contextvars import ContextVar

    variable: ContextVar[str] = ContextVar("variable", default="outside")
    seen = []

    def sets():
        token = variable.set("inside")
        try:
            yield
        finally:
            variable.reset(token)

    def look(ctx: Context) -> None:
        seen.append(variable.get())

    listen = Stage("s", look).use(sets).receive("word").do("again", look)
    flow = Workflow("w").parallel("p", ears=steps(listen), hands=look)
    runner = Runner()
    waiting = runner.run(flow)
    done = runner.signal(waiting.run_id, "word")

    assert (waiting.status, done.status) == ("waiting", "completed")
    assert sorted(seen) == ["inside", "inside", "outside"]


def test_a_middleware_that_fails_while_it_is_left_fails_the_run() -> None:
    """The error is in the result, and the others are left all the same."""
    order = []

    def outer():
        try:
            yield
        finally:
            order.append("outer left")

    def inner():
        try:
            yield
        finally:
            raise OSError("cannot let go")

    stage = Stage("s").receive("word").use(outer, inner)
    result = Runner().run(Workflow("w", stage))

    assert (result.status, str(result.error)) == ("failed", "cannot let go")
    assert order == ["outer left"]


def test_a_resumed_attempt_keeps_its_number() -> None:
    """Suspending is not failing."""
    attempts = []

    def work(ctx: Context) -> None:
        attempts.append(ctx.attempt)
        if not ctx.resuming:
            ctx.suspend("wait")

    runner = Runner()
    waiting = runner.run(Workflow("w").add(action(work, retry=Retry(attempts=2))))
    runner.resume(waiting.run_id)

    assert attempts == [1, 1]
