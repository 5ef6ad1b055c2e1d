"""Middleware at its four levels: around the run, each stage, a stage's actions, one call."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from gostage import (
    Action,
    Context,
    Result,
    Retry,
    Runner,
    Stage,
    Workflow,
    action,
    resource,
    run,
    steps,
)
from gostage.errors import DefinitionError, TimedOut
from gostage.testing import FakeClock

LEVELS = ["run", "workflow", "stage", "action"]

spot: ContextVar[str] = ContextVar("spot", default="outside")


@pytest.fixture
def log() -> list:
    """What happened, in order."""
    return []


def around(log: list, name: str):
    """Make a middleware that writes down when it is entered and left."""

    def middleware():
        log.append(f"+{name}")
        try:
            return (yield)
        finally:
            log.append(f"-{name}")

    return middleware


def at(level: str, *middleware: object, fn: object = None, **options) -> Result:
    """Run one action in one stage, with middleware at one level."""
    used = {each: list(middleware) if each == level else [] for each in LEVELS}
    work = action(fn or (lambda ctx: None), name="work", use=used["action"])
    stage = Stage("s", work).use(*used["stage"])
    workflow = Workflow("w", stage).use(*used["workflow"])
    return Runner(middleware=used["run"], clock=options.pop("clock", None)).run(workflow, **options)


every_level = pytest.mark.parametrize("level", LEVELS)


class TestOrder:
    """First registered is outermost, and starts first."""

    @every_level
    def test_within_a_level_the_first_is_the_outermost(self, log: list, level: str) -> None:
        """It is entered first and left last."""
        at(level, around(log, "a"), around(log, "b"), fn=lambda ctx: log.append("work"))

        assert log == ["+a", "+b", "work", "-b", "-a"]

    def test_the_levels_stand_inside_each_other(self, log: list) -> None:
        """The run outside, then each stage, all its actions together, each call."""
        names = ["a", "b"]
        actions = [action(lambda: None, name=n, use=[around(log, f"call {n}")]) for n in names]
        workflow = Workflow("w").use(around(log, "workflow"))
        workflow.add(Stage("one", *actions).use(around(log, "stage")), Stage("two", actions[0]))
        Runner(middleware=[around(log, "run")]).run(workflow)

        assert log == [
            "+run",
            *["+workflow", "+stage", "+call a", "-call a", "+call b", "-call b"],
            *["-stage", "-workflow"],
            *["+workflow", "+call a", "-call a", "-workflow"],
            "-run",
        ]

    def test_a_runner_takes_more_with_use(self, log: list) -> None:
        """They go inside those it has."""
        runner = Runner(middleware=[around(log, "a")]).use(around(log, "b"), around(log, "c"))
        runner.run(Workflow("w").do("x", lambda: None))

        assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]

    def test_the_middleware_of_a_workflow_is_around_stages_alone(self, log: list) -> None:
        """Steps outside any stage do not have it."""
        workflow = Workflow("w").do("x", lambda: log.append("step")).use(around(log, "workflow"))
        run(workflow.stage("s", lambda: log.append("action")))

        assert log == ["step", "+workflow", "action", "-workflow"]

    def test_a_stage_without_actions_has_it_all_the_same(self, log: list) -> None:
        """It may be there for its initial data."""
        run(Workflow("w", Stage("s").use(around(log, "stage"))).use(around(log, "workflow")))

        assert log == ["+workflow", "+stage", "-stage", "-workflow"]

    def test_a_workflow_within_another_brings_its_own(self, log: list) -> None:
        """It stands inside that of the workflow around it."""
        inner = Workflow("inner", Stage("s", lambda: log.append("work"))).use(around(log, "inner"))
        run(Workflow("outer").sub("sub", inner).use(around(log, "outer")))

        assert log == ["+outer", "+inner", "work", "-inner", "-outer"]

    def test_every_attempt_of_an_action_has_its_own_call(self, log: list) -> None:
        """The middleware of an action is around one call."""

        def flaky(ctx: Context) -> None:
            log.append(ctx.attempt)
            if ctx.attempt == 1:
                raise OSError

        run(Workflow("w").add(action(flaky, use=[around(log, "m")], retry=Retry(attempts=2))))

        assert log == ["+m", 1, "-m", "+m", 2, "-m"]

    def test_every_branch_enters_its_own(self, log: list) -> None:
        """The stages of two branches do not share one entry."""
        stages = {n: Stage(n, lambda: None).use(around(log, n)) for n in ("left", "right")}
        run(Workflow("w").parallel("p", **stages))

        assert sorted(log) == ["+left", "+right", "-left", "-right"]
        assert log.index("+left") < log.index("-left")


class TestArguments:
    """A middleware takes, by name, any of what there is at its level."""

    @pytest.mark.parametrize(
        ("level", "names"),
        [
            pytest.param("run", ["run", "workflow", "store"], id="run"),
            pytest.param("workflow", ["run", "workflow", "stage", "store"], id="workflow"),
            pytest.param("stage", ["run", "workflow", "stage", "store"], id="stage"),
            pytest.param(
                "action", ["run", "workflow", "stage", "action", "ctx", "store"], id="action"
            ),
        ],
    )
    def test_it_is_given_what_it_names(self, log: list, level: str, names: list[str]) -> None:
        """In any order; each is what the name says."""
        space = {"log": log}
        exec(
            f"def middleware({', '.join(reversed(names))}):\n"
            f"    log.append(dict({', '.join(f'{name}={name}' for name in names)}))\n    yield",
            space,
        )
        at(level, space["middleware"], run_id="run-1", initial={"key": "value"})
        (given,) = log

        assert list(given) == names
        assert (given["run"].id, given["workflow"].id) == ("run-1", "w")
        assert given["store"]["key"] == "value"
        assert "stage" not in given or given["stage"].id == "s"
        assert "action" not in given or isinstance(given["action"], Action)
        assert "ctx" not in given or isinstance(given["ctx"], Context)

    @every_level
    def test_it_may_take_nothing(self, log: list, level: str) -> None:
        """It is called without arguments then."""
        at(level, around(log, "m"))

        assert log == ["+m", "-m"]

    @every_level
    def test_a_parameter_with_a_default_is_its_own(self, log: list, level: str) -> None:
        """Nobody fills it."""

        def middleware(limit: int = 7):
            log.append(limit)
            yield

        at(level, middleware)

        assert log == [7]

    @every_level
    def test_a_name_that_is_not_there_is_refused_where_it_is_registered(self, level: str) -> None:
        """With the close one."""

        def middleware(stor):
            yield

        with pytest.raises(DefinitionError, match="asks for 'stor'") as caught:
            at(level, middleware)
        assert "'store'" in caught.value.hint

    @every_level
    def test_an_async_one_is_refused(self, level: str) -> None:
        """A plain generator works around async actions too, and the error says so."""

        async def middleware():
            yield

        with pytest.raises(DefinitionError, match="is async") as caught:
            at(level, middleware)
        assert "plain generator function" in caught.value.hint

    @every_level
    def test_a_function_without_yield_is_refused(self, level: str) -> None:
        """It could not run anything inside."""
        with pytest.raises(DefinitionError, match="not a generator function"):
            at(level, lambda: None)

    def test_an_object_with_a_call_method_will_do(self, log: list) -> None:
        """If that is a generator function."""

        class Timing:
            def __call__(self, stage):
                log.append(stage.id)
                yield

        at("stage", Timing())

        assert log == ["s"]


class TestSkipping:
    """A return before the yield skips the inside."""

    @every_level
    def test_nothing_inside_is_called_and_the_run_completes(self, log: list, level: str) -> None:
        """The outer ones see a normal end; the inner ones are not entered."""

        def skip():
            log.append("skip")
            return
            yield

        result = at(
            level,
            *(around(log, "outer"), skip, around(log, "inner")),
            fn=lambda ctx: log.append("work"),
        )

        assert result.status == "completed"
        assert log == ["+outer", "skip", "-outer"]
        assert {step.status for step in result.steps if step.kind == "action"} == {"skipped"}

    def test_a_skipped_stage_merges_its_initial_data_all_the_same(self) -> None:
        """It is merged before the stage's middleware."""

        def skip():
            return
            yield

        stage = Stage("s", lambda: None, initial={"key": 1}).use(skip)

        assert run(Workflow("w", stage)).store["key"] == 1

    def test_what_comes_after_a_skipped_stage_runs(self, log: list) -> None:
        """Only the inside is left out."""

        def skip(stage):
            if stage.id == "one":
                return
            yield

        def work(ctx: Context) -> None:
            log.append(ctx.stage.id)

        run(Workflow("w").stage("zero", work).stage("one", work).stage("two", work).use(skip))

        assert log == ["zero", "two"]


