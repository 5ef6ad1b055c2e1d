"""The runner: many runs, one key for each, in the background, and side by side."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from gostage import (
    Context,
    Result,
    RunInfo,
    Runner,
    Stage,
    Workflow,
    action,
    format_results,
    run,
)
from gostage.errors import DefinitionError, NotFound, RunOwned, TimedOut
from gostage.testing import FakeClock


@pytest.fixture
def log() -> list:
    """What happened, in order."""
    return []


def fine(id_: str = "fine") -> Workflow:
    """Make a workflow that completes."""
    return Workflow(id_).do("work", lambda: None)


def broken(id_: str = "broken") -> Workflow:
    """Make a workflow that fails."""

    def boom() -> None:
        raise ValueError("boom")

    return Workflow(id_).stage("s", action(boom, name="boom"))


class TestMistakes:
    """A mistake in a definition or a call raises at once."""

    @pytest.mark.parametrize("way", ["run", "start"])
    def test_a_workflow_without_steps_is_refused(self, way: str) -> None:
        """There is nothing to run."""
        with Runner() as runner, pytest.raises(DefinitionError, match="'w' has nothing to run"):
            getattr(runner, way)(Workflow("w"))

    @pytest.mark.parametrize("way", ["run", "start"])
    def test_what_is_no_workflow_is_refused(self, way: str) -> None:
        """A stage alone is none."""
        with Runner() as runner, pytest.raises(DefinitionError, match="a runner runs workflows"):
            getattr(runner, way)(Stage("s"))

    @pytest.mark.parametrize("way", ["run", "start"])
    @pytest.mark.parametrize("run_id", [pytest.param("", id="empty"), pytest.param(3, id="number")])
    def test_the_id_of_a_run_is_a_text(self, way: str, run_id: object) -> None:
        """And not an empty one."""
        with Runner() as runner, pytest.raises(DefinitionError, match="a run's id is a text"):
            getattr(runner, way)(fine(), run_id=run_id)

    @pytest.mark.parametrize("way", ["run", "start"])
    def test_a_timeout_below_zero_is_refused(self, way: str) -> None:
        """Time does not run backwards."""
        with Runner() as runner, pytest.raises(DefinitionError, match="timeout of run"):
            getattr(runner, way)(fine(), timeout=-1)

    def test_a_refused_run_is_not_known(self) -> None:
        """It never began."""
        runner = Runner()
        with pytest.raises(DefinitionError):
            runner.run(Workflow("w"), run_id="x")

        assert runner.runs() == []

    def test_the_definition_is_not_changed_by_a_run(self) -> None:
        """The next run of the same workflow begins with what the author wrote."""

        def change(ctx: Context, wild: bool) -> None:
            if wild:
                ctx.add_action(action(lambda: None, name="new"))
                ctx.add_stage(Stage("more"))
                ctx.remove_action("gone")
                ctx.disable(action="later")

        names = ["gone", "later"]
        flow = Workflow("w").stage("s", change, *(action(lambda: None, name=n) for n in names))
        wild, tame = (run(flow, initial={"wild": each}).steps for each in (True, False))

        assert [step.path for step in wild] == ["s", "s/change", "s/new", "s/later", "more"]
        assert [step.path for step in tame] == ["s", "s/change", "s/gone", "s/later"]
        assert {step.status for step in tame} == {"completed"}
        assert [each.name for each in flow.find_actions()] == ["change", "gone", "later"]


class TestRunId:
    """`run_id` is an idempotency key."""

    def test_a_run_that_ended_gives_its_result_again(self, log: list) -> None:
        """Nothing is run twice."""
        runner, flow = Runner(), Workflow("w").do("work", lambda: log.append("work"))
        first = runner.run(flow, run_id="order-1")
        second = runner.run(flow, run_id="order-1")

        assert second is first
        assert log == ["work"]

    def test_so_does_a_failed_one(self, log: list) -> None:
        """A failure is an end as well."""
        runner = Runner()
        first = runner.run(broken(), run_id="order-1")

        assert runner.run(broken(), run_id="order-1") is first

    def test_one_that_waits_goes_on(self, log: list) -> None:
        """From where it stands."""
        runner = Runner()
        flow = Workflow("w").do("a", lambda: log.append("a")).receive("go")
        runner.run(flow, run_id="order-1")
        again = runner.run(flow, run_id="order-1")

        assert again.status == "waiting"
        assert log == ["a"]

    def test_another_workflow_is_refused(self) -> None:
        """The error names both."""
        runner = Runner()
        runner.run(fine("one"), run_id="order-1")
        with pytest.raises(DefinitionError, match="'order-1' is of workflow 'one', not of 'two'"):
            runner.run(fine("two"), run_id="order-1")
        with pytest.raises(DefinitionError, match="not of 'two'"):
            runner.start(fine("two"), run_id="order-1")

    def test_without_one_every_run_has_its_own(self) -> None:
        """Nobody has to think of it."""
        runner = Runner()

        assert runner.run(fine()).run_id != runner.run(fine()).run_id

    def test_two_runners_do_not_know_each_others_runs(self, log: list) -> None:
        """Without a database each keeps its own in memory."""
        flow = Workflow("w").do("work", lambda: log.append("work"))
        for _ in range(2):
            Runner().run(flow, run_id="order-1")

        assert log == ["work", "work"]

    def test_one_that_is_going_on_belongs_to_its_thread(self) -> None:
        """Nobody else can run it meanwhile."""
        go, begun = threading.Event(), threading.Event()

        def busy() -> None:
            begun.set()
            go.wait(10)

        flow = Workflow("w").do("busy", busy)
        with Runner() as runner:
            handle = runner.start(flow, run_id="order-1")
            begun.wait(10)
            with pytest.raises(RunOwned, match="'order-1' is going on already"):
                runner.run(flow, run_id="order-1")
            go.set()

            assert handle.wait(10).ok


class TestMany:
    """`run_all` and `format_results`."""

    def test_they_run_one_after_the_other(self) -> None:
        """A result for each, in order."""
        results = Runner().run_all([fine("a"), fine("b")])

        assert [(each.workflow_id, each.status) for each in results] == [
            ("a", "completed"),
            ("b", "completed"),
        ]

    def test_the_first_failure_ends_it(self) -> None:
        """What comes after is not run."""
        results = Runner().run_all([fine("a"), broken("b"), fine("c")])

        assert [each.workflow_id for each in results] == ["a", "b"]

    def test_failures_may_be_ignored(self) -> None:
        """Then each has its result."""
        results = Runner().run_all([broken("a"), fine("b")], ignore_errors=True)

        assert [each.ok for each in results] == [False, True]

    def test_every_one_begins_with_the_same_initial_data(self) -> None:
        """And not with what the one before has written."""

        def grow(ctx: Context) -> None:
            ctx.store["number"] += 1

        flow = Workflow("w").do("grow", grow)
        results = Runner().run_all([flow, flow], {"number": 0})

        assert [each.store["number"] for each in results] == [1, 1]

    def test_the_report_has_a_line_for_each(self) -> None:
        """With what went wrong, and a summary."""
        results = Runner().run_all([fine("a"), broken("b")], ignore_errors=True)
        lines = format_results(results).splitlines()

        assert "a - SUCCESS" in lines[0]
        assert "b - FAILED" in lines[1]
        assert "stage 's' failed: action 'boom' failed: boom" in lines[2]
        assert lines[-1] == "Summary: 1/2 workflows succeeded"

    def test_the_report_of_nothing_says_so(self) -> None:
        """Instead of an empty text."""
        assert format_results([]) == "No workflows executed"

    def test_a_run_that_waits_is_reported_as_waiting(self) -> None:
        """It is neither a success nor an error."""
        text = format_results([run(Workflow("w").receive("go"))])

        assert "w - WAITING" in text
        assert "Error" not in text


class Counting(Runner):
    """Counts what is run, and adds something to each."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[str] = []

    def run(self, workflow, initial=None, run_id=None, timeout=None, **options) -> Result:
        self.ran.append(workflow.id)
        return super().run(workflow, initial, run_id, timeout, **options)


