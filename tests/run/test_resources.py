"""Resources: made once per scope on first use, torn down youngest first whatever happened."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gostage import Context, Retry, Runner, Stage, Workflow, action, resource, steps
from gostage.errors import DefinitionError


class Log(list):
    """What was made and torn down, in order."""

    def resource(self, name: str, scope: str = "run", needs: tuple[str, ...] = ()):
        """Make a resource that writes here."""
        log = self
        arguments = ", ".join(needs)
        space = {"log": log}
        exec(
            f"def {name}({arguments}):\n"
            f"    log.append('+{name}')\n    yield '{name}'\n    log.append('-{name}')",
            space,
        )
        return resource(scope=scope)(space[name])


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


def user(*names: str, name: str = "use", fails: bool = False):
    """Make an action that asks for resources."""
    space = {}
    body = "raise OSError('boom')" if fails else "pass"
    exec(f"def {name}({', '.join(names)}): {body}", space)
    return action(space[name])


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param("run", ["+db", "-db"], id="run"),
        pytest.param("stage", ["+db", "-db"] * 2, id="stage"),
        pytest.param("action", ["+db", "-db"] * 4, id="action"),
    ],
)
def test_a_resource_is_made_once_per_scope(log: Log, scope: str, expected: list[str]) -> None:
    """And torn down when the scope ends."""
    db = log.resource("db", scope)
    one = Stage("one", user("db", name="a"), user("db", name="b"))
    two = Stage("two", user("db", name="a"), user("db", name="b"))
    Runner(resources=[db]).run(Workflow("w", one, two))

    assert log == expected


def test_it_is_made_on_first_use(log: Log) -> None:
    """What nobody asks for is never made."""
    runner = Runner(resources=[log.resource("used"), log.resource("unused")])

    def first(ctx: Context) -> None:
        log.append("first")

    runner.run(Workflow("w").do("first", first).add(user("used")))

    assert log == ["first", "+used", "-used"]


def test_teardown_is_youngest_first(log: Log) -> None:
    """What was made last goes first, and what another asks for outlives it."""
    needs = log.resource("api", needs=("db",))
    runner = Runner(resources=[needs, log.resource("db"), log.resource("files")])
    runner.run(Workflow("w").add(user("api", "files")))

    assert log == ["+db", "+api", "+files", "-files", "-api", "-db"]


def test_teardown_comes_after_a_failure_too(log: Log) -> None:
    """Whatever happened."""
    runner = Runner(resources=[log.resource("db", "stage")])
    result = runner.run(Workflow("w").stage("s", user("db", fails=True)))

    assert (result.status, log) == ("failed", ["+db", "-db"])


def test_every_attempt_has_its_own_of_the_narrowest_scope(log: Log) -> None:
    """A resource of the action is torn down between two attempts."""
    flaky = user("db", fails=True).options(retry=Retry(attempts=2))
    Runner(resources=[log.resource("db", "action")]).run(Workflow("w").add(flaky))

    assert log == ["+db", "-db"] * 2


def test_a_failing_teardown_fails_its_scope(log: Log) -> None:
    """The others are torn down all the same, and the error says which it was."""

    @resource(scope="stage")
    def broken():
        yield
        raise OSError("cannot close")

    runner = Runner(resources=[log.resource("db", "stage"), broken])
    result = runner.run(Workflow("w").stage("s", user("db", "broken")))

    assert (result.status, str(result.error), log) == ("failed", "cannot close", ["+db", "-db"])
    assert "while tearing down resource 'broken'" in result.error.__notes__


def test_a_failing_teardown_does_not_hide_the_failure() -> None:
    """The first error is the one that counts; the second is noted on it."""

    @resource(scope="stage")
    def broken():
        yield
        raise OSError("cannot close")

    def work(broken) -> None:
        raise ValueError("boom")

    result = Runner(resources=[broken]).run(Workflow("w").stage("s", work))

    assert str(result.error) == "boom"
    assert any("cannot close" in note for note in result.error.__notes__)


def test_a_failing_set_up_fails_the_action_and_is_tried_again(log: Log) -> None:
    """What could not be made is not kept."""
    left = [1]

    @resource
    def moody():
        log.append("try")
        if left:
            left.clear()
            raise OSError("not now")
        yield "fine"

    work = user("moody").options(retry=Retry(attempts=2))
    result = Runner(resources=[moody]).run(Workflow("w").add(work))

    assert (result.status, log) == ("completed", ["try", "try"])


def test_plain_functions_and_async_ones_make_resources_too() -> None:
    """With and without teardown, in run and in arun."""
    order = []

    @resource
    def plain():
        return "plain"

    @resource
    async def coroutine():
        return "coroutine"

    @resource
    async def generator():
        yield "generator"
        order.append("torn down")

    def work(ctx: Context, plain, coroutine, generator) -> None:
        order.append((plain, coroutine, generator))

    runner = Runner(resources=[plain, coroutine, generator])
    runner.run(Workflow("w").do("work", work))
    asyncio.run(runner.arun(Workflow("w").do("work", work)))

    assert order == [("plain", "coroutine", "generator"), "torn down"] * 2


def test_a_circle_is_refused(log: Log) -> None:
    """The error shows the way round."""
    one, two = log.resource("one", needs=("two",)), log.resource("two", needs=("one",))
    result = Runner(resources=[one, two]).run(Workflow("w").add(user("one")))

    assert isinstance(result.error, DefinitionError)
    assert "'one' -> 'two' -> 'one'" in str(result.error)


def test_a_wider_scope_cannot_ask_for_a_narrower_one(log: Log) -> None:
    """The narrower one would be gone before it."""
    wide, narrow = log.resource("wide", "run", ("narrow",)), log.resource("narrow", "stage")
    result = Runner(resources=[wide, narrow]).run(Workflow("w").stage("s", user("wide")))

    assert isinstance(result.error, DefinitionError)
    assert "lives for the run and asks for 'narrow', which lives for the stage" in str(result.error)


def test_a_second_yield_is_a_mistake() -> None:
    """What stands after the one yield is the teardown."""

    @resource
    def twice():
        yield 1
        yield 2

    result = Runner(resources=[twice]).run(Workflow("w").add(user("twice")))

    assert "'twice' yields more than once" in str(result.error)


def test_a_resource_may_ask_for_store_keys() -> None:
    """Filled by name, like an action."""
    seen = []

    @resource
    def db(dsn: str):
        return f"connected to {dsn}"

    def work(db) -> None:
        seen.append(db)

    Runner(resources=[db]).run(Workflow("w").do("work", work), initial={"dsn": "here"})

    assert seen == ["connected to here"]


def test_a_resource_goes_before_a_store_key_of_its_name() -> None:
    """The live thing is what the action gets."""
    seen = []

    @resource
    def db():
        return "resource"

    def work(db) -> None:
        seen.append(db)

    Runner(resources=[db]).run(Workflow("w").do("work", work), initial={"db": "key"})

    assert seen == ["resource"]


@pytest.mark.parametrize("way", ["run", "arun"])
def test_branches_side_by_side_share_one_instance(way: str) -> None:
    """It is made once, however many ask at the same time."""
    made, seen = [], []
    both = threading.Barrier(3)

    @resource
    def db():
        made.append(1)
        return object()

    def meet(ctx: Context) -> None:
        both.wait(10)

    def work(db) -> None:
        seen.append(id(db))

    body = [steps().do("meet", meet).do("work", work) for _ in range(3)]
    flow = Workflow("w").parallel("p", a=body[0], b=body[1], c=body[2])
    runner = Runner(resources=[db])
    result = runner.run(flow) if way == "run" else asyncio.run(runner.arun(flow))

    assert result.ok
    assert (len(made), len(set(seen)), len(seen)) == (1, 1, 3)


def test_a_resource_that_cannot_be_made_fails_all_that_wait_for_it() -> None:
    """Nobody waits forever."""

    @resource
    def broken():
        raise OSError("no")
        yield

    flow = Workflow("w").for_each("f", lambda ctx: range(4), user("broken"), concurrency=4)
    result = Runner(resources=[broken]).run(flow)

    assert (result.status, str(result.error)) == ("failed", "no")


def test_a_waiting_run_lets_its_resources_go_and_makes_new_ones(log: Log) -> None:
    """They live in the process, not in the run."""
    runner = Runner(resources=[log.resource("db")])
    work = user("db", name="a")
    flow = Workflow("w").add(work).receive("go").add(user("db", name="b"))
    waiting = runner.run(flow)

    assert log == ["+db", "-db"]

    runner.signal(waiting.run_id, "go")

    assert log == ["+db", "-db"] * 2


def test_the_stage_of_a_branch_has_its_own(log: Log) -> None:
    """A stage inside a branch is a scope like any other."""
    db = log.resource("db", "stage")
    stages = [Stage("s", user("db", name="a"), user("db", name="b")) for _ in range(2)]
    flow = Workflow("w").parallel("p", left=stages[0], right=stages[1])
    Runner(resources=[db]).run(flow)

    assert sorted(log) == ["+db", "+db", "-db", "-db"]


def test_outside_a_stage_the_run_is_the_scope(log: Log) -> None:
    """A stage resource of a step in no stage lives as long as the run."""
    runner = Runner(resources=[log.resource("db", "stage")])
    runner.run(Workflow("w").add(user("db", name="a")).add(user("db", name="b")))

    assert log == ["+db", "-db"]


def test_resources_of_the_module_come_before_those_of_the_runner() -> None:
    """The action's own module is looked at first."""
    seen = []
    space = {"resource": resource, "seen": seen}
    exec(
        "@resource\ndef db():\n    return 'module'\n\ndef work(db):\n    seen.append(db)\n",
        space,
    )

    @resource
    def db():
        return "runner"

    Runner(resources=[db]).run(Workflow("w").do("work", space["work"]))

    assert seen == ["module"]


def test_what_is_no_resource_is_refused() -> None:
    """At once, with the way to make it one."""
    with pytest.raises(DefinitionError, match="resources= takes resources"):
        Runner(resources=[lambda: 1])


def test_cleanup_of_resources_and_middleware_keeps_its_order_on_interrupt(log: Log) -> None:
    """Bailing out closes the pool of the stage before its middleware, then those of the run."""

    def around(name):
        def middleware():
            try:
                yield
            finally:
                log.append(f"-{name}")

        return middleware

    def stop(ctx: Context, inner, outer) -> None:
        ctx.bail("enough")

    runner = Runner(
        resources=[log.resource("inner", "stage"), log.resource("outer")],
        middleware=[around("run")],
    )
    runner.run(Workflow("w", Stage("s", stop).use(around("stage"))).use(around("workflow")))

    assert log == ["+inner", "+outer", "-inner", "-stage", "-workflow", "-outer", "-run"]