class TestAgain:
    """Another yield runs the inside again, from its declaration."""

    @every_level
    def test_the_inside_runs_as_often_as_it_is_yielded_to(self, log: list, level: str) -> None:
        """Outer middleware is entered once, inner middleware each time."""

        def thrice():
            yield
            yield
            return (yield)

        result = at(
            level,
            *(around(log, "outer"), thrice, around(log, "inner")),
            fn=lambda ctx: log.append("work"),
        )

        assert result.status == "completed"
        assert log == ["+outer", *["+inner", "work", "-inner"] * 3, "-outer"]

    @every_level
    def test_it_is_a_way_to_try_again(self, log: list, level: str) -> None:
        """An error caught before the yield is forgotten; the last pass counts."""

        def persistent():
            for _ in range(3):
                try:
                    return (yield)
                except OSError as error:
                    log.append(str(error))
            return (yield)

        def flaky(ctx: Context) -> None:
            if len(log) < 2:
                raise OSError(f"failure {len(log)}")

        result = at(level, persistent, fn=flaky)

        assert (result.status, result.error) == ("completed", None)
        assert log == ["failure 0", "failure 1"]
        assert [step.status for step in result.steps] == ["completed", "completed"]

    @pytest.mark.parametrize("level", LEVELS[:3])
    def test_what_a_pass_inserted_is_gone_in_the_next(self, log: list, level: str) -> None:
        """The inside begins from its declaration."""

        def twice():
            yield
            yield

        def work(ctx: Context) -> None:
            log.append("work")
            if log == ["work"]:
                ctx.add_action(action(lambda: log.append("extra"), name="extra"))

        at(level, twice, fn=work)

        assert log == ["work", "extra", "work"]

    def test_what_a_call_inserted_is_gone_when_it_is_called_again(self, log: list) -> None:
        """Only the last call's insertions run."""

        def twice():
            yield
            yield

        def work(ctx: Context) -> None:
            extra = f"extra {len(log)}"
            log.append("work")
            ctx.add_action(action(lambda: log.append(extra), name="extra"))

        at("action", twice, fn=work)

        assert log == ["work", "work", "extra 1"]

    def test_resources_of_the_stage_are_made_again(self, log: list) -> None:
        """The scope ended and began once more."""

        @resource(scope="stage")
        def db():
            log.append("+db")
            yield
            log.append("-db")

        def twice():
            yield
            yield

        def work(db) -> None: ...

        stage = Stage("s", work).use(twice)
        Runner(resources=[db]).run(Workflow("w", stage))

        assert log == ["+db", "-db"] * 2