class TestSubclass:
    """Whoever overrides `run` changes everything that runs."""

    def test_run_all(self) -> None:
        """Each of them goes through it."""
        runner = Counting()
        runner.run_all([fine("a"), fine("b")])

        assert runner.ran == ["a", "b"]

    def test_start(self) -> None:
        """In the background as well."""
        with Counting() as runner:
            runner.start(fine("a")).wait(10)

        assert runner.ran == ["a"]

    def test_resume_and_signal(self) -> None:
        """Going on is running."""
        runner = Counting()
        waiting = runner.run(Workflow("w").receive("go"))
        runner.resume(waiting.run_id)
        runner.signal(waiting.run_id, "go")

        assert runner.ran == ["w", "w", "w"]


class TestLooking:
    """`runs` and `get`."""

    @pytest.fixture
    def runner(self) -> Runner:
        """Three runs: completed, failed, waiting."""
        clock = FakeClock()
        runner = Runner(clock=clock)
        flows = {
            "1": fine("a").add_tag("night"),
            "2": broken("b"),
            "3": Workflow("a", tags=["night", "slow"]).receive("go"),
        }
        for id_, flow in flows.items():
            runner.run(flow, run_id=id_)
            clock.pass_by(60)
        return runner

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            pytest.param({}, ["3", "2", "1"], id="all, newest first"),
            pytest.param({"status": "failed"}, ["2"], id="status"),
            pytest.param({"workflow": "a"}, ["3", "1"], id="workflow"),
            pytest.param({"tag": "night"}, ["3", "1"], id="tag"),
            pytest.param({"tag": "night", "status": "completed"}, ["1"], id="several"),
            pytest.param({"limit": 2}, ["3", "2"], id="limit"),
            pytest.param({"after": "3"}, ["2", "1"], id="after"),
            pytest.param({"after": "3", "limit": 1}, ["2"], id="a page"),
            pytest.param({"workflow": "none"}, [], id="nothing"),
        ],
    )
    def test_runs_are_chosen(
        self, runner: Runner, query: dict[str, object], expected: list[str]
    ) -> None:
        """Everything asked for must hold."""
        assert [info.run_id for info in runner.runs(**query)] == expected

    def test_the_limit_counts_what_was_chosen(self, runner: Runner) -> None:
        """Not what was looked at."""
        assert [info.run_id for info in runner.runs(workflow="a", limit=2)] == ["3", "1"]

    def test_a_run_says_what_it_is(self, runner: Runner) -> None:
        """Its id, workflow, status, tags and times."""
        info = runner.get("3")

        assert isinstance(info, RunInfo)
        assert (info.run_id, info.workflow_id, info.status) == ("3", "a", "waiting")
        assert (info.tags, info.owner) == (("night", "slow"), None)
        assert info.created_at - runner.get("2").created_at == timedelta(seconds=60)
        assert info.updated_at >= info.created_at

    @pytest.mark.parametrize("method", ["get", "delete", "resume", "cancel", "result"])
    def test_an_unknown_one_is_an_error(self, runner: Runner, method: str) -> None:
        """Which says what was meant, perhaps."""
        runner.run(fine(), run_id="order-17")
        with pytest.raises(NotFound, match="'order-71'") as caught:
            getattr(runner, method)("order-71")
        assert "'order-17'" in caught.value.hint

    def test_going_on_changes_the_time_of_the_update(self, runner: Runner) -> None:
        """And not that of the creation."""
        before = runner.get("3")
        runner.signal("3", "go")
        after = runner.get("3")

        assert after.status == "completed"
        assert after.created_at == before.created_at
        assert after.updated_at > before.updated_at


