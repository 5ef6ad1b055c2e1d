"""An attempt is all or nothing: what a failing action did to the run is taken back."""

from __future__ import annotations

from contextlib import suppress

import pytest

from gostage import Context, Key, Retry, Workflow, action, run, steps


def failing(does, *, times: int = 1):
    """Make an action that does something and fails so many times before it works."""
    calls = []

    def work(ctx: Context) -> None:
        does(ctx)
        calls.append(1)
        if len(calls) <= times:
            raise OSError("no")

    return action(work, name="work")


@pytest.mark.parametrize(
    "does",
    [
        pytest.param(lambda ctx: ctx.store.put("new", 1), id="assigned"),
        pytest.param(lambda ctx: ctx.store.put("old", 2), id="overwritten"),
        pytest.param(lambda ctx: ctx.store.pop("old"), id="deleted"),
        pytest.param(lambda ctx: ctx.store.clear(), id="cleared"),
        pytest.param(lambda ctx: ctx.store.add_tag("old", "t"), id="tagged"),
        pytest.param(lambda ctx: ctx.store.update("user", {"name": "Eve"}), id="updated"),
    ],
)
def test_what_a_failing_action_wrote_is_discarded(does) -> None:
    """The store is what it was before the attempt."""
    initial = {"old": 1, "user": {"name": "Ada"}}
    result = run(Workflow("w").add(failing(does)), initial=initial)

    assert dict(result.store) == initial
    assert result.store.meta("old").tags in ([], ())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda ctx, a: ctx.add_action(a), id="inserted"),
        pytest.param(lambda ctx, a: ctx.add_action_to("s", a), id="appended"),
        pytest.param(lambda ctx, a: ctx.remove_action("last"), id="removed"),
        pytest.param(lambda ctx, a: ctx.disable(action="last"), id="disabled"),
        pytest.param(lambda ctx, a: ctx.remove_stage("t"), id="removed stage"),
    ],
)
def test_what_a_failing_action_changed_in_the_plan_is_discarded(change) -> None:
    """The retry starts clean, and changes it once."""
    calls = []
    extra = action(lambda ctx: calls.append("extra"), name="extra")
    last = action(lambda ctx: calls.append("last"), name="last")
    first = failing(lambda ctx: change(ctx, extra)).options(retry=Retry(attempts=1))

    def swallow():
        with suppress(OSError):
            yield

    workflow = Workflow("w").stage("s", first.options(use=[swallow]), last).stage("t", last)
    run(workflow)

    assert calls == ["last", "last"]


def test_a_retry_starts_clean() -> None:
    """Only what the successful attempt did remains."""
    calls = []
    extra = action(lambda ctx: calls.append("extra"), name="extra")

    def does(ctx: Context) -> None:
        ctx.store["count"] = ctx.store.get("count", int, default=0) + 1
        ctx.add_action(extra)
        ctx.add_action(extra)

    work = failing(does, times=2).options(retry=Retry(attempts=3))
    result = run(Workflow("w").stage("s", work))

    assert (result.store["count"], calls) == (1, ["extra", "extra"])
    assert [s.path for s in result.steps] == ["s", "s/work", "s/extra", "s/extra#2"]


def test_middleware_that_runs_an_action_again_starts_clean_too() -> None:
    """What a failed pass inserted is gone; what the next one inserts runs, in its order."""
    calls = []
    extra = action(lambda ctx: calls.append("extra"), name="extra")

    def again():
        try:
            return (yield)
        except OSError:
            return (yield)

    work = failing(lambda ctx: ctx.add_action(extra)).options(use=[again])
    run(Workflow("w").stage("s", work, action(lambda ctx: calls.append("last"), name="last")))

    assert calls == ["extra", "last"]


def test_an_action_that_middleware_runs_twice_inserts_once() -> None:
    """The inside starts from its declaration."""
    calls = []

    def twice():
        yield
        return (yield)

    def insert(ctx: Context) -> None:
        ctx.add_action(action(lambda ctx: calls.append("extra"), name="extra"))

    run(Workflow("w").stage("s", action(insert, use=[twice])))

    assert calls == ["extra"]


def test_a_list_changed_in_place_is_saved() -> None:
    """Like an assigned one."""
    result = run(Workflow("w").do("x", lambda ctx: ctx.store["rows"].append(3)), {"rows": [1]})

    assert result.store["rows"] == [1, 3]


def test_what_steps_before_the_failure_wrote_stays() -> None:
    """Each step commits on its own."""
    body = (
        steps()
        .do("write", lambda ctx: ctx.store.put("kept", 1))
        .add(failing(lambda ctx: ctx.store.put("lost", 1), times=9))
    )
    result = run(Workflow("w").retry("r", body, attempts=2))

    assert dict(result.store) == {"kept": 1}


def test_initial_values_are_copied() -> None:
    """A run cannot change the definition through them."""
    workflow = Workflow("w", initial={"mine": [1]}).do("x", lambda ctx: ctx.store["mine"].append(2))
    run(workflow)

    assert run(workflow).store["mine"] == [1, 2]


def test_initial_values_of_a_run_go_over_those_of_the_workflow() -> None:
    """And those of a stage over both, from the stage on."""
    workflow = (
        Workflow("w", initial={"a": 1, "b": 1, "c": 1})
        .do("before", lambda ctx: ctx.store.put("before", ctx.store["c"]))
        .stage("s", lambda ctx: None, initial={"c": 3})
    )
    result = run(workflow, {"b": 2, Key("d", int): 4})

    assert dict(result.store) == {"a": 1, "b": 2, "c": 3, "before": 1, "d": 4}


def test_initial_data_of_a_stage_is_there_before_its_middleware() -> None:
    """Which may look at it, and whose additions the actions see."""

    def around(store):
        store["doubled"] = store["n"] * 2
        yield

    seen = []

    def look(doubled: int) -> None:
        seen.append(doubled)

    workflow = Workflow("w").stage("s", look, initial={"n": 4})
    workflow.find_stage("s").use(around)
    run(workflow)

    assert seen == [8]
