"""Actions that change the plan of their own run while it runs."""

from __future__ import annotations

from contextlib import suppress

import pytest

from gostage import Context, Runner, Stage, Workflow, action, run, steps
from gostage.errors import DefinitionError, DuplicateName, NotFound


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


def test_inserted_actions_run_right_after_depth_first(trace: Trace) -> None:
    """The order of calls is kept: A D1 D1a D2 B."""

    def insert(ctx: Context) -> None:
        ctx.add_action(trace.note("D1", lambda ctx: ctx.add_action(trace.note("D1a"))))
        ctx.add_action(trace.note("D2"))

    result = run(Workflow("w").stage("s", trace.note("A", insert), trace.note("B")))

    assert trace == ["A", "D1", "D1a", "D2", "B"]
    assert [s.path for s in result.steps] == ["s", *(f"s/{name}" for name in trace)]


def test_inserted_actions_are_numbered(trace: Trace) -> None:
    """A name that stands there already is counted on."""

    def insert(ctx: Context) -> None:
        ctx.add_action(trace.note("load"))
        ctx.add_action(trace.note("load"))

    result = run(Workflow("w").stage("s", trace.note("load", insert)))

    assert [s.path for s in result.steps] == ["s", "s/load", "s/load#2", "s/load#3"]


def test_inserted_stages_run_after_the_current_one(trace: Trace) -> None:
    """Several actions may each add some: all run, in order; nested likewise."""

    def deeper(ctx: Context) -> None:
        ctx.add_stage(Stage("x1a", trace.note("x1a")))

    first = Stage(
        "first",
        trace.note(
            "a",
            lambda ctx: (
                ctx.add_stage(Stage("x1", trace.note("x1", deeper))),
                ctx.add_stage(Stage("x2", trace.note("x2"))),
            ),
        ),
        trace.note("b", lambda ctx: ctx.add_stage(Stage("x3", trace.note("x3")))),
    )
    run(Workflow("w", first, Stage("last", trace.note("last"))))

    assert trace == ["a", "b", "x1", "x1a", "x2", "x3", "last"]


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


def test_an_action_can_be_appended_to_another_stage(trace: Trace) -> None:
    """It runs there, last."""
    first = Stage("one", trace.note("a", lambda ctx: ctx.add_action_to("two", trace.note("x"))))
    run(Workflow("w", first, Stage("two", trace.note("b"))))

    assert trace == ["a", "b", "x"]


def test_an_unknown_stage_is_an_error_that_names_close_ones(trace: Trace) -> None:
    """The action fails."""
    first = Stage("one", trace.note("a", lambda ctx: ctx.add_action_to("tow", trace.note("x"))))
    result = run(Workflow("w", first, Stage("two", trace.note("b"))))

    assert isinstance(result.error, NotFound)
    assert "'two'" in result.error.hint


def test_adding_a_stage_needs_a_stage(trace: Trace) -> None:
    """Outside any stage there is nothing to put it behind."""
    result = run(Workflow("w").add(trace.note("a", lambda ctx: ctx.add_stage(Stage("x")))))

    assert isinstance(result.error, DefinitionError)


def test_two_inserted_stages_of_one_id_are_refused(trace: Trace) -> None:
    """Ids are unique among siblings, also of those inserted."""
    first = Stage("one", trace.note("a", lambda ctx: ctx.add_stage(Stage("two"))))
    result = run(Workflow("w", first, Stage("two", trace.note("b"))))

    assert isinstance(result.error, DuplicateName)


def test_removing_an_action_makes_the_run_skip_nothing_else(trace: Trace) -> None:
    """It answers whether there was such an action ahead."""
    seen = []

    def remove(ctx: Context) -> None:
        seen.append(ctx.remove_action("b"))
        seen.append(ctx.remove_action("b"))
        seen.append(ctx.remove_action("a"))

    run(Workflow("w").stage("s", trace.note("a", remove), trace.note("b"), trace.note("c")))

    assert (trace, seen) == (["a", "c"], [True, False, False])


def test_removing_in_one_stage_touches_that_one(trace: Trace) -> None:
    """The name alone would take the next one."""
    first = Stage("one", trace.note("a", lambda ctx: ctx.remove_action("b", stage="two")))
    first.add(trace.note("b"))
    run(Workflow("w", first, Stage("two", trace.note("b"), trace.note("c"))))

    assert trace == ["a", "b", "c"]


