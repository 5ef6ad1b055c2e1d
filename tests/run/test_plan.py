"""Actions that change the plan of their own run while it runs."""

from __future__ import annotations

from contextlib import suppress

import pytest

from gostage import Context, Runner, Stage, Workflow, action, run, steps


class Trace(list):
    """The names of what ran, in order."""

    def note(self, name: str, does=lambda ctx: None, **options):
        """Make an action that notes its name and does something."""

        def work(ctx: Context) -> None:
            self.append(name)
            does(ctx)

        return action(work, name=name, **options)


@pytest.fixture
def trace() -> Trace:
    """Nothing ran so far."""
    return Trace()


def test_inserted_actions_are_numbered(trace: Trace) -> None:
    """A name that stands there already is counted on."""

    def insert(ctx: Context) -> None:
        ctx.add_action(trace.note("load"))
        ctx.add_action(trace.note("load"))

    result = run(Workflow("w").stage("s", trace.note("load", insert)))

    assert [s.path for s in result.steps] == ["s", "s/load", "s/load#2", "s/load#3"]


def test_a_stage_added_by_a_stage_that_fails_does_not_run(trace: Trace) -> None:
    """It runs right after the current stage succeeds."""

    def boom(ctx: Context) -> None:
        raise OSError("no")

    def swallow():
        with suppress(OSError):
            yield

    first = Stage(
        "first",
        trace.note("a", lambda ctx: ctx.add_stage(Stage("x", trace.note("x")))),
        trace.note("b", boom),
    )
    result = run(Workflow("w", first, Stage("last", trace.note("last"))).use(swallow))

    assert trace == ["a", "b", "last"]
    assert "x" not in [s.path for s in result.steps]


def test_each_item_may_add_a_stage(trace: Trace) -> None:
    """What an item put elsewhere stays, however many items there are at a time."""
    for concurrency in (1, 3):
        trace.clear()

        def insert(ctx: Context) -> None:
            ctx.add_stage(Stage(f"x{ctx.item}", trace.note(f"x{ctx.item}")))

        stage = Stage("s").for_each("f", lambda: [1, 2, 3], insert, concurrency=concurrency)
        run(Workflow("w", stage))

        assert sorted(trace) == ["x1", "x2", "x3"]


def test_actions_inserted_for_an_item_are_the_items_own(trace: Trace) -> None:
    """Another item does not get them, whether the items go side by side or not."""
    for concurrency in (1, 3):
        trace.clear()

        def insert(ctx: Context) -> None:
            if ctx.item == 2:
                ctx.add_action(trace.note("extra"))

        body = steps().do("insert", insert).add(trace.note("after"))
        run(Workflow("w").for_each("f", lambda: [1, 2, 3], body, concurrency=concurrency))

        assert sorted(trace) == ["after", "after", "after", "extra"]


def test_a_waiting_run_keeps_its_plan(trace: Trace) -> None:
    """What was inserted before it waited runs afterwards."""

    def change(ctx: Context) -> None:
        ctx.add_action(trace.note("x"))
        ctx.disable(action="b")

    stage = Stage("s", trace.note("a", change)).receive("go").add(trace.note("b"))
    runner = Runner()
    waiting = runner.run(Workflow("w", stage.add(trace.note("c"))))
    runner.signal(waiting.run_id, "go")

    assert trace == ["a", "x", "c"]


def test_changing_the_definition_while_it_runs_changes_the_next_run_only(trace: Trace) -> None:
    """The tree is copied into the run when it starts."""
    workflow = Workflow("w")
    workflow.stage("s", trace.note("a", lambda ctx: workflow.find_stage("s").add(trace.note("b"))))
    run(workflow)

    assert trace == ["a"]

    trace.clear()
    run(workflow)

    assert trace == ["a", "b"]


def test_a_stage_added_by_an_inserted_action_outlives_it(trace: Trace) -> None:
    """The next item forgets what the last one inserted for itself, and keeps the stage."""

    def add_stage(ctx: Context) -> None:
        ctx.add_stage(Stage(f"x{ctx.item}", trace.note(f"x{ctx.item}")))

    def insert(ctx: Context) -> None:
        ctx.add_action(action(add_stage, name="inserted"))

    flow = Workflow("w", Stage("s").for_each("f", lambda: [1, 2], insert).receive("go"))
    runner = Runner()
    runner.signal(runner.run(flow).run_id, "go")

    assert trace == ["x1", "x2"]


def test_an_inserted_action_that_was_disabled_is_enabled_when_it_is_inserted_anew(
    trace: Trace,
) -> None:
    """A body that starts over inserts another one, of the same name."""
    tries = []

    def insert(ctx: Context) -> None:
        ctx.add_action(trace.note("extra"))
        if not tries:
            ctx.disable(action="extra")

    def fails(ctx: Context) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("once")

    run(Workflow("w").retry("r", steps().do("insert", insert).do("fails", fails)))

    assert trace == ["extra"]
