"""How every item of a run stands afterwards."""

from __future__ import annotations

from contextlib import suppress

import pytest

from gostage import Context, Stage, Workflow, action, run, steps


@action
def work(ctx: Context) -> None:
    """Do nothing."""


@action
def boom(ctx: Context) -> None:
    """Fail."""
    raise ValueError("boom")


def swallow():
    """Hold every error."""
    with suppress(ValueError):
        yield


def skip():
    """Let nothing inside run."""
    return
    yield


def statuses(workflow, **options) -> dict[str, str]:
    """Run it and list the status of each item by path."""
    return {step.path: step.status for step in run(workflow, **options).steps}


def two_stages(*, first=boom) -> Workflow:
    """Make two stages of two actions; the first action of all may be another."""
    one = Stage("one", first.options(name="a"), work.options(name="b"))
    return Workflow("w", one, Stage("two", work.options(name="c")))


def test_everything_completes() -> None:
    """A run without failures completes each action and stage."""
    found = statuses(two_stages(first=work))

    assert found == dict.fromkeys(["one", "one/a", "one/b", "two", "two/c"], "completed")


def test_what_comes_after_a_failure_is_pending() -> None:
    """The failing action and its stage are failed; what was never reached is pending."""
    assert statuses(two_stages()) == {
        "one": "failed",
        "one/a": "failed",
        "one/b": "pending",
        "two": "pending",
        "two/c": "pending",
    }


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        pytest.param("run", ["failed", "failed", "pending", "pending", "pending"], id="run"),
        pytest.param(
            "workflow", ["failed", "failed", "pending", *["completed"] * 2], id="workflow"
        ),
        pytest.param("stage", ["completed", "failed", "pending", *["completed"] * 2], id="stage"),
        pytest.param("action", ["completed"] * 5, id="action"),
    ],
)
def test_the_level_that_swallows_an_error_completes(level: str, expected: list[str]) -> None:
    """Inside of it the failing items stay failed, itself and everything outside is completed."""
    workflow = two_stages(first=boom.options(use=[swallow]) if level == "action" else boom)
    if level == "workflow":
        workflow.use(swallow)
    elif level == "stage":
        workflow.find_stage("one").use(swallow)

    result = run(workflow, middleware=[swallow] if level == "run" else [])

    assert [step.status for step in result.steps] == expected
    assert result.status == "completed"
    assert result.error is None


def test_an_error_swallowed_around_an_action_stays_in_its_record() -> None:
    """The action is completed, and its record keeps what was handled."""
    result = run(two_stages(first=boom.options(use=[swallow])))

    assert str(result.steps[1].error) == "boom"


@pytest.mark.parametrize(
    ("level", "skipped"),
    [
        pytest.param("run", {"one", "one/a", "one/b", "two", "two/c"}, id="run"),
        pytest.param("workflow", {"one", "one/a", "one/b", "two", "two/c"}, id="workflow"),
        pytest.param("stage", {"one/a", "one/b"}, id="stage"),
        pytest.param("action", {"one/a"}, id="action"),
    ],
)
def test_middleware_that_does_not_yield_skips_the_inside(level: str, skipped: set[str]) -> None:
    """What is inside, with all that it contains, is skipped; the run completes."""
    workflow = two_stages(first=work.options(use=[skip]) if level == "action" else work)
    if level == "workflow":
        workflow.use(skip)
    elif level == "stage":
        workflow.find_stage("one").use(skip)

    result = run(workflow, middleware=[skip] if level == "run" else [])

    assert {step.path for step in result.steps if step.status == "skipped"} >= skipped
    assert result.status == "completed"
    if level == "stage":
        assert [step.status for step in result.steps[3:]] == ["completed", "completed"]


def test_what_is_disabled_is_skipped_with_all_it_holds() -> None:
    """A disabled stage takes its actions with it; a disabled action only itself."""
    workflow = two_stages(first=work)
    workflow.disable(stage="one", kind="stage")
    workflow.disable(action="c")

    assert statuses(workflow) == {
        "one": "skipped",
        "one/a": "skipped",
        "one/b": "skipped",
        "two": "completed",
        "two/c": "skipped",
    }