class TestForgetting:
    """`delete` and `purge`."""

    def test_a_deleted_run_is_not_known_any_more(self) -> None:
        """Its id is free again."""
        runner = Runner()
        first = runner.run(fine(), run_id="x")
        runner.delete("x")

        assert runner.runs() == []
        assert runner.run(fine(), run_id="x") is not first

    def test_one_that_is_going_on_cannot_be_deleted(self) -> None:
        """It says who has it."""
        runner, errors = Runner(), []

        def work(ctx: Context) -> None:
            try:
                runner.delete(ctx.run.id)
            except RunOwned as error:
                errors.append(str(error))

        result = runner.run(Workflow("w").do("work", work), run_id="x")

        assert result.ok
        assert "'x' is going on" in errors[0]

    @pytest.mark.parametrize(
        "age", [pytest.param(100, id="seconds"), pytest.param(timedelta(seconds=100), id="delta")]
    )
    def test_purge_forgets_what_ended_long_ago(self, age: float | timedelta) -> None:
        """And nothing that is not finished, however old; it says how many."""
        clock = FakeClock()
        runner = Runner(clock=clock)
        runner.run(fine(), run_id="old")
        runner.run(broken(), run_id="old too")
        runner.run(Workflow("w").receive("go"), run_id="waits")
        clock.pass_by(200)
        runner.run(fine(), run_id="new")

        assert runner.purge(older_than=age) == 2
        assert [info.run_id for info in runner.runs()] == ["new", "waits"]


