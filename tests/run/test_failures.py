"""What a failing run says: its text, the original error, and the notes that travel with it."""

from __future__ import annotations

import pickle
import re

import pytest

from gostage import Context, Retry, Stage, Workflow, action, run, steps
from gostage.errors import DefinitionError, RunFailed, TooManyPasses, WaitTimeout
from gostage.testing import FakeClock


@action
def boom(ctx: Context) -> None:
    """Fail."""
    raise ValueError("boom")


def works(ctx: Context) -> None:
    """Do nothing."""


def text_of(result) -> str:
    """The text of the error that the result raises."""
    with pytest.raises(RunFailed) as caught:
        result.raise_for_error()
    return str(caught.value)


@pytest.mark.parametrize(
    ("workflow", "text"),
    [
        pytest.param(
            Workflow("w").stage("validation", boom.options(name="check")),
            "stage 'validation' failed: action 'check' failed: boom",
            id="stage",
        ),
        pytest.param(Workflow("w").do("x", boom), "action 'x' failed: boom", id="no stage"),
        pytest.param(
            Workflow("w").steps("g", steps().retry("r", steps().do("x", boom), attempts=2)),
            "step 'g' failed: step 'r' failed: action 'x' failed: boom",
            id="groups",
        ),
        pytest.param(
            Workflow("w").stage("s", Stage("inner", boom)),
            "stage 's' failed: stage 'inner' failed: action 'boom' failed: boom",
            id="nested stages",
        ),
        pytest.param(
            Workflow("w").case("c", lambda ctx: True, steps().do("x", boom)),
            "step 'c' failed: action 'x' failed: boom",
            id="case",
        ),
        pytest.param(
            Workflow("w").parallel("p", left=works, right=steps().do("x", boom)),
            "step 'p' failed: branch 'right' failed: action 'x' failed: boom",
            id="parallel",
        ),
        pytest.param(
            Workflow("w").for_each("f", lambda ctx: [1], steps().do("x", boom)),
            "step 'f' failed: action 'x' failed: boom",
            id="for_each",
        ),
        pytest.param(
            Workflow("w").for_each("f", lambda ctx: [1], steps().do("x", boom), concurrency=2),
            "step 'f' failed: action 'x' failed: boom",
            id="for_each side by side",
        ),
        pytest.param(
            Workflow("w").sub("inner", Workflow("other").stage("s", boom)),
            "step 'inner' failed: stage 's' failed: action 'boom' failed: boom",
            id="sub",
        ),
    ],
)
def test_the_text_names_the_way_to_the_error(workflow: Workflow, text: str) -> None:
    """Stage, action, branch or step, each with its name, then the error itself."""
    assert text_of(run(workflow)) == text


def test_a_step_inserted_for_one_item_fails_with_the_way_to_it() -> None:
    """What the item inserted is gone by then; the steps around it are named."""

    def add(ctx: Context) -> None:
        ctx.add_action(boom)

    result = run(Workflow("w").for_each("f", lambda ctx: [1], add, concurrency=2))

    assert text_of(result) == "step 'f' failed: boom"


def test_the_original_error_is_the_cause() -> None:
    """`result.error` is the very exception that was raised."""
    error = OSError("disk full")

    def fails(ctx: Context) -> None:
        raise error

    result = run(Workflow("w").do("save", fails))

    assert result.error is error
    assert (result.status, result.ok) == ("failed", False)
    with pytest.raises(RunFailed) as caught:
        result.raise_for_error()
    assert caught.value.__cause__ is error


def test_a_good_result_raises_nothing() -> None:
    """It gives itself back, so that it can be chained."""
    result = run(Workflow("w").do("x", works))

    assert result.raise_for_error() is result


def test_context_travels_as_notes() -> None:
    """The error says where it happened, without being replaced."""
    result = run(Workflow("w").stage("s", boom), run_id="r1")

    assert result.error.__notes__ == ["in action 'boom' of stage 's', run 'r1'"]


def test_the_branch_is_in_the_notes_too() -> None:
    """A failing branch is reported with its name."""
    result = run(Workflow("w").parallel("p", left=works, right=steps().do("x", boom)))

    assert "in branch 'right' of 'p'" in result.error.__notes__