class TestErrors:
    """Every level sees the original error, may hold it, change it, or raise its own."""

    @every_level
    def test_it_sees_the_original_error(self, log: list, level: str) -> None:
        """The very object that the action raised."""
        boom = ValueError("boom")

        def watch():
            try:
                yield
            except ValueError as error:
                log.append(error)
                raise

        def work(ctx: Context) -> None:
            raise boom

        result = at(level, watch, fn=work)

        assert log == [boom]
        assert result.error is boom

    @every_level
    def test_holding_it_makes_the_run_complete(self, level: str) -> None:
        """The error is nobody's any more."""

        def hold():
            try:
                yield
            except ValueError:
                return

        def work(ctx: Context) -> None:
            raise ValueError("boom")

        result = at(level, hold, fn=work)

        assert (result.status, result.ok, result.error) == ("completed", True, None)

    def test_a_held_error_lets_the_rest_go_on(self, log: list) -> None:
        """After the level that held it; what was inside of it stays undone."""

        def hold():
            try:
                yield
            except ValueError:
                return

        def boom(ctx: Context) -> None:
            ctx.store["lost"] = True
            raise ValueError("boom")

        one = Stage("one", boom, lambda: log.append("never")).use(hold)
        result = run(Workflow("w", one).stage("two", lambda: log.append("two")))

        assert log == ["two"]
        assert "lost" not in result.store

    @pytest.mark.parametrize(
        ("level", "completed"),
        [
            pytest.param("run", set(), id="run"),
            pytest.param("workflow", {"later", "later/x"}, id="workflow"),
            pytest.param("stage", {"s", "later", "later/x"}, id="stage"),
            pytest.param(
                "action", {"s", "s/g", "s/g/boom", "s/y", "later", "later/x"}, id="action"
            ),
        ],
    )
    def test_what_failed_inside_the_level_that_held_it_stays_failed(
        self, level: str, completed: set[str]
    ) -> None:
        """That level and everything outside of it is completed, groups in between are not."""

        def hold():
            try:
                yield
            except ValueError:
                return

        def boom(ctx: Context) -> None:
            raise ValueError("boom")

        used = {each: [hold] if each == level else [] for each in LEVELS}
        group = steps(action(boom, use=used["action"]))
        stage = Stage("s").steps("g", group).do("y", lambda: None).use(*used["stage"])
        workflow = Workflow("w", stage).stage("later", action(lambda: None, name="x"))
        result = Runner(middleware=used["run"]).run(workflow.use(*used["workflow"]))
        found = {step.path: step.status for step in result.steps}

        assert result.status == "completed"
        assert {path for path, status in found.items() if status == "completed"} == completed
        if level != "action":
            assert found["s/g/boom"] == found["s/g"] == "failed"
            assert found["s/y"] == "pending"

    @every_level
    def test_another_error_takes_its_place(self, level: str) -> None:
        """With the first as its cause, as Python has it."""

        def translate():
            try:
                yield
            except ValueError as error:
                raise OSError("translated") from error

        def work(ctx: Context) -> None:
            raise ValueError("boom")

        result = at(level, translate, fn=work)

        assert str(result.error) == "translated"
        assert isinstance(result.error.__cause__, ValueError)

    @every_level
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_an_error_of_its_own_fails_what_is_around_it(
        self, log: list, level: str, when: str
    ) -> None:
        """Before or after the inside; outer middleware is left as always."""

        def broken():
            if when == "before":
                raise OSError("broken")
            yield
            raise OSError("broken")

        result = at(level, around(log, "outer"), broken, fn=lambda ctx: log.append("work"))

        assert (result.status, str(result.error)) == ("failed", "broken")
        assert log == ["+outer", *(["work"] if when == "after" else []), "-outer"]

    @every_level
    def test_cleanup_runs_after_a_failure(self, log: list, level: str) -> None:
        """Youngest first."""

        def work(ctx: Context) -> None:
            raise ValueError("boom")

        at(level, around(log, "a"), around(log, "b"), fn=work)

        assert log == ["+a", "+b", "-b", "-a"]

    @every_level
    def test_cleanup_runs_when_the_run_is_cancelled(self, log: list, level: str) -> None:
        """Whoever cancelled it."""

        def work(ctx: Context) -> None:
            ctx.run.cancel()
            ctx.check()

        result = at(level, around(log, "a"), around(log, "b"), fn=work)

        assert result.status == "cancelled"
        assert log == ["+a", "+b", "-b", "-a"]

    @every_level
    def test_ctrl_c_cleans_up_and_is_raised_again(self, log: list, level: str) -> None:
        """No level can hold it."""

        def hold():
            try:
                yield
            except BaseException as error:
                log.append(type(error).__name__)

        def work(ctx: Context) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            at(level, around(log, "outer"), hold, fn=work)
        assert log == ["+outer", "KeyboardInterrupt", "-outer"]