class TestHandle:
    """`start` runs in the background."""

    def test_it_gives_the_result_to_whoever_waits(self) -> None:
        """As often as they ask."""
        with Runner() as runner:
            handle = runner.start(fine(), initial={"key": 1}, run_id="x")
            result = handle.wait(10)

            assert (handle.id, handle.status, result.status) == ("x", "completed", "completed")
            assert result.store["key"] == 1
            assert handle.wait() is result
            assert runner.get("x").status == "completed"

    def test_a_failure_is_in_the_result(self) -> None:
        """Waiting does not raise it."""
        with Runner() as runner:
            result = runner.start(broken()).wait(10)

        assert (result.status, str(result.error)) == ("failed", "boom")

    def test_it_does_not_wait_longer_than_it_is_told(self) -> None:
        """The run goes on, and says that it is running."""
        go, begun = threading.Event(), threading.Event()

        def busy() -> None:
            begun.set()
            go.wait(10)

        with Runner() as runner:
            handle = runner.start(Workflow("w").do("busy", busy), run_id="x")
            begun.wait(10)
            with pytest.raises(TimedOut, match="'x' still goes on"):
                handle.wait(0.001)

            assert handle.status == runner.get("x").status == "running"
            assert "gostage x" in runner.get("x").owner

            go.set()

            assert handle.wait(10).ok

    def test_cancelling_stops_it_before_its_next_step(self, log: list) -> None:
        """And is of no use when it has ended."""
        go, begun = threading.Event(), threading.Event()

        def busy() -> None:
            begun.set()
            go.wait(10)

        with Runner() as runner:
            flow = Workflow("w").do("busy", busy).do("next", lambda: log.append("next"))
            handle = runner.start(flow)
            begun.wait(10)

            assert handle.cancel()

            go.set()

            assert handle.wait(10).status == "cancelled"
            assert not handle.cancel()
        assert log == []

    def test_one_that_waits_comes_back_waiting(self) -> None:
        """It goes on with a signal, in the thread of whoever sends it."""
        with Runner() as runner:
            handle = runner.start(Workflow("w").receive("go"))

            assert handle.wait(10).status == "waiting"
            assert runner.signal(handle.id, "go").status == "completed"

    def test_leaving_the_runner_cancels_what_goes_on(self, log: list) -> None:
        """And waits until it has cleaned up."""
        begun = threading.Event()

        def around():
            try:
                yield
            finally:
                log.append("left")

        def busy(ctx: Context) -> None:
            begun.set()
            while not ctx.cancelled:
                begun.wait(0.001)

        with Runner(middleware=[around]) as runner:
            handle = runner.start(Workflow("w").do("busy", busy).do("next", lambda: None))
            begun.wait(10)

        assert log == ["left"]
        assert handle.wait().status == "cancelled"


class TestSideBySide:
    """Two runs of one workflow at once are independent."""

    def test_they_do_not_see_each_others_store_or_plan(self) -> None:
        """Not even in the very same moment."""
        both = threading.Barrier(2)

        def change(ctx: Context, mine: str) -> None:
            both.wait(10)
            ctx.store["list"].append(mine)
            ctx.add_action(action(lambda ctx: ctx.store["list"].append("new"), name=f"new-{mine}"))
            both.wait(10)
            ctx.remove_action(f"skipped-{mine}")
            both.wait(10)

        def note(ctx: Context) -> None:
            ctx.store["list"].append(ctx.action.name)

        names = [action(note, name=f"skipped-{each}") for each in "ab"]
        flow = Workflow("w").stage("s", change, *names, initial={"list": []})
        with Runner() as runner:
            handles = [runner.start(flow, initial={"mine": each}) for each in "ab"]
            results = [handle.wait(20) for handle in handles]

        assert [each.error for each in results] == [None, None]
        assert results[0].store["list"] == ["a", "new", "skipped-b"]
        assert results[1].store["list"] == ["b", "new", "skipped-a"]
        assert "s/new-a" in [step.path for step in results[0].steps]
        assert "s/new-a" not in [step.path for step in results[1].steps]

    def test_many_of_them_each_come_to_their_own_end(self) -> None:
        """Loops count for themselves."""

        def count(ctx: Context, until: int) -> None:
            ctx.store["n"] = ctx.store.get("n", default=0) + 1

        def is_done(n: int, until: int) -> bool:
            return n == until

        flow = Workflow("w").loop_until("l", is_done, count)
        with Runner() as runner:
            handles = [runner.start(flow, initial={"until": n}) for n in range(1, 9)]
            results = [handle.wait(20) for handle in handles]

        assert [each.store["n"] for each in results] == list(range(1, 9))

    def test_a_run_within_an_action_is_a_run_of_its_own(self, log: list) -> None:
        """With the same runner, and even of the same workflow."""
        runner = Runner()

        def work(ctx: Context, depth: int) -> None:
            log.append(depth)
            if depth:
                runner.run(flow, initial={"depth": depth - 1})
            log.append(ctx.store["depth"])

        flow = Workflow("w").do("work", work)
        result = runner.run(flow, initial={"depth": 2})

        assert result.ok
        assert log == [2, 1, 0, 0, 1, 2]