def test_middleware_sees_the_original_error() -> None:
    """Nothing is wrapped on the way out."""
    seen = []

    def watch():
        try:
            yield
        except Exception as error:
            seen.append(error)
            raise

    workflow = Workflow("w", Stage("s", boom).use(watch)).use(watch)
    result = run(workflow, middleware=[watch])

    assert seen == [result.error] * 3


def test_an_error_that_middleware_translates_is_the_result() -> None:
    """The new error counts, and the old one is its cause if it says so."""

    def translate():
        try:
            yield
        except ValueError as error:
            raise OSError("translated") from error

    result = run(Workflow("w", Stage("s", boom).use(translate)))

    assert str(result.error) == "translated"
    assert str(result.error.__cause__) == "boom"
    assert text_of(result) == "stage 's' failed: translated"


def test_an_error_without_a_message_is_called_by_its_class() -> None:
    """A bare `raise ValueError` still says something."""

    def bare(ctx: Context) -> None:
        raise ValueError

    assert text_of(run(Workflow("w").do("x", bare))) == "action 'x' failed: ValueError"


def test_a_run_failure_survives_pickling() -> None:
    """The text and the hint arrive in another process."""
    with pytest.raises(RunFailed) as caught:
        run(Workflow("w").do("x", boom)).raise_for_error()

    again = pickle.loads(pickle.dumps(caught.value))

    assert str(again) == "action 'x' failed: boom"


def test_a_wait_that_takes_too_long_fails() -> None:
    """The error names the wait and its timeout."""
    workflow = Workflow("w").wait_for("ready", lambda ctx: False, every=5, timeout=12)
    clock = FakeClock()
    result = run(workflow, clock=clock)

    assert isinstance(result.error, WaitTimeout)
    assert "'ready'" in str(result.error)
    assert clock.pauses == [5, 5, 2]


def test_a_loop_with_too_many_passes_fails() -> None:
    """The body runs `max_passes` times and no more."""
    calls = []
    workflow = Workflow("w").loop_until(
        "l", lambda ctx: False, lambda ctx: calls.append(1), max_passes=3
    )
    result = run(workflow)

    assert isinstance(result.error, TooManyPasses)
    assert len(calls) == 3


def test_a_condition_that_fails_fails_its_step() -> None:
    """Conditions raise like actions."""

    def broken(ctx: Context) -> bool:
        raise ValueError("cannot say")

    result = run(Workflow("w").case("c", broken, works))

    assert text_of(result) == "step 'c' failed: cannot say"


def test_a_condition_must_answer() -> None:
    """A forgotten return is not taken for a no."""
    result = run(Workflow("w").case("c", lambda ctx: None, works))

    assert re.search("returned None instead of a bool", text_of(result))


def test_a_workflow_without_steps_is_refused() -> None:
    """That is a mistake of the caller, and raised."""
    with pytest.raises(DefinitionError, match="workflow 'w' has nothing to run"):
        run(Workflow("w"))


def test_a_stage_without_actions_runs() -> None:
    """It has nothing to do, and its initial data counts."""
    result = run(Workflow("w", Stage("s", initial={"a": 1})))

    assert (result.status, dict(result.store)) == ("completed", {"a": 1})


def test_a_handler_that_raises_ends_the_retry_with_its_error() -> None:
    """What the handler raises is the failure."""

    def handler(ctx: Context, error: Exception, attempt: int) -> bool:
        raise KeyError("in the handler")

    result = run(Workflow("w").retry("r", steps().do("x", boom), handler=handler))

    assert isinstance(result.error, KeyError)


def test_a_failing_condition_leaves_nothing_behind() -> None:
    """What it wrote, and switched off, is taken back."""
    seen = []

    def broken(ctx: Context) -> bool:
        ctx.store["half"] = 1
        ctx.disable(action="after")
        if not seen:
            seen.append(1)
            raise ValueError("once")
        return False

    body = steps().case("c", broken, works)
    result = run(Workflow("w").retry("r", body).do("after", works))

    assert (result.status, dict(result.store)) == ("completed", {"half": 1})


def test_retries_of_stages_begin_again() -> None:
    """A stage with a retry runs all its actions again."""
    calls = []

    def note(ctx: Context) -> None:
        calls.append("note")

    result = run(Workflow("w", Stage("s", note, boom, retry=Retry(attempts=2))))

    assert calls == ["note", "note"]
    assert text_of(result) == "stage 's' failed: action 'boom' failed: boom"