class TestValues:
    """Around an action, what the outermost returns is the action's value."""

    def test_it_may_change_the_value(self) -> None:
        """The key that the action provides holds what comes out at the outside."""

        def doubles():
            return (yield) * 2

        def adds():
            return (yield) + 1

        work = action(lambda: 10, name="work", provides="number", use=[doubles, adds])

        assert run(Workflow("w").add(work)).store["number"] == 22

    def test_the_items_of_a_for_each_have_it_too(self) -> None:
        """`into` collects what comes out at the outside."""

        def doubles():
            return (yield) * 2

        work = action(lambda item: item, name="work", use=[doubles])
        result = run(Workflow("w").for_each("f", lambda: [1, 2, 3], work, into="all"))

        assert result.store["all"] == [2, 4, 6]

    def test_one_that_skips_may_give_the_value_itself(self, log: list) -> None:
        """As a cache does."""

        def cached():
            return 42
            yield

        work = action(lambda: log.append("work"), name="work", provides="number", use=[cached])
        result = run(Workflow("w").add(work))

        assert result.store["number"] == 42
        assert log == []

    def test_one_that_holds_an_error_may_give_a_value(self) -> None:
        """A fallback is the action's value."""

        def fallback():
            try:
                return (yield)
            except OSError:
                return "fallback"

        @action(provides="text", use=[fallback])
        def work() -> str:
            raise OSError

        result = run(Workflow("w").add(work))

        assert result.store["text"] == "fallback"
        assert result.steps[0].status == "completed"


