"""The plugin `concurrency`, its `Limit`, and the middleware `at_most`."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gostage import Runner, Stage, Workflow, action, run
from gostage.errors import ConfigError, DefinitionError, PluginError, TimedOut
from gostage_plugins.concurrency import Concurrency, Limit, at_most
from tests.plugins.samples import one, run_with


class Meter:
    """Counts who is inside at the same time; everybody waits until so many have come."""

    def __init__(self, wait_for: int = 1) -> None:
        self._lock = threading.Lock()
        self._met = threading.Barrier(wait_for)
        self._inside = 0
        self.most = 0
        self.calls = 0

    def __call__(self) -> None:
        self.enter()
        self._met.wait(60)
        self.leave()

    def enter(self) -> None:
        with self._lock:
            self.calls += 1
            self._inside += 1
            self.most = max(self.most, self._inside)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1


def many(fn: object, count: int = 6, **options: object) -> Workflow:
    """Call an action for each of so many items, all at once."""
    each = action(fn, name="each", **options)
    return Workflow("w").for_each("all", lambda: list(range(count)), each, concurrency=count)


def is_free(limit: Limit) -> bool:
    """Whether there is a place for somebody who does not wait."""
    hold = limit.enter(lambda: True)
    if hold is not None:
        limit.leave(hold)
    return hold is not None


def test_no_more_actions_with_a_tag_are_at_work_than_allowed():
    """Two meet in pairs; a third is never inside."""
    meter = Meter(wait_for=2)

    assert run_with("concurrency", many(meter, tags=["io"]), {"io": 2}).ok
    assert (meter.calls, meter.most) == (6, 2)


def test_the_tags_of_a_stage_count():
    """For all of its actions."""
    meter = Meter()
    branches = {f"b{number}": action(meter, name="a") for number in range(4)}
    flow = Workflow("w", Stage("s", tags=["net"]).parallel("p", **branches))

    assert run_with("concurrency", flow, {"net": 1}).ok
    assert (meter.calls, meter.most) == (4, 1)


def test_actions_without_the_tag_are_not_limited():
    """All of them are inside at the same time, or they would wait for ever."""
    meter = Meter(wait_for=4)

    assert run_with("concurrency", many(meter, 4, tags=["cpu"]), {"io": 1}).ok
    assert meter.most == 4


def test_an_action_with_several_tags_needs_a_place_for_each():
    """The narrowest limit counts, and nobody waits for another in a circle."""
    meter = Meter()
    flow = many(meter, tags=["b", "a"])

    assert run_with("concurrency", flow, {"a": 3, "b": 1}).ok
    assert meter.most == 1


def test_all_runs_of_a_runner_share_the_places():
    """Runs in the background too."""
    meter = Meter()
    flow = one(meter, tags=["io"])
    config = {"concurrency": {"io": 1}}
    with Runner(plugins=["gostage_plugins.concurrency"], config=config) as runner:
        handles = [runner.start(flow) for _ in range(4)]
        assert all(handle.wait().ok for handle in handles)
    assert (meter.calls, meter.most) == (4, 1)


def test_async_actions_are_limited_under_run():
    """The branch waits, not the loop."""
    meter = Meter()

    async def fetch():
        meter.enter()
        await asyncio.sleep(0)
        meter.leave()

    assert run_with("concurrency", many(fetch, tags=["io"]), {"io": 1}).ok
    assert (meter.calls, meter.most) == (6, 1)


def test_under_arun_the_plugin_refuses_instead_of_stopping_the_loop():
    """A wrapper cannot wait there; the error says what can."""

    async def main():
        with Runner(plugins=[Concurrency({"io": Limit(1)})]) as runner:
            return await runner.arun(one(lambda: None, tags=["io"]))

    error = asyncio.run(main()).error
    assert isinstance(error, PluginError)
    assert "would stop the event loop" in str(error)
    assert "`async with limit:`" in error.hint


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "plain"])
def test_under_arun_actions_can_wait_themselves(is_async):
    """An async action with `async with`; a plain one has a thread of its own, and uses `with`."""
    limit, meter = Limit(2), Meter()

    async def fetch():
        async with limit:
            meter.enter()
            await asyncio.sleep(0)
            meter.leave()

    def read():
        with limit:
            meter.enter()
            meter.leave()

    assert asyncio.run(Runner().arun(many(fetch if is_async else read))).ok
    assert meter.calls == 6
    assert meter.most <= 2


def test_a_plain_with_in_an_event_loop_is_refused():
    """It would stop the loop."""

    async def main():
        with Limit(1):
            pass

    with pytest.raises(PluginError, match="would stop the event loop"):
        asyncio.run(main())


def test_what_is_called_inside_takes_no_other_place():
    """A limit of one does not wait for itself."""
    limit = Limit(1)
    inner = one(lambda: None, use=[at_most(limit)])

    def outer():
        with limit:
            run(inner).raise_for_error()

    assert run(one(outer, use=[at_most(limit)])).ok

    async def nested():
        async with limit, limit:
            return True

    assert asyncio.run(nested())


def test_a_failing_action_gives_its_place_back():
    """So does one that was skipped, that waits, or that was tried again."""
    limit = Limit(1)

    def fail(ctx):
        if len(calls) < 2:
            calls.append(1)
            raise ValueError
        ctx.suspend("later")

    calls = []
    for _ in range(3):
        run(one(fail, use=[at_most(limit)]))

    assert is_free(limit)


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
def test_the_middleware_works_at_every_level(level):
    """Runs that wait for their turn go on when it comes."""
    meter = Meter()
    used = [at_most(1)]
    flow = one(meter, use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    with Runner(middleware=used if level == "run" else []) as runner:
        handles = [runner.start(flow) for _ in range(4)]
        assert all(handle.wait().ok for handle in handles)
    assert (meter.calls, meter.most) == (4, 1)


@pytest.mark.parametrize("level", ["stage", "action"])
def test_who_waits_for_a_place_can_be_cancelled(level):
    """It leaves the line."""
    limit = Limit(1)
    begun = threading.Event()
    used = [at_most(limit)]
    flow = Workflow("w").do("begin", begun.set)
    flow.add(Stage("s", action(lambda: None, use=used if level == "action" else [])))
    flow.stages[0].use(*(used if level == "stage" else []))
    with Runner() as runner, limit:
        handle = runner.start(flow)
        begun.wait()
        handle.cancel()
        assert handle.wait().status == "cancelled"

    assert is_free(limit)


def test_waiting_for_a_place_counts_as_time():
    """A run whose time is up while it waits fails, as it would anywhere else."""
    limit = Limit(1)
    flow = one(lambda: None, use=[at_most(limit)])
    results = []
    with limit:
        thread = threading.Thread(target=lambda: results.append(Runner().run(flow, timeout=0.01)))
        thread.start()
        thread.join()

    assert isinstance(results[0].error, TimedOut)


def test_an_async_wait_can_be_cancelled():
    """The place goes to the next in line."""
    limit, begun, leave = Limit(1), asyncio.Event(), asyncio.Event()

    async def hold():
        async with limit:
            begun.set()
            await leave.wait()

    async def take():
        async with limit:
            return True

    async def main():
        first, second = asyncio.ensure_future(hold()), asyncio.ensure_future(take())
        await begun.wait()
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        leave.set()
        await first
        return await take()

    assert asyncio.run(main())


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "2"], ids=repr)
def test_a_limit_that_is_none_is_refused(value):
    """In the settings, and in code."""
    with pytest.raises(ConfigError, match="'io' of"):
        run_with("concurrency", one(lambda: None), {"io": value})
    with pytest.raises(DefinitionError, match="whole number above zero"):
        Limit(value)
    with pytest.raises(DefinitionError, match="whole number above zero"):
        at_most(value)


def test_a_plugin_that_limits_nothing_is_refused():
    """Whoever loads it has forgotten something."""
    with pytest.raises(ConfigError, match="limits nothing"):
        run_with("concurrency", one(lambda: None))
