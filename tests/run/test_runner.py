"""The runner: several runs, their ids, and what is remembered of them."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import timedelta

import pytest

from gostage import Context, Runner, Workflow, arun, format_results, run
from gostage.errors import DefinitionError, NotFound, RunOwned, TimedOut
from tests.clock import FakeClock


def works(ctx: Context) -> None:
    """Do nothing."""


def fails(ctx: Context) -> None:
    """Fail."""
    raise ValueError("boom")


@pytest.fixture
def runner() -> Runner:
    """A runner on a fake clock."""
    return Runner(clock=FakeClock())


def flow(id: str = "w", function=works, **options) -> Workflow:
    """A workflow of one step."""
    return Workflow(id, **options).do("x", function)


def test_run_and_arun_are_shortcuts() -> None:
    """For one workflow with a runner of its own."""
    assert run(flow(), initial={"a": 1}).store["a"] == 1
    assert asyncio.run(arun(flow(), initial={"a": 1})).store["a"] == 1


def test_a_result_says_what_became_of_the_run(runner: Runner) -> None:
    """Ids, status and duration."""
    result = runner.run(flow(), run_id="r1")

    assert (result.run_id, result.workflow_id, result.status) == ("r1", "w", "completed")
    assert (result.ok, result.error, result.bail_reason, result.suspended) == (True, *[None] * 3)
    assert result.duration >= 0
    assert repr(result) == "<result completed of 'w' run='r1'>"


def test_runs_have_ids_of_their_own(runner: Runner) -> None:
    """Unless one is given."""
    assert runner.run(flow()).run_id != runner.run(flow()).run_id


def test_run_all_stops_after_the_first_failure(runner: Runner) -> None:
    """The others do not run."""
    results = runner.run_all([flow("a"), flow("b", fails), flow("c")])

    assert [(r.workflow_id, r.status) for r in results] == [("a", "completed"), ("b", "failed")]


def test_run_all_can_go_on(runner: Runner) -> None:
    """With `ignore_errors` all of them run."""
    results = runner.run_all([flow("a"), flow("b", fails), flow("c")], ignore_errors=True)

    assert [result.ok for result in results] == [True, False, True]


def test_results_are_shown_as_text(runner: Runner) -> None:
    """One line each, the errors, and a summary."""
    text = format_results(runner.run_all([flow("a"), flow("b", fails)]))

    assert re.sub(r"\d+\.\d+s", "0s", text).splitlines() == [
        "Workflow 1: a - SUCCESS (0s)",
        "Workflow 2: b - FAILED (0s)",
        "  Error: action 'x' failed: boom",
        "Summary: 1/2 workflows succeeded",
    ]
    assert format_results([]) == "No workflows executed"


def test_overriding_run_changes_everything_that_runs() -> None:
    """`run_all`, `start` and `resume` go through it."""
    seen = []

    class Counting(Runner):
        """Counts its runs and gives each a value."""

        def run(self, workflow, initial=None, *args, **options):
            seen.append(workflow.id)
            return super().run(workflow, {**(initial or {}), "by": "me"}, *args, **options)

    with Counting() as runner:
        assert runner.run_all([flow("a")])[0].store["by"] == "me"
        assert runner.start(flow("b")).wait(10).store["by"] == "me"
        waiting = runner.run(Workflow("c").receive("go"))
        runner.resume(waiting.run_id)
        runner.signal(waiting.run_id, "go")

    assert seen == ["a", "b", "c", "c", "c"]


def test_the_id_of_a_run_is_an_idempotency_key(runner: Runner) -> None:
    """An ended run gives its result again, and nothing runs twice."""
    calls = []
    workflow = flow(function=lambda ctx: calls.append(1))

    assert runner.run(workflow, run_id="r") is runner.run(workflow, run_id="r")
    assert calls == [1]


def test_a_waiting_run_goes_on_under_its_id(runner: Runner) -> None:
    """Starting it again is resuming it."""
    workflow = Workflow("w").sleep("nap", 5).do("x", works)
    runner.run(workflow, run_id="r", detach=True)

    assert runner.run(workflow, run_id="r").status == "completed"


def test_an_id_belongs_to_one_workflow(runner: Runner) -> None:
    """Another one under the same id is a mistake."""
    runner.run(flow("a"), run_id="r")

    with pytest.raises(DefinitionError, match="run 'r' is of workflow 'a', not of 'b'"):
        runner.run(flow("b"), run_id="r")


@pytest.mark.parametrize("run_id", ["", 7], ids=["empty", "number"])
def test_an_id_is_a_text(runner: Runner, run_id: object) -> None:
    """Anything else is refused."""
    with pytest.raises(DefinitionError, match="a run's id is a text"):
        runner.run(flow(), run_id=run_id)


def test_what_is_no_workflow_is_refused(runner: Runner) -> None:
    """At once, in the background too."""
    for start in (runner.run, runner.start):
        with pytest.raises(DefinitionError, match="a runner runs workflows"):
            start(works)


def test_a_run_is_worked_on_by_one_thread_at_a_time() -> None:
    """A second start under the same id is refused while the first goes on."""
    begun, go = threading.Event(), threading.Event()

    def wait(ctx: Context) -> None:
        begun.set()
        go.wait(10)

    with Runner() as runner:
        handle = runner.start(flow(function=wait), run_id="r")
        begun.wait(10)
        with pytest.raises(RunOwned):
            runner.run(flow(function=wait), run_id="r")
        with pytest.raises(RunOwned):
            runner.delete("r")
        go.set()
        handle.wait(10)


def test_a_handle_follows_a_run_in_the_background() -> None:
    """Its id, its status, and its result when it is there."""
    begun, go = threading.Event(), threading.Event()

    def wait(ctx: Context) -> None:
        begun.set()
        go.wait(10)

    with Runner() as runner:
        handle = runner.start(flow(function=wait), run_id="r")
        begun.wait(10)

        assert (handle.id, handle.status) == ("r", "running")
        assert [info.run_id for info in runner.runs(status="running")] == ["r"]
        with pytest.raises(TimedOut):
            handle.wait(0)

        go.set()

        assert handle.wait(10).status == handle.status == "completed"
        assert handle.wait() is handle.wait()


def test_a_failing_run_in_the_background_has_a_result_too() -> None:
    """What happens inside a run is in its result."""
    with Runner() as runner:
        assert str(runner.start(flow(function=fails)).wait(10).error) == "boom"


def test_many_runs_in_the_background_do_not_disturb_each_other() -> None:
    """One runner, one workflow, many threads."""

    def double(ctx: Context, n: int) -> None:
        ctx.store["twice"] = 2 * n

    workflow = flow(function=double)
    with Runner() as runner:
        handles = [runner.start(workflow, initial={"n": n}) for n in range(20)]

        assert [handle.wait(10).store["twice"] for handle in handles] == [2 * n for n in range(20)]


def test_runs_are_listed_newest_first(runner: Runner) -> None:
    """And narrowed down by status, workflow and tag."""
    runner.run(flow("a", tags=["t"]), run_id="1")
    runner.run(flow("b", fails), run_id="2")
    runner.run(flow("a"), run_id="3")

    def ids(**options) -> list[str]:
        return [info.run_id for info in runner.runs(**options)]

    assert ids() == ["3", "2", "1"]
    assert ids(status="failed") == ["2"]
    assert ids(workflow="a") == ["3", "1"]
    assert ids(tag="t") == ["1"]
    assert ids(limit=2) == ["3", "2"]
    assert ids(after="3", limit=1) == ["2"]
    assert ids(after="1") == []


def test_one_run_is_looked_up_by_its_id(runner: Runner) -> None:
    """An unknown one is an error that names close ids."""
    runner.run(flow(tags=["t"]), run_id="nightly")
    info = runner.get("nightly")

    assert (info.workflow_id, info.status, list(info.tags)) == ("w", "completed", ["t"])
    assert info.owner is None
    assert info.created_at <= info.updated_at
    with pytest.raises(NotFound) as caught:
        runner.get("nihgtly")
    assert "'nightly'" in caught.value.hint


def test_runs_can_be_forgotten(runner: Runner) -> None:
    """One by one."""
    runner.run(flow(), run_id="r")
    runner.delete("r")

    assert runner.runs() == []
    with pytest.raises(NotFound):
        runner.delete("r")


@pytest.mark.parametrize("age", [60, timedelta(minutes=1)], ids=["seconds", "timedelta"])
def test_old_runs_are_purged(age: object) -> None:
    """Only those that ended, and only long enough ago."""
    clock = FakeClock()
    runner = Runner(clock=clock)
    runner.run(flow(), run_id="old")
    runner.run(Workflow("w").receive("go"), run_id="waiting")
    clock.pass_by(61)
    runner.run(flow(), run_id="new")

    assert runner.purge(older_than=age) == 1
    assert [info.run_id for info in runner.runs()] == ["new", "waiting"]


def test_only_so_many_ended_runs_are_remembered(runner: Runner) -> None:
    """A long-lived runner does not grow without end."""
    from gostage._app.runs import KEPT

    workflow = flow()
    for number in range(KEPT + 3):
        runner.run(workflow, run_id=str(number))

    assert len(runner.runs()) == KEPT
    with pytest.raises(NotFound):
        runner.get("0")


def test_a_run_works_inside_a_running_loop() -> None:
    """As in a notebook: async actions have a loop of their own."""

    async def work(ctx: Context) -> None:
        await asyncio.sleep(0)
        ctx.store["done"] = True

    async def notebook():
        return run(flow(function=work))

    assert asyncio.run(notebook()).store["done"]


def test_an_exit_in_an_action_ends_the_program_after_the_cleanup() -> None:
    """`SystemExit` is raised once the run has cleaned up."""
    order = []

    def leave(ctx: Context) -> None:
        raise SystemExit(3)

    def around():
        try:
            yield
        finally:
            order.append("left")

    runner = Runner(middleware=[around])
    with pytest.raises(SystemExit):
        runner.run(flow(function=leave), run_id="r")

    assert order == ["left"]
    assert runner.get("r").status == "cancelled"


def test_a_body_of_steps_that_is_no_workflow_of_single_steps_runs_as_well(runner: Runner) -> None:
    """A definition loaded from data is a workflow like any other."""
    again = Workflow.from_dict(Workflow("w").sleep("nap", 1).to_dict())

    assert runner.run(again).status == "completed"
