"""Timeouts inside children: they hold whatever a call does, as those of the child itself do."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from gostage import Isolate, Key, Retry, Runner, Stage, Workflow, errors, steps
from tests.spawn import late

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it needs signals")

SOON = Isolate(grace=0.2)
"""What a stubborn call is given to end."""


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as runner:
        yield runner


def placed(place: str, act) -> Workflow:
    """A workflow with an action in a child, one step below what is isolated."""
    if place == "stage":
        return Workflow("w").add(Stage("s", late.count, act, isolate=SOON))
    body = steps().do("count", late.count).do("act", act)
    if place == "spawn":
        return Workflow("w").spawn("s", body, backend=SOON)
    return Workflow("w").for_each("s", Key("items"), body, isolate=SOON)


PLACES = ("stage", "spawn", "item")


def text_of(error: BaseException) -> str:
    return "".join(traceback.format_tb(error.__traceback__))


@pytest.mark.parametrize("act", ["spin", "sleep", "wait"])
@pytest.mark.parametrize("place", PLACES)
def test_a_call_ends_at_its_timeout(runner, place, act) -> None:
    """A busy loop and a sleep in C are as punctual as an async function."""
    result = runner.run(placed(place, late.limited(late.CALLS[act])), {"items": [1]})

    assert result.status == "failed"
    assert type(result.error) is errors.TimedOut
    assert str(result.error) == "action 'act' took longer than 0.2 seconds"
    assert result.store["count"] == 1, "what was done before counts"
    rows = {step.path: step for step in result.steps}
    assert rows["s/act"].status == "failed"
    assert rows["s/act"].error is result.error


@pytest.mark.parametrize("act", ["deny", "block"])
@pytest.mark.parametrize("place", PLACES)
def test_a_call_that_does_not_stop_takes_its_child_with_it(runner, place, act) -> None:
    """After the grace the process ends; its parent is told which step it was, and why."""
    flow = placed(place, late.limited(late.STUBBORN[act]))

    result = runner.run(flow, {"items": [1]}, run_id="r")

    assert type(result.error) is errors.TimedOut
    assert str(result.error) == "action 'act' took longer than 0.2 seconds"
    owner = " of stage 's'" if place == "stage" else ""
    item = ", item 0" if place == "item" else ""
    assert result.error.__notes__[-1] == f"in action 'act'{owner}{item}, run 'r'"
    rows = {step.path: step for step in result.steps}
    assert (rows["s/act"].status, rows["s/act"].attempts) == ("failed", 1)
    assert rows["s/act"].error is result.error
    assert rows["s/act"].duration > 0.2
    assert result.store["count"] == 1
    runner.delete("r")


def test_not_even_a_loop_in_c_goes_on_for_ever(runner) -> None:
    """Nobody in the child can stop it or tell of it, so the system ends the child."""
    result = runner.run(placed("stage", late.limited(late.hold_on)))

    assert type(result.error) is errors.ChildCrashed
    assert str(result.error) == "the child of stage 's' was killed by signal 14 (SIGALRM)"
    assert result.error.hint == (
        "a call in it held on beyond its timeout=, and not even Python could stop it; "
        "with isolate=True of its own it is a TimedOut"
    )


@pytest.mark.parametrize("act", [late.spin, late.sleep, late.deny], ids=lambda act: act.__name__)
def test_the_time_of_a_stage_is_up_for_what_is_in_it(runner, act) -> None:
    """The action has no limit of its own, and ends with that of its stage."""
    flow = Workflow("w").spawn("s", steps().add(late.within(act)), backend=SOON)

    result = runner.run(flow)

    assert type(result.error) is errors.TimedOut
    assert str(result.error) == "stage 'inner' ran out of time"


def test_it_is_told_where_the_call_was_when_its_time_was_up(runner) -> None:
    """The traceback of the timeout ends in the line that took too long."""
    result = runner.run(placed("stage", late.limited(late.sleep)))

    assert traceback.extract_tb(result.error.__traceback__)[-1].line == "time.sleep(1000)"


def test_a_call_may_clean_up(runner, tmp_path: Path) -> None:
    """It is interrupted in place, and its `finally` runs."""
    note = tmp_path / "note"

    runner.run(placed("stage", late.limited(late.clean_up)), {"note": str(note)})

    assert note.read_text() == "cleaned up"


def test_what_a_call_makes_of_the_interrupt_is_its_error(runner) -> None:
    """An async function that is cancelled has the same right."""
    result = runner.run(placed("stage", late.limited(late.convert)))

    assert repr(result.error) == "ValueError('interrupted')"


def test_what_the_call_wrote_does_not_count(runner) -> None:
    """It failed like any other."""
    result = runner.run(placed("stage", late.limited(late.write_and_spin)))

    assert "half" not in result.store


def test_a_call_that_was_stopped_is_tried_again_in_the_same_child(runner) -> None:
    """A retry of the action sees a timeout like any other failure."""
    act = late.second_time.options(retry=Retry(attempts=2))

    result = runner.run(placed("stage", act)).raise_for_error()

    assert result.store["attempt"] == 2


def test_a_child_that_went_with_its_call_is_replaced_by_a_retry_around_it(runner) -> None:
    """A policy inside is gone with the child; one around the part starts another."""
    flow = Workflow("w").retry(
        "again",
        steps().spawn("s", steps().do("act", late.limited(late.block)), backend=SOON),
        attempts=2,
    )

    result = runner.run(flow)

    rows = {step.path: step for step in result.steps}
    assert type(result.error) is errors.TimedOut
    assert rows["again"].attempts == 2


def test_a_branch_beside_others_takes_the_child_with_it(runner) -> None:
    """Only the main thread can be interrupted; elsewhere the grace decides, and where it was."""
    flow = Workflow("w").spawn("s", late.beside(), backend=SOON)

    result = runner.run(flow)

    assert type(result.error) is errors.TimedOut
    assert ", in spin\n" in text_of(result.error)


def test_the_next_item_has_a_worker_that_works(runner) -> None:
    """What one item did to its worker is no concern of the others."""
    body = steps().branch("odd", (late.is_odd, steps().do("act", late.limited(late.block))))
    flow = Workflow("w").for_each(
        "each", Key("items"), body, isolate=SOON, on_error="continue", concurrency=1
    )

    result = runner.run(flow, {"items": [0, 1, 2, 3, 4]})

    assert [failure.index for failure in result.error.failures] == [1, 3]


def test_a_call_in_time_is_left_alone(runner) -> None:
    """Nothing is left of a limit when the call is over."""
    result = runner.run(placed("stage", late.patient)).raise_for_error()

    assert result.store["patient"] is True


def test_a_stopped_step_is_written_down_in_a_database() -> None:
    """The history tells that it began and that it failed."""
    with Runner(db="sqlite://") as runner:
        runner.run(placed("stage", late.limited(late.deny)), run_id="r")
        told = [
            (event.kind, event.data.get("status"))
            for event in runner.history("r")
            if event.path == "s/act"
        ]
        where = runner.result("r").where

    assert told == [("step_started", None), ("step_ended", "failed")]
    assert "def deny" in linecache.getline(where.file, where.line)