def test_removing_by_tag_or_type_counts(trace: Trace) -> None:
    """All that lie ahead."""
    seen = []

    def remove(ctx: Context) -> None:
        seen.append(ctx.remove_actions(tag="t"))

    first = Stage("one", trace.note("t0", tags=["t"]), trace.note("a", remove))
    first.add(trace.note("t1", tags=["t"]))
    run(Workflow("w", first, Stage("two", trace.note("t2", tags=["t"]), trace.note("b"))))

    assert (trace, seen) == (["t0", "a", "b"], [2])


def test_removing_the_current_stage_takes_what_is_left_of_it(trace: Trace) -> None:
    """The current action comes to its end, and the next stage runs."""
    first = Stage("one", trace.note("a", lambda ctx: ctx.remove_stage("one")), trace.note("b"))
    result = run(Workflow("w", first, Stage("two", trace.note("c"))))

    assert (trace, result.status) == (["a", "c"], "completed")


def test_a_stage_that_ran_cannot_be_removed(trace: Trace) -> None:
    """One that lies ahead can."""
    seen = []

    def remove(ctx: Context) -> None:
        seen.extend(ctx.remove_stage(name) for name in ("one", "three", "nine"))

    stages = [Stage("one", trace.note("a")), Stage("two", trace.note("b", remove))]
    run(Workflow("w", *stages, Stage("three", trace.note("c"))))

    assert (trace, seen) == (["a", "b"], [False, True, False])


def test_disabling_takes_effect_when_the_run_reaches_the_item(trace: Trace) -> None:
    """And enabling before that takes it back."""
    seen = []

    def change(ctx: Context) -> None:
        seen.append(ctx.disable(action="b"))
        seen.append(ctx.disable(action="c"))
        seen.append(ctx.enable(action="c"))
        seen.append((ctx.is_enabled(action="b"), ctx.is_enabled(action="c")))

    workflow = Workflow("w").stage("s", trace.note("a", change), trace.note("b"), trace.note("c"))
    run(workflow)

    assert (trace, seen) == (["a", "c"], [1, 1, 1, (False, True)])


def test_disabling_one_of_a_name_in_one_stage(trace: Trace) -> None:
    """`action=` with `stage=` touches only that one."""
    first = Stage("one", trace.note("a", lambda ctx: ctx.disable(action="b", stage="two")))
    first.add(trace.note("b"))
    run(Workflow("w", first, Stage("two", trace.note("b"), trace.note("c"))))

    assert trace == ["a", "b", "c"]


def test_disabling_by_tag_touches_actions_and_stages_unless_narrowed(trace: Trace) -> None:
    """`kind` says which."""
    tagged = Stage("two", trace.note("b"), tags=["t"])
    first = Stage("one", trace.note("a", lambda ctx: ctx.disable(tag="t", kind="action")))
    first.add(trace.note("c", tags=["t"]))
    run(Workflow("w", first, tagged))

    assert trace == ["a", "b"]


def test_disabling_by_a_function_of_the_item(trace: Trace) -> None:
    """It gets actions and stages."""
    first = Stage("one", trace.note("a", lambda ctx: ctx.disable(where=lambda i: i.name == "b")))
    run(Workflow("w", first.add(trace.note("b"), trace.note("c"))))

    assert trace == ["a", "c"]


def test_finding_sees_the_run_as_it_stands(trace: Trace) -> None:
    """In workflow order, with what the running action has just added."""
    seen = []

    def look(ctx: Context) -> None:
        ctx.add_action(trace.note("new", tags=["io"]))
        ctx.remove_action("gone")
        seen.append([a.name for a in ctx.find_actions()])
        seen.append([a.name for a in ctx.find_actions("io and not slow")])
        seen.append([a.name for a in ctx.find_actions(contains="NE")])
        seen.append([s.id for s in ctx.find_stages()])

    first = Stage("one", trace.note("a", look), trace.note("gone"), trace.note("b", tags=["io"]))
    run(Workflow("w", first, Stage("two", trace.note("c", tags=["io", "slow"]))))

    assert seen == [["a", "new", "b", "c"], ["new", "b"], ["new"], ["one", "two"]]


def test_a_run_does_not_change_the_definition(trace: Trace) -> None:
    """Inserted, removed and disabled items are the run's own."""

    def change(ctx: Context) -> None:
        ctx.add_action(trace.note("x"))
        ctx.remove_action("b")
        ctx.disable(action="c")
        ctx.add_stage(Stage("new", trace.note("y")))

    workflow = Workflow("w")
    workflow.stage("s", trace.note("a", change), trace.note("b"), trace.note("c"))
    run(workflow)
    trace.clear()
    run(workflow)

    assert trace == ["a", "x", "y"]
    assert [a.name for a in workflow.find_stage("s").actions] == ["a", "b", "c"]
    assert [s.id for s in workflow.stages] == ["s"]


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
