"""What actions do to the plan of a run in a database: it counts in every process."""

from __future__ import annotations

import asyncio

import pytest

from gostage import Context, Runner, Stage, Workflow, action, steps
from gostage.errors import NotImportable, RunOwned
from tests.run.durable import WORLD, check, handle, load, save, shop, statuses, turn

__all__ = ["shop"]


@action
def grow(ctx: Context) -> None:
    """Insert more."""
    ctx.add_action(turn_twice.bind(word="now"))
    ctx.add_action_to("later", load)
    ctx.add_stage(Stage("extra", load, tags=["added"]))


@action
def turn_twice(word: str) -> None:
    """Do something with what is bound."""
    WORLD.note(f"turn {word}")


@action
def shrink(ctx: Context) -> None:
    """Remove and disable."""
    ctx.remove_action("check", stage="later")
    ctx.disable(action="save", stage="later")


@pytest.mark.parametrize("change", [grow, shrink], ids=["inserted", "removed and disabled"])
def test_the_plan_is_the_same_in_the_next_process(shop, change) -> None:
    """As in one that was not interrupted."""
    expected: list[tuple[list[str], dict[str, str]]] = []
    for is_interrupted in (False, True):
        flow = Workflow("flow").stage("first", change).stage("wait").stage("later", turn)
        flow.find_stage("later").add(check, save)
        flow.find_stage("wait").receive("go")
        WORLD.forget()
        run_id = f"r{is_interrupted}"
        with shop.runner() as runner:
            runner.run(flow, {"rows": [1]}, run_id=run_id)
            if not is_interrupted:
                runner.signal(run_id, "go")
        with shop.runner() as runner:
            result = runner.signal(run_id, "go") if is_interrupted else runner.result(run_id)
            expected.append((list(WORLD.calls), statuses(result)))

    assert expected[0] == expected[1]
    assert ("later/save", "skipped") in expected[0][1].items() or change is grow


def test_what_a_failed_step_inserted_is_gone(shop) -> None:
    """It is inserted again by the next try, and once."""
    flow = Workflow("flow").stage("only", insert_and_fail, save)
    WORLD.broken.add("insert")
    with shop.runner() as runner:
        assert "only/turn_twice" not in statuses(runner.run(flow, {"rows": []}, run_id="r"))
    WORLD.broken.clear()

    with shop.runner() as runner:
        assert runner.resume("r").ok

    assert WORLD.calls == ["insert", "insert", "turn again", "save"]


@action
def insert_and_fail(ctx: Context) -> None:
    """Insert one action, and maybe fail then."""
    ctx.add_action(turn_twice.bind(word="again"))
    WORLD.note("insert")


@action
def insert_closure(ctx: Context) -> None:
    """Insert what nobody finds again."""

    def hidden() -> None:
        WORLD.note("hidden")

    ctx.add_action(action(hidden))


def test_an_insert_that_nobody_finds_again_fails_its_step(shop) -> None:
    """In memory it is welcome."""
    flow = Workflow("flow").stage("s", insert_closure)
    with shop.runner() as runner:
        result = runner.run(flow)
    assert isinstance(result.error, NotImportable)
    assert "'hidden'" in str(result.error)

    with Runner() as runner:
        assert runner.run(flow).ok
    assert WORLD.calls == ["hidden"]


# -------------------------------------------------------------------- forks of what is side by side


SIDES = {
    "first branch": ("both/left/b", {"b", "c"}),
    "a receive": ("go", {"c"}),
    "the whole of it": ("both", {"a", "b", "c"}),
}


def note_a() -> None:
    """Do the first thing of a branch."""
    WORLD.note("a")


def note_b() -> None:
    """Do the second."""
    WORLD.note("b")


def note_c() -> None:
    """Do what comes after the branches."""
    WORLD.note("c")


@pytest.mark.parametrize(("step", "least"), SIDES.values(), ids=SIDES)
def test_a_fork_where_branches_run_side_by_side(shop, step, least) -> None:
    """What is done again is at least the step and what follows it, and nothing from before."""
    flow = (
        Workflow("flow")
        .do("l", load)
        .parallel(
            "both", left=steps().do("a", note_a).do("b", note_b), right=steps().sleep("nap", 60)
        )
        .receive("go")
        .do("c", note_c)
    )
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        runner.signal("r", "go")
        WORLD.calls.clear()
        new = runner.fork("r", step)
        runner.resume(new)
        result = runner.signal(new, "go")

    assert result.ok
    assert set(WORLD.calls) == least
    assert len(WORLD.calls) == len(least)


def test_a_fork_of_a_for_each_does_all_its_items(shop) -> None:
    """It starts over with the step, whatever was done of it."""
    flow = Workflow("flow").do(load).for_each("each", "rows", handle, into="done").do(save)
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        WORLD.calls.clear()
        result = runner.resume(runner.fork("r", "each"))

    assert WORLD.calls == ["item 1", "item 2", "save"]
    assert result.store["done"] == [10, 20]


def test_a_fork_can_be_forked(shop) -> None:
    """It is a run like any other."""
    flow = Workflow("flow").stage("s", load, check, save)
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        first = runner.fork("r", "s/check")
        runner.resume(first)
        WORLD.calls.clear()
        second = runner.fork(first, "s/save")
        assert runner.resume(second).store["total"] == 6

    assert WORLD.calls == ["save"]


# -------------------------------------------------------------------- one owner


@action
def look_from_outside(ctx: Context) -> None:
    """Try to go on with this very run from elsewhere."""
    with WORLD.shop.runner() as runner:
        WORLD.status = runner.get(ctx.run.id).status
        with pytest.raises(RunOwned) as caught:
            runner.resume(ctx.run.id)
        WORLD.error = caught.value


def test_a_run_that_goes_on_has_one_owner(shop, monkeypatch) -> None:
    """Everybody else is told who that is."""
    monkeypatch.setattr(WORLD, "shop", shop, raising=False)
    with shop.runner() as runner:
        result = runner.run(Workflow("flow").do(look_from_outside), run_id="r")

    result.raise_for_error()
    assert WORLD.status == "running"
    assert "'r'" in str(WORLD.error)
    assert "process" in str(WORLD.error)


def test_a_run_goes_on_in_an_event_loop_as_well(shop) -> None:
    """Begun by one way, ended by the other."""
    flow = Workflow("flow").do(wait_a_little).receive("go").do(wait_a_little)

    async def begin() -> str:
        with shop.runner() as runner:
            return (await runner.arun(flow, run_id="r")).status

    assert asyncio.run(begin()) == "waiting"
    with shop.runner() as runner:
        assert runner.signal("r", "go").ok

    assert WORLD.calls == ["a little"] * 2


@action
async def wait_a_little() -> None:
    """Do something in an event loop."""
    await asyncio.sleep(0)
    WORLD.note("a little")


def test_a_subclass_that_overrides_run_has_resumed_runs_too(shop) -> None:
    """Whatever goes on passes through it."""

    class Loud(Runner):
        def run(self, workflow, *args, **options):
            WORLD.note(f"run {workflow.id}")
            return super().run(workflow, *args, **options)

    flow = Workflow("flow").do(turn).receive("go")
    with Loud(shop.file, clock=shop.clock) as runner:
        runner.run(flow, run_id="r")
        runner.resume("r")
        runner.signal("r", "go")

    assert WORLD.calls == ["run flow", "turn", "run flow", "run flow"]
