"""Scopes open and close in pairs, youngest first, whatever is raised where."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gostage import Context, Runner, Stage, Workflow, action, resource, steps

LEVELS = ("run", "workflow", "stage", "action")
HABITS = ("plain", "raises first", "raises last", "swallows", "swallows all", "skips", "twice")
ENDS = ("works", "raises", "bails", "suspends", "cancels", "exits")

layers = st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(HABITS)), max_size=6)


class Open:
    """What is open, and whether anything was closed that was not the youngest."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.count = 0

    def enter(self) -> object:
        mark = object()
        self.stack.append(mark)
        self.count += 1
        return mark

    def leave(self, mark: object) -> None:
        assert self.stack.pop() is mark


def fail(why: str) -> None:
    """Raise an ordinary error."""
    raise ValueError(why)


def layer(opened: Open, habit: str):
    """Make a middleware of a habit."""

    def middleware():
        if habit == "raises first":
            raise ValueError(habit)
        if habit == "skips":
            return
        mark = opened.enter()
        try:
            yield
            if habit == "twice":
                yield
            if habit == "raises last":
                fail(habit)
        except Exception:
            if habit != "swallows":
                raise
        except BaseException:
            if habit != "swallows all":
                raise
        finally:
            opened.leave(mark)

    return middleware


def end(ctx: Context, how: str) -> None:
    """End an action in one of several ways."""
    if how == "raises":
        raise ValueError(how)
    if how == "bails":
        ctx.bail(how)
    if how == "suspends" and not ctx.resuming:
        ctx.suspend(how)
    if how == "cancels":
        ctx.run.cancel()
        ctx.check()
    if how == "exits":
        raise SystemExit(how)


def tree(opened: Open, found: list[tuple[str, str]], hows: list[str]) -> tuple[Workflow, Runner]:
    """Make a workflow of two stages with these layers at their levels, and its runner."""
    at = {
        level: [layer(opened, habit) for where, habit in found if where == level]
        for level in LEVELS
    }

    @resource(scope="stage")
    def held():
        mark = opened.enter()
        yield
        opened.leave(mark)

    work = action(lambda ctx, how, held: end(ctx, how), name="work", use=at["action"])
    stages = [
        Stage(f"s{number}", work.bind(how=how)).use(*at["stage"]) for number, how in enumerate(hows)
    ]
    flow = Workflow("w").add(stages[0]).steps("g", steps().retry("r", steps(*stages[1:])))
    return flow.use(*at["workflow"]), Runner(middleware=at["run"], resources=[held])


def go(runner: Runner, flow: Workflow) -> None:
    """Run it, and resume it if it waits."""
    try:
        if runner.run(flow, run_id="r").status == "waiting":
            runner.resume("r")
    except SystemExit:
        pass


@given(layers, st.lists(st.sampled_from(ENDS), min_size=2, max_size=2))
def test_scopes_close_in_pairs_youngest_first(
    found: list[tuple[str, str]], hows: list[str]
) -> None:
    """In a run, with resources among them, and when the run waits and goes on."""
    opened = Open()
    flow, runner = tree(opened, found, hows)
    go(runner, flow)

    assert opened.stack == []


@given(layers, st.lists(st.sampled_from(ENDS[:3]), min_size=2, max_size=2))
def test_a_loop_closes_them_as_a_thread_does(found: list[tuple[str, str]], hows: list[str]) -> None:
    """As many are opened, and all of them are closed."""
    here, there = Open(), Open()
    flow, runner = tree(here, found, hows)
    runner.run(flow)
    flow, runner = tree(there, found, hows)
    asyncio.run(runner.arun(flow))

    assert here.stack == there.stack == []
    assert here.count == there.count