class TestInside:
    """What a middleware sets is seen by everything inside."""

    @every_level
    @pytest.mark.parametrize("kind", ["sync", "async"])
    @pytest.mark.parametrize("way", ["run", "arun"])
    def test_context_variables(self, log: list, level: str, kind: str, way: str) -> None:
        """In plain and async actions, from `run` and from `arun`; outside, nothing is left."""

        def sets():
            token = spot.set("inside")
            try:
                yield
            finally:
                spot.reset(token)

        def look() -> None:
            log.append(spot.get())

        async def alook() -> None:
            await asyncio.sleep(0)
            log.append(spot.get())

        used = {each: [sets] if each == level else [] for each in LEVELS}
        work = action(look if kind == "sync" else alook, name="work", use=used["action"])
        stage = Stage("s", work).use(*used["stage"])
        workflow = Workflow("w", stage).use(*used["workflow"])
        runner = Runner(middleware=used["run"])
        if way == "run":
            runner.run(workflow)
        else:
            asyncio.run(runner.arun(workflow))
        look()

        assert log == ["inside", "outside"]

    @pytest.mark.parametrize("way", ["run", "arun"])
    def test_context_variables_in_branches_side_by_side(self, log: list, way: str) -> None:
        """Whatever thread or task they run in, each sees what was set around all of them."""

        def sets(stage):
            token = spot.set(stage.id)
            try:
                yield
            finally:
                spot.reset(token)

        def look() -> None:
            log.append(spot.get())

        async def alook() -> None:
            await asyncio.sleep(0)
            log.append(spot.get())

        inner = steps(Stage("inner", look).use(sets)).do("after", look)
        stage = Stage("outer").parallel("p", plain=look, later=alook, deep=inner).use(sets)
        if way == "run":
            run(Workflow("w", stage))
        else:
            asyncio.run(Runner().arun(Workflow("w", stage)))

        assert sorted(log) == ["inner", "outer", "outer", "outer"]

    @every_level
    def test_store_values(self, log: list, level: str) -> None:
        """An action finds them; they stay in the store of the result."""

        def adds(store):
            store["before"] = 1
            yield
            store["after"] = 2

        result = at(level, adds, fn=lambda ctx: log.append(dict(ctx.store)))

        assert log == [{"before": 1}]
        assert dict(result.store) == {"before": 1, "after": 2}

    def test_store_values_around_an_action_count_before_its_inputs(self, log: list) -> None:
        """A parameter may be filled by a middleware."""

        def adds(store):
            store["number"] = 1
            yield

        def work(number: int) -> None:
            log.append(number)

        run(Workflow("w").add(action(work, use=[adds])))

        assert log == [1]


