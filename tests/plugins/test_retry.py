"""The plugin `retry`, and the middleware `retrying`."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from gostage import Retry, Runner, Stage, Workflow, action, fixed, run
from gostage.errors import ConfigError, DefinitionError, TimedOut
from gostage_plugins.retry import Retrying, Settings, retrying
from tests.plugins.samples import Flaky, one, run_with, statuses


def test_a_failing_action_is_called_again():
    """`attempts` is the number of calls in total."""
    fn = Flaky(2)

    assert run_with("retry", one(fn), {"attempts": 3}).ok
    assert fn.calls == 3


def test_the_last_failure_is_the_one_that_counts():
    """Once the attempts are used up, the error is let out."""
    fn = Flaky(5)
    result = run_with("retry", one(fn), {"attempts": 2})

    assert result.status == "failed"
    assert str(result.error) == "call 2"
    assert fn.calls == 2


@pytest.mark.parametrize(
    ("on", "calls"),
    [
        pytest.param(["OSError"], 2, id="its class"),
        pytest.param(["Exception"], 2, id="a base class"),
        pytest.param(["builtins.OSError"], 2, id="its full name"),
        pytest.param(["OSError: call \\d"], 2, id="its text"),
        pytest.param(["OSError: busy"], 1, id="another text"),
        pytest.param(["ValueError", "KeyError"], 1, id="other classes"),
    ],
)
def test_only_errors_that_fit_are_tried_again(on, calls):
    """A pattern is the name of a class, and a text the error has to hold."""
    fn = Flaky(1)
    run_with("retry", one(fn), {"on": on})

    assert fn.calls == calls


@pytest.mark.parametrize(
    ("tags", "calls"),
    [
        pytest.param("io", 2, id="of the action"),
        pytest.param("io and big", 2, id="of the action and its stage"),
        pytest.param("io and not big", 1, id="not of the stage"),
        pytest.param("slow", 1, id="of neither"),
    ],
)
def test_only_what_has_the_tags_is_tried_again(tags, calls):
    """The tags of a stage count for its actions."""
    fn = Flaky(1)
    work = action(fn, name="work", tags=["io"])
    run_with("retry", Workflow("w", Stage("s", work, tags=["big"])), {"tags": tags})

    assert fn.calls == calls


def test_what_a_failing_attempt_stored_is_gone():
    """An attempt is all or nothing, here too."""

    def work(ctx):
        ctx.store["tries"] = [*ctx.store.get("tries", list, default=[]), len(seen)]
        seen.append(1)
        if len(seen) < 3:
            raise OSError

    seen = []
    assert run_with("retry", one(work)).store["tries"] == [2]


def test_a_stage_is_run_again_as_a_whole():
    """With level "stage" all of its actions run again."""
    first, second = Flaky(0), Flaky(1)
    flow = Workflow("w").stage("s", action(first, name="a"), action(second, name="b"))
    result = run_with("retry", flow, {"level": "stage"})

    assert result.ok
    assert (first.calls, second.calls) == (2, 2)
    assert set(statuses(result).values()) == {"completed"}


def test_an_action_with_a_retry_of_its_own_is_left_alone():
    """Two retries would multiply their attempts."""
    fn = Flaky(9)
    run_with("retry", one(fn, retry=Retry(attempts=2)), {"attempts": 3})

    assert fn.calls == 2


def test_a_stage_with_a_retry_of_its_own_is_left_alone():
    """As an action is."""
    fn = Flaky(9)
    flow = Workflow("w", Stage("s", action(fn, name="a"), retry=Retry(attempts=2)))
    run_with("retry", flow, {"level": "stage"})

    assert fn.calls == 2


def test_interrupts_are_not_tried_again():
    """A bail ends the run, whatever the plugin is told to retry."""
    calls = []

    def leave(ctx):
        calls.append(1)
        ctx.bail("enough")

    assert run_with("retry", one(leave), {"on": ["BaseException"]}).status == "bailed"
    assert calls == [1]


def test_failures_are_logged_as_they_happen(caplog):
    """A line says which attempt of how many has failed, and how."""
    caplog.set_level(logging.WARNING, "gostage")

    assert run_with("retry", one(Flaky(1))).ok

    assert caplog.messages == ["action 's/work' failed, attempt 1 of 3: OSError: call 1"]


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
def test_the_middleware_works_at_every_level(level):
    """`retrying` runs again what it is around."""
    fn = Flaky(2)
    used = [retrying(3, fixed(0.001), on=(OSError, KeyError))]
    flow = one(fn, use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    with Runner(middleware=used if level == "run" else []) as runner:
        assert runner.run(flow).ok
    assert fn.calls == 3


def test_who_waits_for_the_next_attempt_can_be_cancelled():
    """A long backoff does not hold up a cancellation."""
    entered = threading.Event()

    def fail():
        entered.set()
        raise OSError

    flow = one(fail, use=[retrying(2, fixed(3600))])
    with Runner() as runner:
        handle = runner.start(flow)
        entered.wait()
        handle.cancel()
        assert handle.wait().status == "cancelled"


def test_waiting_ends_with_the_time_of_the_run():
    """A backoff that is longer than the time that is left is cut short."""
    flow = one(Flaky(9), use=[retrying(2, fixed(3600))])

    assert isinstance(Runner().run(flow, timeout=0.01).error, TimedOut)


def test_an_event_loop_is_not_held_up(caplog):
    """Under `arun` a wait would stop the loop: the next attempt comes at once."""
    caplog.set_level(logging.WARNING, "gostage")
    flow = one(Flaky(1), use=[retrying(2, fixed(3600))])

    assert asyncio.run(Runner().arun(flow)).ok
    assert "tried again at once" in caplog.text


def test_waits_grow_up_to_the_cap():
    """`factor` and `cap` make the backoff; without a factor it is steady."""
    grown = Retrying(Settings(backoff=1, factor=2, cap=3))._policy.retry
    steady = Retrying(Settings(backoff=1))._policy.retry
    varied = Retrying(Settings(backoff=1, jitter=0.5))._policy.retry

    assert [grown.delay(attempt) for attempt in (1, 2, 3)] == [1, 2, 3]
    assert [steady.delay(attempt) for attempt in (1, 2)] == [1, 1]
    assert 0.5 <= varied.delay(1) <= 1.5


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"attempts": 0}, id="no attempt"),
        pytest.param({"backoff": -1}, id="back in time"),
        pytest.param({"on": "OSError"}, id="a text for a list"),
        pytest.param({"on": ["not a name"]}, id="no pattern"),
        pytest.param({"on": ["OSError: ("]}, id="no regular expression"),
        pytest.param({"level": "run"}, id="no such level"),
        pytest.param({"attemps": 3}, id="a typo"),
    ],
)
def test_a_mistake_in_the_settings_is_refused(settings):
    """What makes no sense is a `ConfigError` with a hint, before anything runs."""
    with pytest.raises(ConfigError) as caught:
        run_with("retry", one(lambda: None), settings)
    assert caught.value.hint


def test_a_mistake_in_the_middleware_is_refused():
    """The attempts and the errors are checked where the middleware is made."""
    with pytest.raises(DefinitionError):
        retrying(attempts=0)
    with pytest.raises(DefinitionError, match="no error"):
        retrying(on=())


def test_an_async_action_is_called_again():
    """What is around it need not be async."""
    calls = []

    async def fetch():
        calls.append(1)
        await asyncio.sleep(0)
        if len(calls) < 2:
            raise OSError

    assert run(one(fetch, use=[retrying()])).ok
    assert len(calls) == 2
