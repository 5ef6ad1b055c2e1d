"""The plugin `time_limit`, and the middleware `time_limit`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gostage import Runner, Stage, Workflow, action, run
from gostage.errors import ConfigError, DefinitionError, TimedOut
from gostage.testing import FakeClock
from gostage_plugins.time_limit import time_limit
from tests.plugins.samples import one, run_with


def run_slowly(
    settings: dict, seconds: float, tags: list | None = None, stage_tags: list | None = None
):
    """Run an action that takes so long by a clock that stands still otherwise."""
    clock = FakeClock()
    work = action(lambda: clock.pass_by(seconds), name="work", tags=tags)
    flow = Workflow("w", Stage("s", work, tags=stage_tags))
    plugins = ["gostage_plugins.time_limit"]
    with Runner(plugins=plugins, config={"time_limit": settings}, clock=clock) as runner:
        return runner.run(flow)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"run": 10}, id="of the run"),
        pytest.param({"stage": 10}, id="of a stage"),
        pytest.param({"action": 10}, id="of an action"),
        pytest.param({"actions": {"io": 10}}, id="of actions with a tag"),
        pytest.param({"actions": {"big": 10}}, id="of actions in a stage with a tag"),
        pytest.param({"stages": {"big": 10}}, id="of stages with a tag"),
        pytest.param({"action": 60, "actions": {"io": 10}}, id="the shortest counts"),
    ],
)
def test_what_takes_too_long_fails(settings):
    """It is `TimedOut`; what is in time is not."""
    assert run_slowly(settings, 9, ["io"], ["big"]).ok
    assert isinstance(run_slowly(settings, 11, ["io"], ["big"]).error, TimedOut)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="no limit"),
        pytest.param({"actions": {"not io": 10}}, id="a limit of others"),
        pytest.param({"stages": {"small": 10}}, id="a limit of other stages"),
    ],
)
def test_what_has_no_limit_takes_as_long_as_it_likes(settings):
    """Limits are for what they name."""
    assert run_slowly(settings, 3600, ["io"], ["big"]).ok


def test_an_async_action_is_stopped_in_the_middle():
    """It need not look at the time."""

    async def forever():
        await asyncio.Event().wait()

    assert isinstance(run_with("time_limit", one(forever), {"action": 0.01}).error, TimedOut)


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
def test_the_middleware_works_at_every_level(level):
    """An action that checks is stopped by a limit around any of its levels."""

    def spin(ctx):
        while True:
            ctx.check()

    used = [time_limit(timedelta(milliseconds=10))]
    flow = one(spin, use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    result = run(flow, middleware=used if level == "run" else [])
    assert isinstance(result.error, TimedOut)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "10", None], ids=repr)
def test_a_limit_that_is_none_is_refused(seconds):
    """Where the middleware is made."""
    with pytest.raises(DefinitionError, match="takes a number of seconds above zero"):
        time_limit(seconds)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"run": 0}, id="zero"),
        pytest.param({"run": True}, id="true"),
        pytest.param({"actions": {"io": -1}}, id="below zero"),
        pytest.param({"actions": {"io and": 1}}, id="no tag expression"),
        pytest.param({"actions": 5}, id="a number for a table"),
        pytest.param({"acton": 5}, id="a typo"),
    ],
)
def test_a_mistake_in_the_settings_is_refused(settings):
    """What makes no sense is a `ConfigError` with a hint."""
    with pytest.raises(ConfigError) as caught:
        run_with("time_limit", one(lambda: None), settings)
    assert caught.value.hint
