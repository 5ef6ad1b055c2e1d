"""Middleware at its four levels: order, powers, and what it is given."""

from __future__ import annotations

import asyncio

import pytest

from gostage import Context, Runner, Stage, Workflow, action, run
from gostage.errors import DefinitionError

LEVELS = ("run", "workflow", "stage", "action")


def works(ctx: Context) -> None:
    """Do nothing."""


def put_around(level: str, *middleware, does=works):
    """Make a workflow of one stage and one action with middleware at a level; run it."""
    work = action(does, name="work", use=list(middleware) if level == "action" else [])
    stage = Stage("s", work)
    workflow = Workflow("w", stage)
    if level == "stage":
        stage.use(*middleware)
    if level == "workflow":
        workflow.use(*middleware)
    return run(workflow, middleware=middleware if level == "run" else ())


def test_the_levels_nest() -> None:
    """Run, workflow, stage, action; the first registered is the outermost."""
    order = []

    def named(name: str):
        def middleware():
            order.append(f"+{name}")
            yield
            order.append(f"-{name}")

        return middleware

    work = action(works, name="work", use=[named("a1"), named("a2")])
    stage = Stage("s", work).use(named("s1"), named("s2"))
    workflow = Workflow("w", stage).use(named("w1"), named("w2"))
    run(workflow, middleware=[named("r1"), named("r2")])
    names = ["r1", "r2", "w1", "w2", "s1", "s2", "a1", "a2"]

    assert order == [f"+{n}" for n in names] + [f"-{n}" for n in reversed(names)]


def test_middleware_of_a_workflow_is_around_each_stage() -> None:
    """And not around steps outside any stage."""
    seen = []

    def around(stage):
        seen.append(f"+{stage.id}")
        yield
        seen.append(f"-{stage.id}")

    note = action(lambda ctx: seen.append("step"), name="note")
    run(Workflow("w", Stage("one", note)).add(note, Stage("two", note)).use(around))

    assert seen == ["+one", "step", "-one", "step", "+two", "step", "-two"]


@pytest.mark.parametrize("level", LEVELS)
def test_an_error_can_be_swallowed(level: str) -> None:
    """Nobody outside sees it."""

    def swallow():
        try:
            yield
        except ValueError:
            return "fine"

    def boom(ctx: Context) -> None:
        raise ValueError("boom")

    assert put_around(level, swallow, does=boom).status == "completed"


@pytest.mark.parametrize("level", LEVELS)
def test_an_error_of_its_own_fails_what_is_around(level: str) -> None:
    """Before the yield and after it."""

    def before():
        raise OSError("before")
        yield

    def after():
        yield
        raise OSError("after")

    assert str(put_around(level, before).error) == "before"
    assert str(put_around(level, after).error) == "after"


@pytest.mark.parametrize("level", LEVELS)
def test_an_outer_one_sees_the_error_of_an_inner_one(level: str) -> None:
    """It may swallow it too."""
    seen = []

    def outer():
        try:
            yield
        except OSError as error:
            seen.append(str(error))

    def inner():
        raise OSError("inner")
        yield

    assert put_around(level, outer, inner).status == "completed"
    assert seen == ["inner"]


@pytest.mark.parametrize("level", LEVELS)
def test_the_inside_can_run_again(level: str) -> None:
    """From its declaration, as often as it yields."""
    calls = []

    def thrice():
        yield
        yield
        return (yield)

    assert put_around(level, thrice, does=lambda ctx: calls.append(1)).ok
    assert calls == [1, 1, 1]


@pytest.mark.parametrize("level", LEVELS)
def test_inner_ones_are_entered_again_with_the_inside(level: str) -> None:
    """They are closed after each pass."""
    order = []

    def twice():
        yield
        yield

    def inner():
        order.append("+")
        yield
        order.append("-")

    put_around(level, twice, inner)

    assert order == ["+", "-", "+", "-"]


def test_what_the_outermost_returns_is_the_value_of_the_action() -> None:
    """It is what `provides` stores."""

    def inner():
        return (yield) + 1

    def outer():
        return (yield) * 10

    work = action(lambda: 4, name="work", provides="n", use=[outer, inner])

    assert run(Workflow("w").add(work)).store["n"] == 50


