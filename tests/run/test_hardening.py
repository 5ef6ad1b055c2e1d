"""Code of the user's that misbehaves: the run says so, cleans up, and never calls it a success."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import pytest

from gostage import Retry, Runner, Stage, Workflow, action, errors, resource, run, steps
from gostage.testing import FakeClock


class Falsy(Exception):
    """An error that counts as false."""

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True)
class Frozen(Exception):
    """An error that takes no new attributes."""

    code: int


class NoBool:
    """An answer that is neither true nor false, as an array is."""

    def __bool__(self) -> bool:
        raise ValueError("ambiguous")


def unclear():
    return NoBool()


def broken():
    yield 1
    raise OSError("the source is gone")


def items():
    return broken()


def test_a_falsy_error_is_a_failure():
    """What counts is that there is an error, not whether it counts as true."""

    def fails():
        raise Falsy

    result = run(Workflow("w").stage("check", fails).stage("deploy", lambda: None))

    assert result.status == "failed"
    assert isinstance(result.error, Falsy)
    assert [step.status for step in result.steps if step.path == "deploy"] == ["pending"]


@pytest.mark.parametrize("number", [1, 10])
def test_a_frozen_error_stays_what_it_is(number):
    """A class that refuses notes gets none, and the run is failed as ever."""

    def fails():
        raise Frozen(number)

    assert run(Workflow("w").do("a", fails)).error == Frozen(number)


@pytest.mark.parametrize("leave", [SystemExit, KeyboardInterrupt])
def test_leaving_from_an_async_action_ends_the_run(leave):
    """The loop of the run survives it, and the caller sees it."""

    async def leaves():
        raise leave

    with pytest.raises(leave):
        run(Workflow("w").do("a", leaves))


@pytest.mark.parametrize(
    "flow",
    [
        pytest.param(lambda: Workflow("w").case("c", unclear, lambda: None), id="case"),
        pytest.param(lambda: Workflow("w").wait_for("c", unclear), id="wait"),
        pytest.param(lambda: Workflow("w").for_each("c", items, print), id="items"),
    ],
)
def test_an_answer_that_cannot_be_read_fails_the_step(flow):
    """It is in the result, and what was set up is torn down."""
    torn = []

    @resource
    def lamp():
        yield "on"
        torn.append("off")

    result = Runner(resources=[lamp]).run(
        Workflow("w").do("light", lambda lamp: None).sub("rest", flow())
    )

    assert result.status == "failed"
    assert torn == ["off"]


class TestTryingAgainForEver:
    """Middleware that runs the inside again whatever happens ends with the time of the run."""

    @staticmethod
    def again():
        while True:
            try:
                return (yield)
            except OSError:
                pass

    @pytest.mark.parametrize("level", ["action", "stage", "workflow"])
    def test_the_time_of_the_run_ends_it(self, level):
        """A spent limit is no error that can be held."""
        clock = FakeClock()

        def fails():
            clock.pass_by(1)
            raise OSError("down")

        stage = Stage("s", action(fails, use=[self.again] if level == "action" else []))
        flow = Workflow("w", stage)
        if level == "stage":
            stage.use(self.again)
        if level == "workflow":
            flow.use(self.again)

        result = Runner(clock=clock).run(flow, timeout=5)

        assert result.status == "failed"
        assert isinstance(result.error, errors.TimedOut)

    def test_a_retry_says_that_the_time_is_up(self):
        """The last error is the cause."""
        clock = FakeClock()

        def fails():
            clock.pass_by(1)
            raise OSError("down")

        flow = Workflow("w").do(action(fails, retry=Retry(attempts=10**9)))
        result = Runner(clock=clock).run(flow, timeout=5)

        assert isinstance(result.error, errors.TimedOut)
        assert isinstance(result.error.__cause__, OSError)


def test_what_can_be_read_once_is_no_list_of_items():
    """A second pass over it would find nothing."""
    result = run(
        Workflow("w").for_each("each", "rows", lambda item: item),
        initial={"rows": (number for number in range(3))},
    )

    assert "read once" in str(result.error)
    assert result.error.hint == "store a list of the items"


def test_every_failing_teardown_is_told():
    """The first is the error, the others are in its notes."""

    @resource
    def first():
        yield 1
        raise OSError("first")

    @resource
    def second():
        yield 2
        raise OSError("second")

    result = Runner(resources=[first, second]).run(
        Workflow("w").do("a", lambda first, second: None)
    )

    assert str(result.error) == "second"
    assert any("resource 'first': first" in note for note in result.error.__notes__)


def test_an_async_handler_is_refused():
    """Nobody would await it."""

    async def handler(message): ...

    with pytest.raises(errors.DefinitionError, match="handler 'handler' is async"):
        Runner().on_message("x", handler)


def test_a_handle_cancels_a_run_that_waits():
    """Nobody sits on it, so it is unwound at once."""
    runner = Runner()
    handle = runner.start(Workflow("w").receive("go"))
    handle.wait()

    assert handle.cancel()
    assert runner.get(handle.id).status == "cancelled"


def test_the_current_item_goes_before_a_resource_of_that_name():
    """Inside a for_each, `item` is the item."""

    @resource
    def item():
        return "a resource"

    result = Runner(resources=[item]).run(
        Workflow("w").for_each("each", lambda: [1, 2], lambda item: item, into="out")
    )

    assert result.store["out"] == [1, 2]


class TestSingleSteps:
    """What waits for the outside world waits under `apply` too."""

    @staticmethod
    def ask(ctx):
        if not ctx.resuming:
            ctx.suspend("approve?")
        ctx.store["answer"] = ctx.resume_data

    def test_a_suspended_step_stays_until_it_is_given_data(self):
        """Applying again and again is no approval."""
        flow = Workflow("w").do("ask", self.ask)
        state = flow.apply()

        assert flow.apply(state) == state
        assert flow.awaited(state) == ["approve?"]

        state = flow.apply(state, data="yes")
        assert flow.is_completed(state)
        assert flow.store(state)["answer"] == "yes"

    def test_an_early_signal_is_kept(self):
        """It is part of the state until a step takes it."""
        flow = Workflow("w").do("first", lambda: None).receive("go", into="got")
        state = json.loads(json.dumps(flow.apply(None, signals={"go": 7})))

        while not flow.is_completed(state):
            state = json.loads(json.dumps(flow.apply(state)))

        assert flow.store(state)["got"] == 7

    def test_an_unknown_signal_is_refused(self):
        """With the closest name."""
        with pytest.raises(errors.NotFound) as caught:
            Workflow("w").receive("go").apply(None, signals={"goo": 7})

        assert caught.value.hint == "did you mean 'go'?"


def test_the_body_of_a_case_is_called(capsys):
    """`steps` without its parentheses is no body."""
    with pytest.raises(errors.DefinitionError, match="`steps` itself"):
        Workflow("w").case("c", lambda: True, steps)
    assert not sys.exc_info()[0]
