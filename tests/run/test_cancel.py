"""Cancelling: noticed before every step, cleanup runs, and the status says so."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gostage import Context, Runner, Stage, Workflow, action, resource, steps
from gostage.errors import Cancelled
from gostage.testing import FakeClock


def stop(ctx: Context) -> None:
    """Cancel the run from inside."""
    ctx.run.cancel()


def statuses(result) -> list[str]:
    """How the items stand."""
    return [step.status for step in result.steps]


def test_the_next_step_does_not_begin() -> None:
    """What runs comes to its end."""
    calls = []
    workflow = Workflow("w").stage("s", stop, lambda ctx: calls.append("next"))
    result = Runner().run(workflow)

    assert (result.status, result.ok, calls) == ("cancelled", False, [])
    assert statuses(result) == ["cancelled", "completed", "pending"]


def test_cleanup_runs() -> None:
    """Middleware and resources are left, youngest first."""
    order = []

    def around():
        try:
            yield
        finally:
            order.append("middleware")

    @resource
    def lamp():
        yield
        order.append("resource")

    def use(ctx: Context, lamp) -> None:
        ctx.run.cancel()

    workflow = Workflow("w", Stage("s", use, stop).use(around))
    Runner(resources=[lamp]).run(workflow)

    assert order == ["middleware", "resource"]


def test_no_except_exception_can_eat_it() -> None:
    """`ctx.check()` raises what is no ordinary exception."""
    calls = []

    def stubborn(ctx: Context) -> None:
        ctx.run.cancel()
        try:
            ctx.check()
        except Exception:
            calls.append("eaten")

    result = Runner().run(Workflow("w").do("x", stubborn))

    assert (result.status, calls) == ("cancelled", [])
    assert isinstance(result.error, Cancelled)


def test_a_retry_is_not_offered_a_cancellation() -> None:
    """Neither that of a body, nor middleware that swallows everything."""

    def swallow():
        try:
            yield
        except BaseException:
            yield

    def give_up(ctx: Context) -> None:
        ctx.run.cancel()
        ctx.check()

    workflow = Workflow("w", Stage("s", give_up).use(swallow)).use(swallow)
    result = Runner().run(workflow)

    assert result.status == "cancelled"


def test_a_handle_cancels_a_run_in_the_background() -> None:
    """The action notices by itself, and the run ends."""
    begun, seen = threading.Event(), []

    def loop(ctx: Context) -> None:
        begun.set()
        while not ctx.cancelled:
            begun.wait(0.001)
        seen.append(ctx.cancelled)

    with Runner() as runner:
        handle = runner.start(Workflow("w").do("loop", loop).do("after", loop))
        begun.wait(10)

        assert handle.status == "running"
        assert handle.cancel()
        assert handle.wait(10).status == "cancelled"
        assert not handle.cancel()
    assert seen == [True]


def test_a_run_can_be_cancelled_before_its_first_step() -> None:
    """Even if its thread has not come so far."""
    calls = []

    class Late(Runner):
        """Begins only when it is told to."""

        go = threading.Event()

        def run(self, *args, **options):
            self.go.wait(10)
            return super().run(*args, **options)

    with Late() as runner:
        handle = runner.start(Workflow("w").do("x", lambda ctx: calls.append(1)))

        assert handle.status == "pending"
        assert handle.cancel()

        runner.go.set()

        assert handle.wait(10).status == "cancelled"
    assert calls == []


def test_leaving_the_runner_cancels_what_goes_on() -> None:
    """The context manager waits for the cleanup."""
    begun = threading.Event()

    def loop(ctx: Context) -> None:
        begun.set()
        while True:
            ctx.check()

    with Runner() as runner:
        handles = [runner.start(Workflow("w").do("loop", loop)) for _ in range(2)]
        begun.wait(10)

    assert [handle.status for handle in handles] == ["cancelled", "cancelled"]


def test_a_run_is_cancelled_by_its_id() -> None:
    """From anywhere that has the runner."""
    runner = Runner()

    def cancel(ctx: Context) -> None:
        assert runner.cancel(ctx.run.id)

    result = runner.run(Workflow("w").do("x", cancel).do("y", stop))

    assert result.status == "cancelled"
    assert not runner.cancel(result.run_id)


def test_a_waiting_run_is_cancelled_with_its_cleanup() -> None:
    """It is entered again only to be left for good."""
    order = []

    def around():
        try:
            yield
            order.append("after")
        finally:
            order.append("left")

    runner = Runner()
    waiting = runner.run(Workflow("w", Stage("s").receive("go").use(around)))

    assert runner.cancel(waiting.run_id)
    assert runner.get(waiting.run_id).status == "cancelled"
    assert order == ["left", "left"]


@pytest.mark.parametrize("kind", ["sleep", "wait", "backoff"])
def test_pauses_end_at_once(kind: str) -> None:
    """Whoever cancels does not wait for the end of a sleep."""
    begun = threading.Event()

    def begin(ctx: Context) -> None:
        begun.set()

    def fails(ctx: Context) -> None:
        begun.set()
        raise OSError("no")

    def not_yet(ctx: Context) -> bool:
        begun.set()
        return False

    flows = {
        "sleep": Workflow("w").do("begin", begin).sleep("long", 3600),
        "wait": Workflow("w").wait_for("never", not_yet, every=3600),
        "backoff": Workflow("w").retry("r", steps().do("x", fails), backoff=lambda _: 3600),
    }
    with Runner() as runner:
        handle = runner.start(flows[kind])
        begun.wait(10)
        handle.cancel()

        assert handle.wait(10).status == "cancelled"


def test_an_async_action_is_cancelled_where_it_awaits() -> None:
    """Its cleanup runs first."""
    begun, order = threading.Event(), []

    async def endless(ctx: Context) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            order.append("cleanup")

    with Runner() as runner:
        handle = runner.start(Workflow("w").do("endless", endless))
        begun.wait(10)
        handle.cancel()

        assert handle.wait(10).status == "cancelled"
    assert order == ["cleanup"]


def test_cancelling_the_task_that_awaits_a_run_cancels_the_run() -> None:
    """The run cleans up, and the task ends as cancelled."""
    order = []

    async def main() -> None:
        begun = asyncio.Event()

        async def endless(ctx: Context) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                order.append("cleanup")

        def around():
            try:
                yield
            finally:
                order.append("left")

        runner = Runner(middleware=[around])
        task = asyncio.ensure_future(runner.arun(Workflow("w").do("x", endless), run_id="r"))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        order.append(runner.get("r").status)

    asyncio.run(main())

    assert order == ["cleanup", "left", "cancelled"]


def test_branches_notice_a_cancellation() -> None:
    """All of them stop before their next step."""
    both = threading.Barrier(3)
    calls = []

    def meet(ctx: Context) -> None:
        both.wait(10)
        both.wait(10)

    after = action(lambda ctx: calls.append("after"), name="after")
    body = [steps().do("meet", meet).add(after) for _ in range(2)]
    with Runner() as runner:
        handle = runner.start(Workflow("w").parallel("p", left=body[0], right=body[1]))
        both.wait(10)
        handle.cancel()
        both.wait(10)

        assert handle.wait(10).status == "cancelled"
    assert calls == []


def test_the_first_failing_branch_cancels_the_others() -> None:
    """They see it in `ctx.cancelled`, and the failure is what counts."""
    met = threading.Barrier(2)
    seen = []

    def fails(ctx: Context) -> None:
        met.wait(10)
        raise OSError("disk full")

    def waits(ctx: Context) -> None:
        met.wait(10)
        while not ctx.cancelled:
            pass
        seen.append("noticed")
        ctx.check()

    result = Runner().run(Workflow("w").parallel("p", bad=fails, good=waits))

    assert (result.status, str(result.error), seen) == ("failed", "disk full", ["noticed"])
    found = {step.path: step.status for step in result.steps}
    assert found["p/bad"] == "failed"
    assert found["p/good"] == "cancelled"


def test_a_failing_branch_stops_an_async_sibling() -> None:
    """It need not look by itself."""
    order = []

    async def main() -> str:
        begun = asyncio.Event()

        async def fails(ctx: Context) -> None:
            await begun.wait()
            raise OSError("no")

        async def endless(ctx: Context) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                order.append("cleanup")

        flow = Workflow("w").parallel("p", bad=fails, good=endless)
        return (await Runner().arun(flow)).status

    assert asyncio.run(main()) == "failed"
    assert order == ["cleanup"]


def test_a_failing_branch_wakes_a_sibling_that_sleeps_or_listens() -> None:
    """Waiting branches end at once."""

    def fails(ctx: Context) -> None:
        raise OSError("no")

    flow = Workflow("w").parallel(
        "p",
        ears=steps().receive("never"),
        bed=steps().sleep("long", 3600),
        bad=steps().sleep("short", 0.001).do("x", fails),
    )
    result = Runner().run(flow)

    assert (result.status, str(result.error)) == ("failed", "no")


def test_a_branch_that_bails_ends_the_run() -> None:
    """The others are cancelled, and the reason is kept."""

    def stop_here(ctx: Context) -> None:
        ctx.bail("enough")

    flow = Workflow("w").parallel("p", a=stop_here, b=steps().receive("never"))
    result = Runner(clock=FakeClock()).run(flow)

    assert (result.status, result.bail_reason) == ("bailed", "enough")