class TestDeadlines:
    """`run.deadline(seconds)` limits everything inside."""

    @every_level
    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_it_is_seen_inside(self, log: list, level: str, kind: str) -> None:
        """`ctx.deadline` is the moment, and `ctx.check` raises when it has passed."""
        clock = FakeClock()

        def limits(run):
            run.deadline(5)
            yield

        def work(ctx: Context) -> None:
            log.append(ctx.deadline - clock.now())
            clock.pass_by(6)
            ctx.check()
            log.append("never")

        async def awork(ctx: Context) -> None:
            work(ctx)

        result = at(level, limits, fn=work if kind == "sync" else awork, clock=clock)

        assert isinstance(result.error, TimedOut)
        assert result.status == "failed"
        assert log == [5]

    @every_level
    def test_what_ends_too_late_has_failed(self, level: str) -> None:
        """Even if it never looked at the time."""
        clock = FakeClock()

        def limits(run):
            run.deadline(5)
            yield

        result = at(level, limits, fn=lambda ctx: clock.pass_by(6), clock=clock)

        assert isinstance(result.error, TimedOut)

    @pytest.mark.parametrize("level", LEVELS[:3])
    def test_no_further_step_begins_once_it_has_passed(self, log: list, level: str) -> None:
        """The next one fails instead of being called."""
        clock = FakeClock()

        def limits(run):
            run.deadline(5)
            yield

        used = {each: [limits] if each == level else [] for each in LEVELS}
        slow = action(lambda: clock.pass_by(6), name="slow")
        stage = Stage("s", slow, lambda: log.append("never")).use(*used["stage"])
        workflow = Workflow("w", stage).use(*used["workflow"])
        result = Runner(middleware=used["run"], clock=clock).run(workflow)

        assert isinstance(result.error, TimedOut)
        assert log == []

    @every_level
    def test_an_async_action_is_stopped(self, log: list, level: str) -> None:
        """It does not have to look at the time itself."""

        def limits(run):
            run.deadline(0.01)
            yield

        async def work(ctx: Context) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                log.append("stopped")

        result = at(level, limits, fn=work)

        assert isinstance(result.error, TimedOut)
        assert log == ["stopped"]

    @every_level
    def test_it_ends_with_the_middleware_that_gave_it(self, log: list, level: str) -> None:
        """When an outer one runs the inside again, the time begins anew."""
        clock = FakeClock()

        def again():
            try:
                return (yield)
            except TimedOut:
                return (yield)

        def limits(run):
            run.deadline(5)
            yield

        def work(ctx: Context) -> None:
            log.append(ctx.deadline - clock.now())
            if len(log) == 1:
                clock.pass_by(6)

        result = at(level, again, limits, fn=work, clock=clock)

        assert result.error is None
        assert log == [5, 5]

    @every_level
    def test_a_second_one_of_the_same_middleware_replaces_the_first(
        self, log: list, level: str
    ) -> None:
        """Each pass may get its own time."""
        clock = FakeClock()

        def each_pass(run):
            run.deadline(5)
            try:
                return (yield)
            except TimedOut:
                run.deadline(50)
                return (yield)

        def work(ctx: Context) -> None:
            log.append(ctx.deadline - clock.now())
            if len(log) == 1:
                clock.pass_by(6)

        result = at(level, each_pass, fn=work, clock=clock)

        assert result.error is None
        assert log == [5, 50]

    @every_level
    def test_of_several_the_earliest_counts(self, log: list, level: str) -> None:
        """An inner one cannot give more time than there is."""
        clock = FakeClock()

        def limits(seconds: float):
            def middleware(run):
                run.deadline(seconds)
                yield

            return middleware

        at(
            level,
            *(limits(7), limits(3), limits(9)),
            fn=lambda ctx: log.append(ctx.deadline - clock.now()),
            clock=clock,
        )

        assert log == [3]

    def test_a_narrower_timeout_of_the_action_goes_first(self) -> None:
        """The error says that it was the action's own."""
        clock = FakeClock()

        def limits(run):
            run.deadline(50)
            yield

        slow = action(lambda: clock.pass_by(6), name="slow", timeout=5, use=[limits])
        error = run(Workflow("w").add(slow), clock=clock).error

        assert isinstance(error, TimedOut)
        assert "took longer than 5 seconds" in str(error)