def test_middleware_of_the_workflow_is_not_called_for_disabled_stages() -> None:
    """It is called around each stage that runs, and only around those."""
    seen = []

    def around(stage):
        seen.append(stage.id)
        yield

    workflow = two_stages(first=work).use(around)
    workflow.disable(stage="one", kind="stage")
    run(workflow)

    assert seen == ["two"]


def test_a_condition_that_is_false_skips() -> None:
    """`when` of an action and of a stage."""
    no = action(lambda ctx: None, name="no", when=lambda ctx: False)
    workflow = Workflow("w", Stage("s", no, work), Stage("t", work, when=lambda ctx: False))

    assert statuses(workflow) == {
        "s": "completed",
        "s/no": "skipped",
        "s/work": "completed",
        "t": "skipped",
        "t/work": "skipped",
    }


def test_the_arm_that_is_not_chosen_is_skipped() -> None:
    """Of a case, the steps of the other arm."""
    workflow = Workflow("w").case(
        "c", lambda ctx: False, steps().do("yes", work), steps().do("no", work)
    )

    assert statuses(workflow) == {"c": "completed", "c/yes": "skipped", "c/no": "completed"}


def test_an_arm_left_out_in_one_pass_and_failing_in_the_next_has_pending_steps() -> None:
    """The record says how the last pass went, not an earlier one."""
    answers = iter([False, True])
    body = steps().case("c", lambda ctx: next(answers), steps().do("x", boom).do("y", work))
    workflow = Workflow("w").loop_until("l", lambda ctx: False, body)

    assert statuses(workflow) == {
        "l": "failed",
        "l/c": "failed",
        "l/c/x": "failed",
        "l/c/y": "pending",
    }


def test_a_loop_without_a_pass_skips_its_body() -> None:
    """`loop_while` asks first."""
    workflow = Workflow("w").loop_while("l", lambda ctx: False, steps().do("x", work))

    assert statuses(workflow) == {"l": "completed", "l/x": "skipped"}


def test_a_for_each_without_items_skips_its_body() -> None:
    """There is nothing to do it for."""
    workflow = Workflow("w").for_each("f", lambda ctx: [], steps().do("x", work))

    assert statuses(workflow) == {"f": "completed", "f/x": "skipped"}


def test_removed_items_are_in_no_record_and_inserted_ones_are() -> None:
    """The records follow the plan as the run changed it."""

    def change(ctx: Context) -> None:
        ctx.remove_action("gone")
        ctx.add_action(work.options(name="new"))

    workflow = Workflow("w").stage("s", change, work.options(name="gone"), work)

    assert list(statuses(workflow)) == ["s", "s/change", "s/new", "s/work"]


def test_attempts_are_counted() -> None:
    """The record of a retried action has the number of calls."""
    from gostage import Retry

    flaky = boom.options(retry=Retry(attempts=3))

    assert [s.attempts for s in run(Workflow("w").stage("s", flaky, work)).steps] == [1, 3, 0]


def test_a_bailed_run_leaves_the_rest_pending() -> None:
    """The step that bailed is completed."""

    def stop(ctx: Context) -> None:
        ctx.bail("enough")

    result = run(Workflow("w").stage("s", stop, work))

    assert (result.status, result.ok, result.bail_reason) == ("bailed", True, "enough")
    assert [step.status for step in result.steps] == ["completed", "completed", "pending"]


def test_groups_and_steps_have_records_too() -> None:
    """Paths are the names on the way, joined by slashes."""
    inner = steps().retry("r", steps().do("x", work)).parallel("p", left=work, right=work)
    result = run(Workflow("w").steps("g", inner))

    assert [(step.path, step.kind) for step in result.steps] == [
        ("g", "group"),
        ("g/r", "retry"),
        ("g/r/x", "action"),
        ("g/p", "parallel"),
        ("g/p/left", "branch"),
        ("g/p/left/work", "action"),
        ("g/p/right", "branch"),
        ("g/p/right/work", "action"),
    ]


def test_records_have_times() -> None:
    """What ran has a start and a duration; what did not has neither."""
    done, _, pending = run(two_stages()).steps[1:4]

    assert done.started_at is not None
    assert done.duration is not None
    assert (pending.started_at, pending.duration) == (None, None)
