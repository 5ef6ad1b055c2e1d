"""Going on with a run of a database: what is done stays done, and what is not is tried again."""

from __future__ import annotations

import pytest

from gostage import Context, Retry, Runner, Workflow, action, fixed, steps
from gostage.errors import ItemsFailed, TimedOut, TooManyPasses
from tests.run.durable import WORLD, always, ask, check, handle, load, save, shop, statuses, turn

__all__ = ["shop"]

flow = Workflow("flow").stage("work", load, check, save)


def broken(*names: object) -> None:
    """Have these fail, and nothing else."""
    WORLD.broken.clear()
    WORLD.broken.update(names)


def test_a_failed_run_goes_on_with_the_step_that_failed(shop) -> None:
    """The steps before it are kept, with what they wrote."""
    broken("check")
    with shop.runner() as runner:
        assert runner.run(flow, run_id="r").status == "failed"
    broken()

    with shop.runner() as runner:
        result = runner.resume("r")

    assert WORLD.calls == ["load", "check", "check", "save"]
    assert dict(result.store) == {"rows": [1, 2, 3], "checked": True, "total": 6}
    assert set(statuses(result).values()) == {"completed"}


def test_what_a_failed_attempt_changed_in_place_is_read_back(shop) -> None:
    """An attempt is all or nothing, lists that it has changed included."""
    broken("check")
    with shop.runner() as runner:
        result = runner.run(flow, run_id="r")

    assert dict(result.store) == {"rows": [1, 2]}


def test_a_run_may_fail_again_and_again(shop) -> None:
    """Every try begins where the first one did."""
    broken("check")
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        assert [runner.resume("r").status for _ in range(3)] == ["failed"] * 3
        broken()
        assert runner.resume("r").store["rows"] == [1, 2, 3]

    assert WORLD.calls == ["load", *["check"] * 5, "save"]


def test_a_result_outlives_its_runner(shop) -> None:
    """Its records too, although they are read from the database."""
    broken("check")
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
    broken()
    with shop.runner() as runner:
        result = runner.resume("r")
    with shop.runner() as runner:
        later = runner.result("r")

    assert statuses(result) == statuses(later)