def test_an_action_that_is_skipped_may_get_a_value() -> None:
    """As from a cache."""
    calls = []

    def cached():
        return 42
        yield

    work = action(lambda: calls.append(1), name="work", provides="n", use=[cached])

    assert run(Workflow("w").add(work)).store["n"] == 42
    assert calls == []


def test_each_level_is_given_what_it_asks_for_by_name() -> None:
    """Run, workflow, stage, action, context and store."""
    seen = []

    def of_run(run, workflow, store):
        seen.append((run.id, run.workflow.id, workflow.id, store["a"]))
        yield

    def of_stage(run, workflow, stage, store):
        seen.append((run.id, workflow.id, stage.id, store["a"]))
        yield

    def of_action(run, workflow, stage, action, ctx, store):
        seen.append((run.id, workflow.id, stage.id, action.name, ctx.attempt, store["a"]))
        yield

    work = action(works, name="work", use=[of_action])
    workflow = Workflow("w", Stage("s", work).use(of_stage)).use(of_stage)
    run(workflow, {"a": 1}, "r", middleware=[of_run])

    assert seen == [
        ("r", "w", "w", 1),
        ("r", "w", "s", 1),
        ("r", "w", "s", 1),
        ("r", "w", "s", "work", 1, 1),
    ]


def test_what_it_stores_is_seen_inside_and_afterwards() -> None:
    """At every level that has the store."""

    def around(store):
        store["before"] = True
        yield
        store["after"] = store["inside"]

    def work(before: bool, ctx: Context) -> None:
        ctx.store["inside"] = before

    for level in LEVELS:
        assert put_around(level, around, does=work).store["after"] is True


def test_an_async_middleware_is_refused() -> None:
    """With the way to write it."""

    async def around():
        yield

    with pytest.raises(DefinitionError, match="middleware 'around' is async") as caught:
        Runner(middleware=[around])
    assert "plain generator" in caught.value.hint


def test_it_works_around_async_actions() -> None:
    """The inside has ended when the yield comes back."""
    order = []

    def around():
        order.append("+")
        value = yield
        order.append(value)
        return value

    async def work(ctx: Context) -> str:
        await asyncio.sleep(0)
        order.append("inside")
        return "value"

    flow = Workflow("w").add(action(work, use=[around]))
    run(flow)
    asyncio.run(Runner().arun(flow))

    assert order == ["+", "inside", "value"] * 2


def test_an_outer_error_after_an_inner_bail_does_not_hide_it() -> None:
    """An interrupt unwinds everything; what cleanup raises changes nothing."""

    def breaks():
        try:
            yield
        finally:
            raise OSError("in the cleanup")

    def stop(ctx: Context) -> None:
        ctx.bail("enough")

    for level in ("workflow", "stage", "run"):
        result = put_around(level, breaks, does=stop)

        assert (result.status, result.bail_reason) == ("bailed", "enough")


def test_a_stage_inside_a_case_has_its_middleware_too() -> None:
    """A stage may stand anywhere."""
    order = []

    def around(stage):
        order.append(f"+{stage.id}")
        yield
        order.append(f"-{stage.id}")

    inner = Stage("inner", action(lambda ctx: order.append("work"), name="work")).use(around)
    run(Workflow("w").use(around).case("c", lambda: True, inner))

    assert order == ["+inner", "+inner", "work", "-inner", "-inner"]


def test_middleware_of_an_inner_workflow_is_inside_that_of_the_outer() -> None:
    """Both are around the inner workflow's stages."""
    order = []

    def named(name: str):
        def middleware(stage, workflow):
            order.append(f"+{name} {stage.id}")
            yield
            order.append(f"-{name} {stage.id}")

        return middleware

    inner = Workflow("inner", Stage("s", works)).use(named("inner"))
    run(Workflow("outer").use(named("outer")).sub("x", inner))

    assert order == ["+outer s", "+inner s", "-inner s", "-outer s"]


def test_initial_data_of_an_inner_workflow_counts_from_its_start() -> None:
    """On the same store."""
    inner = Workflow("inner", initial={"a": 2}).do("x", lambda ctx: ctx.store.put("b", 1))
    result = run(Workflow("outer", initial={"a": 1}).sub("x", inner))

    assert dict(result.store) == {"a": 2, "b": 1}
