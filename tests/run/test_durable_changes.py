"""Runs whose code changes between two processes, and runs that start over from a step."""

from __future__ import annotations

import importlib
import sys

import pytest

from gostage import Context, Retry, Workflow, action, steps
from gostage.errors import NotFound, NotImportable, RunBlocked
from tests.folders import fresh_imports, write
from tests.run.durable import WORLD, check, load, save, shop, statuses, turn

__all__ = ["shop"]

FIRST = """
from gostage import Workflow, action

@action
def read(ctx):
    ctx.store["rows"] = 3

@action
def send(ctx):
    raise OSError("no net")

@action
def done(ctx):
    ctx.store["done"] = True

flow = Workflow("mail").do(read).do(send).do(done)
"""
MENDED = FIRST.replace('raise OSError("no net")', 'ctx.store["sent"] = ctx.store["rows"]')


@pytest.fixture
def mail(tmp_path):
    """A module that can be written anew, as between two processes; gives its workflow."""

    def written(text):
        write(tmp_path, {"mail_flow.py": text})
        sys.modules.pop("mail_flow", None)
        importlib.invalidate_caches()
        return importlib.import_module("mail_flow").flow

    with fresh_imports():
        sys.path.insert(0, str(tmp_path))
        yield written


def kinds(runner, run_id="r"):
    """What happened to a run."""
    return [event.kind for event in runner.history(run_id)]


def test_an_action_is_mended_and_the_run_goes_on(shop, mail) -> None:
    """With the code as it is now, and a note of what has changed."""
    with shop.runner() as runner:
        assert runner.run(mail(FIRST), run_id="r").status == "failed"
    mail(MENDED)

    with shop.runner() as runner:
        result = runner.resume("r")
        noted = [e.data for e in runner.history("r") if e.kind == "code_changed"]

    assert dict(result.store) == {"rows": 3, "sent": 3, "done": True}
    assert noted == [{"actions": ["send"]}]


def test_code_that_is_the_same_is_not_noted(shop, mail) -> None:
    """Comments are not code."""
    with shop.runner() as runner:
        runner.run(mail(FIRST), run_id="r")
    mail("# a comment\n" + FIRST)
    with shop.runner() as runner:
        runner.resume("r")
        assert "code_changed" not in kinds(runner)


CHANGES = {
    "a step is added": (".do(read)", ".do(read).do('more', done)", "'more'"),
    "a step is gone": (".do(done)", "", "'done'"),
    "a step has another name": (".do(done)", '.do("end", done)', "'end'"),
}


@pytest.mark.parametrize(("old", "new", "name"), CHANGES.values(), ids=CHANGES)
def test_other_steps_block_a_run_until_somebody_accepts_them(shop, mail, old, new, name) -> None:
    """The error says what has changed, and how to go on."""
    changed = MENDED.replace(old, new)
    with shop.runner() as runner:
        runner.run(mail(FIRST), run_id="r")
    mail(changed)

    with shop.runner() as runner:
        with pytest.raises(RunBlocked) as caught:
            runner.resume("r")
        assert runner.get("r").status == "blocked"
        assert runner.result("r").status == "blocked"
        result = runner.resume("r", accept_changes=True)
        accepted = [e.data for e in runner.history("r") if e.kind == "plan_accepted"]

    assert name in str(caught.value)
    assert "accept" in caught.value.hint
    assert result.ok
    assert result.store["sent"] == 3
    assert len(accepted) == 1
    assert name.strip("'") in str(accepted[0])


def test_a_run_is_blocked_for_good_where_its_step_is_gone(shop, mail) -> None:
    """Accepting is not enough where it stands on what is no more."""
    with shop.runner() as runner:
        runner.run(mail(FIRST), run_id="r")
    mail(FIRST.replace(".do(send)", ""))

    with shop.runner() as runner:
        with pytest.raises(RunBlocked, match="'send'") as caught:
            runner.resume("r", accept_changes=True)
        assert runner.get("r").status == "blocked"

    assert "fork" in caught.value.hint


def test_a_change_that_is_taken_back_lets_the_run_go_on(shop, mail) -> None:
    """What blocked it is gone."""
    with shop.runner() as runner:
        runner.run(mail(FIRST), run_id="r")
    mail(FIRST.replace(".do(send)", ""))
    with shop.runner() as runner, pytest.raises(RunBlocked):
        runner.resume("r")
    mail(MENDED)
    with shop.runner() as runner:
        assert runner.resume("r").ok


def test_a_run_whose_code_is_gone_can_only_be_ended(shop, mail) -> None:
    """Cancelling ends it without its cleanup; everything else says what is missing."""
    with shop.runner() as runner:
        runner.run(mail(FIRST.replace(".do(send)", ".receive('go')")), run_id="r")
    mail("flow = None\n")

    with shop.runner() as runner:
        with pytest.raises((NotFound, NotImportable), match="mail_flow"):
            runner.resume("r")
        assert runner.get("r").status == "waiting"
        assert runner.cancel("r") is True
        assert runner.get("r").status == "cancelled"
        assert runner.result("r").store["rows"] == 3


# -------------------------------------------------------------------- forks

flow = Workflow("flow", tags=["nightly"]).stage("one", load, check).stage("two", save)