class TestResuming:
    """A resumed run enters its open levels again."""

    def test_outermost_first(self, log: list) -> None:
        """Each is left when the run waits, and entered again when it goes on."""
        work = action(lambda: log.append("work"), name="work")
        stage = Stage("s").receive("go").add(work).use(around(log, "a"), around(log, "b"))
        runner = Runner(middleware=[around(log, "run")])
        waiting = runner.run(Workflow("w", stage).use(around(log, "workflow")))
        entered = ["+run", "+workflow", "+a", "+b"]
        left = ["-b", "-a", "-workflow", "-run"]

        assert log == [*entered, *left]

        log.clear()
        runner.signal(waiting.run_id, "go")

        assert log == [*entered, "work", *left]

    def test_levels_that_have_ended_are_not_entered_again(self, log: list) -> None:
        """Only what is open around the step that waits."""
        runner = Runner()
        workflow = Workflow("w", Stage("one", lambda: None).use(around(log, "one")))
        workflow.add(Stage("two").receive("go").use(around(log, "two")))
        waiting = runner.run(workflow)
        log.clear()
        runner.signal(waiting.run_id, "go")

        assert log == ["+two", "-two"]

    def test_one_in_its_second_pass_is_in_its_second_pass_again(self, log: list) -> None:
        """It sees the first pass end as it did, and yields again."""

        def persistent():
            for number in range(3):
                try:
                    log.append(f"pass {number}")
                    return (yield)
                except OSError:
                    continue

        def flaky() -> None:
            if "tried" not in log:
                log.append("tried")
                raise OSError

        stage = Stage("s", flaky).receive("go").do("after", lambda: log.append("after"))
        runner = Runner()
        waiting = runner.run(Workflow("w", stage.use(persistent)))

        assert log == ["pass 0", "tried", "pass 1"]

        log.clear()
        result = runner.signal(waiting.run_id, "go")

        assert result.ok
        assert log == ["pass 0", "pass 1", "after"]

    def test_single_steps_enter_the_open_levels_for_each_step(self, log: list) -> None:
        """As a resumed run does: they hold nothing between two steps."""

        def work(ctx: Context) -> None:
            log.append(ctx.action.name)

        actions = [action(work, name=name) for name in ("a", "b")]
        workflow = Workflow("w", Stage("s", *actions).use(around(log, "stage")))
        state = None
        while not workflow.is_completed(state):
            state = workflow.apply(state)

        assert [each for each in log if each in ("a", "b")] == ["a", "b"]
        assert log[0] == "+stage"
        assert log[-1] == "-stage"
        assert log.count("+stage") == log.count("-stage")


def test_what_is_written_on_the_way_in_is_not_written_again_on_resume() -> None:
    """A run that goes on stands where it stood: what changed a value since then counts."""
    seen = []

    def sets(run, store):
        seen.append(run.resuming)
        store["around"] = "entered"
        return (yield)

    def change(ctx):
        ctx.store["around"] = "changed inside"

    runner = Runner()
    workflow = Workflow("w").add(Stage("s").use(sets).do("change", change).receive("go"))
    waiting = runner.run(workflow)
    result = runner.signal(waiting.run_id, "go")

    assert seen == [False, True]
    assert result.store["around"] == "changed inside"