def test_resuming_what_has_completed_gives_its_result(shop) -> None:
    """It is not done again."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        assert runner.resume("r").status == "completed"

    assert WORLD.calls == ["load", "check", "save"]


# -------------------------------------------------------------------- counters


@action(retry=Retry(attempts=3, backoff=fixed(60)))
def flaky(ctx: Context) -> None:
    """Fail twice, with a pause after each."""
    WORLD.note(f"attempt {ctx.attempt}")
    if ctx.attempt < 3:
        raise OSError("not yet")


def test_the_attempts_of_an_action_are_counted_over_processes(shop) -> None:
    """The pause too goes on where it was."""
    flow = Workflow("flow").do(flaky)
    for _ in range(3):
        with shop.runner() as runner:
            result = runner.run(flow, run_id="r", detach=True)
        shop.clock.pass_by(60)

    assert WORLD.calls == ["attempt 1", "attempt 2", "attempt 3"]
    assert (result.status, result.steps[0].attempts) == ("completed", 3)


def test_the_attempts_of_a_retry_are_counted_over_processes(shop) -> None:
    """After the last one the run fails, in whatever process that is."""
    broken("turn")
    flow = Workflow("flow").retry("r", steps().do("t", turn), attempts=3, backoff=fixed(60))
    found = []
    for _ in range(3):
        with shop.runner() as runner:
            found.append(runner.run(flow, run_id="r", detach=True).status)
        shop.clock.pass_by(60)

    assert found == ["sleeping", "sleeping", "failed"]
    assert WORLD.calls == ["turn"] * 3


def test_the_passes_of_a_loop_are_counted_over_processes(shop) -> None:
    """Also those before a failure."""
    body = steps().do("t", turn).sleep("nap", 60)
    flow = Workflow("flow").loop_while("l", always, body, max_passes=3)
    for _ in range(4):
        with shop.runner() as runner:
            result = runner.run(flow, run_id="r", detach=True)
        shop.clock.pass_by(60)

    assert WORLD.calls == ["turn"] * 3
    assert isinstance(result.error, TooManyPasses)


# -------------------------------------------------------------------- items


def test_only_the_items_that_failed_are_done_again(shop) -> None:
    """The others have their values already."""
    flow = Workflow("flow").for_each("each", "numbers", handle, into="done", on_error="continue")
    broken("item 2", "item 4")
    with shop.runner() as runner:
        result = runner.run(flow, {"numbers": [1, 2, 3, 4]}, run_id="r")
    assert isinstance(result.error, ItemsFailed)
    assert [failure.index for failure in result.error.failures] == [1, 3]
    broken("item 4")

    with shop.runner() as runner:
        result = runner.resume("r")
        assert [failure.index for failure in result.error.failures] == [3]
        broken()
        result = runner.resume("r")

    assert WORLD.calls == [f"item {n}" for n in (1, 2, 3, 4, 2, 4, 4)]
    assert result.store["done"] == [10, 20, 30, 40]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_the_items_before_a_failure_are_kept(shop, concurrency) -> None:
    """The one that failed is done again, and those behind it."""
    flow = Workflow("flow").for_each(
        "each", "numbers", handle, into="done", concurrency=concurrency
    )
    broken("item 3")
    with shop.runner() as runner:
        assert runner.run(flow, {"numbers": [1, 2, 3, 4, 5, 6]}, run_id="r").status == "failed"
    broken()

    with shop.runner() as runner:
        result = runner.resume("r")

    assert result.store["done"] == [10, 20, 30, 40, 50, 60]
    assert WORLD.calls.count("item 1") == WORLD.calls.count("item 2") == 1
    assert WORLD.calls.count("item 3") == 2


def test_a_branch_that_was_done_is_not_done_again(shop) -> None:
    """Where another one beside it has failed."""
    flow = Workflow("flow").parallel(
        "both", left=steps().do("t", turn), right=steps().sleep("nap", 5).do(load)
    )
    broken("load")
    with shop.runner() as runner:
        assert runner.run(flow, run_id="r").status == "failed"
    broken()

    with shop.runner() as runner:
        assert runner.resume("r").ok

    assert WORLD.calls == ["turn", "load", "load"]


# -------------------------------------------------------------------- time


@action
def slow(ctx: Context) -> None:
    """Take twenty seconds."""
    WORLD.clock.pass_by(20)
    WORLD.note("slow")


def test_the_time_of_a_stage_begins_anew_with_a_try(shop, monkeypatch) -> None:
    """Else a run that failed long ago could never go on."""
    monkeypatch.setattr(WORLD, "clock", shop.clock, raising=False)
    flow = Workflow("flow").stage("s", slow, check, timeout=30, initial={"rows": []})
    broken("check")
    with shop.runner() as runner:
        assert isinstance(runner.run(flow, run_id="r").error, OSError)
    broken()
    shop.clock.pass_by(3600)

    with shop.runner() as runner:
        assert runner.resume("r").ok


def test_the_time_of_a_stage_goes_on_while_the_run_waits(shop) -> None:
    """It is in total, whoever it waits for."""
    flow = Workflow("flow").stage("s", timeout=30)
    flow.find_stage("s").receive("go").do(load)
    with shop.runner() as runner:
        assert runner.run(flow, run_id="r").status == "waiting"
    shop.clock.pass_by(3600)

    with shop.runner() as runner:
        result = runner.run(flow, run_id="r")

    assert isinstance(result.error, TimedOut)
    assert WORLD.calls == []


def test_a_sleep_is_over_at_its_time_wherever_it_is_sat_out(shop) -> None:
    """It begins once."""
    flow = Workflow("flow").sleep("nap", 3600).do(load)
    with shop.runner() as runner:
        assert runner.run(flow, run_id="r", detach=True).status == "sleeping"
    shop.clock.pass_by(1800)
    with shop.runner() as runner:
        assert runner.resume("r", detach=True).status == "sleeping"
    shop.clock.pass_by(1800)
    with shop.runner() as runner:
        assert runner.resume("r", detach=True).status == "completed"


# -------------------------------------------------------------------- suspending


def test_a_suspended_step_gets_its_answer_in_another_process(shop) -> None:
    """What it wrote before is there, and the reason is known meanwhile."""
    flow = Workflow("flow").do(load).do(ask)
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
    with shop.runner() as runner:
        waiting = runner.result("r")
        result = runner.resume("r", {"count": 3})

    assert (waiting.status, waiting.suspended.reason) == ("waiting", "how many?")
    assert waiting.suspended.data == {"least": 1}
    assert waiting.store["asked"] is True
    assert result.store["answer"] == {"count": 3}
    assert WORLD.calls == ["load", "ask", "ask"]


def test_the_step_key_of_a_try_is_that_of_the_first(shop) -> None:
    """Whoever does something outside knows it again by it."""
    flow = Workflow("flow").do(keep_key)
    broken("keep")
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        broken()
        runner.resume("r")

    first, second = (call for call in WORLD.calls if call != "keep")
    assert first == second


@action
def keep_key(ctx: Context) -> None:
    """Remember the key, and maybe fail."""
    WORLD.note(ctx.step_key)
    WORLD.note("keep")


def test_a_runner_without_a_database_forgets(shop) -> None:
    """The same flow in memory knows nothing of what is stored."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
    with Runner() as runner:
        runner.run(flow, run_id="r")

    assert WORLD.calls == ["load", "check", "save"] * 2