def test_a_fork_starts_over_from_a_step(shop) -> None:
    """With what the store held before it; the run it comes from stays as it is."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        WORLD.calls.clear()
        new = runner.fork("r", "one/check")
        info = runner.get(new)
        assert (info.status, info.workflow_id, info.tags) == ("pending", "flow", ("nightly",))
        assert dict(runner.result(new).store) == {"rows": [1, 2]}
        result = runner.resume(new)
        origin = runner.result("r")

    assert WORLD.calls == ["check", "save"]
    assert result.run_id == new != "r"
    assert dict(result.store) == dict(origin.store) == {"rows": [1, 2, 3], "checked": True,
                                                        "total": 6}  # fmt: skip
    assert statuses(result) == {
        "one": "completed",
        "one/load": "skipped",  # it was the other run that did it
        "one/check": "completed",
        "two": "completed",
        "two/save": "completed",
    }


@pytest.mark.parametrize(
    ("step", "calls"),
    [("one", ["load", "check", "save"]), ("two", ["save"]), ("two/save", ["save"])],
)
def test_a_fork_starts_over_from_a_stage(shop, step, calls) -> None:
    """From its first step."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        WORLD.calls.clear()
        assert runner.resume(runner.fork("r", step)).ok

    assert WORLD.calls == calls


def test_a_fork_of_a_failed_run_tries_with_the_code_as_it_is(shop, mail) -> None:
    """From before the failure."""
    with shop.runner() as runner:
        runner.run(mail(FIRST), run_id="r")
    mail(MENDED.replace(".do(done)", ".do(done).do('more', done)"))
    with shop.runner() as runner:
        result = runner.resume(runner.fork("r", "read"))
        assert runner.get("r").status == "failed"

    assert result.ok
    assert result.store["sent"] == 3


def test_a_fork_inside_a_loop_is_in_its_last_pass(shop) -> None:
    """The passes before it count."""
    body = steps().do("t", turn).do(count).do("s", save)
    loop = Workflow("loop").loop_while("l", is_below_three, body, max_passes=3)
    with shop.runner() as runner:
        runner.run(loop, {"rows": [], "passes": 0}, run_id="r")
        WORLD.calls.clear()
        result = runner.resume(runner.fork("r", "l/s"))

    assert result.ok
    assert (WORLD.calls, result.store["passes"]) == (["save"], 3)


def count(ctx: Context) -> None:
    """Count the passes."""
    ctx.store["passes"] += 1


def is_below_three(passes: int) -> bool:
    """Hold for three passes."""
    return passes < 3


def test_a_fork_of_a_loop_begins_with_its_first_pass(shop) -> None:
    """With what there was before it."""
    loop = Workflow("loop").do("first", turn).loop_while("l", is_below_three, steps().do(count))
    with shop.runner() as runner:
        runner.run(loop, {"passes": 0}, run_id="r")
        new = runner.fork("r", "l")
        before = runner.result(new).store["passes"]
        result = runner.resume(new)

    assert (before, result.store["passes"]) == (0, 3)
    assert WORLD.calls == ["turn"]


def test_a_fork_from_a_failed_step_has_all_its_attempts(shop) -> None:
    """They are counted from the first."""
    tries = Workflow("tries").do(load).do(stubborn)
    with shop.runner() as runner:
        runner.run(tries, run_id="r")
        WORLD.calls.clear()
        assert runner.resume(runner.fork("r", "stubborn")).status == "failed"

    assert WORLD.calls == ["attempt 1", "attempt 2"]


@action(retry=Retry(attempts=2))
def stubborn(ctx: Context) -> None:
    """Fail always."""
    WORLD.note(f"attempt {ctx.attempt}")
    raise OSError("no")


def test_a_fork_tells_where_it_comes_from(shop) -> None:
    """Its history begins with it."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        new = runner.fork("r", "two/save")
        first = runner.history(new)[0]

    assert (first.kind, first.data) == ("run_forked", {"run": "r", "step": "two/save"})


@pytest.mark.parametrize(
    ("step", "hint"),
    [("two/sav", "did you mean 'two/save'"), ("zzz", "'two/save'")],
    ids=["close", "far off"],
)
def test_a_step_that_the_run_never_came_to_is_no_place_to_fork(shop, step, hint) -> None:
    """The error names those it came to."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        with pytest.raises(NotFound, match=step) as caught:
            runner.fork("r", step)
        assert [info.run_id for info in runner.runs()] == ["r"]

    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("step", "calls"),
    [
        ("a", "load turn save check"),
        ("group", "turn save check"),
        ("group/b", "turn save check"),
        ("group/again", "save check"),
        ("group/again/c", "save check"),
        ("last", "check"),
        ("last/d", "check"),
    ],
)
def test_nothing_before_the_step_is_done_again_and_nothing_from_it_on_is_left_out(
    shop, step, calls
) -> None:
    """However deep it is, and whatever surrounds it."""
    inner = steps().do("b", turn).retry("again", steps().do("c", save))
    deep = Workflow("deep").do("a", load).steps("group", inner).stage("last")
    deep.find_stage("last").do("d", check)
    with shop.runner() as runner:
        runner.run(deep, run_id="r")
        WORLD.calls.clear()
        assert runner.resume(runner.fork("r", step)).ok

    assert WORLD.calls == calls.split()
