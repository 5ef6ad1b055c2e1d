"""What waits for the outside world in a child comes to the same as in this process."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest

from gostage import Context, Stage, Workflow, action, steps
from gostage._db.sqlite import SQLite
from gostage.testing import FakeClock
from tests.properties import children
from tests.properties.loopback import ETHER
from tests.properties.trees import JOURNAL, by_lane

MOST = 30
"""Stretches of a run; beyond it a flow goes round in circles."""


@action
def before(ctx: Context) -> None:
    """Write something down."""
    JOURNAL.note(ctx, "call")
    ctx.store[f"before {ctx.item_index}"] = {1, 2}


@action
def after(ctx: Context) -> str:
    """Write something more."""
    JOURNAL.note(ctx, "call")
    ctx.store[f"after {ctx.item_index}"] = ctx.store[f"before {ctx.item_index}"]
    return f"value {ctx.item_index}"


@action
def asks(ctx: Context) -> None:
    """Ask a person, and keep the answer."""
    JOURNAL.note(ctx, "call")
    ctx.store["asked"] = True
    if not ctx.resuming:
        ctx.store[f"question {ctx.item_index}"] = "?"
        ctx.suspend("a person is to look", item=ctx.item_index, why=(1, 2))
    ctx.store[f"answer {ctx.item_index}"] = ctx.resume_data


@action
def is_late(ctx: Context) -> bool:
    """Hold from the third answer on."""
    return JOURNAL.note(ctx, "ask") >= 2


WAITS: dict[str, Any] = {
    "receive": lambda flow: flow.receive("go", "got"),
    "receive in vain": lambda flow: flow.case(
        "maybe", is_never, steps().receive("go"), otherwise=steps().sleep("s", 5)
    ),
    "suspend": lambda flow: flow.do("asks", asks),
    "suspend in a child": lambda flow: flow.do("asks", asks.options(isolate=True)),
    "sleep": lambda flow: flow.sleep("nap", 100),
    "wait": lambda flow: flow.wait_for("late", is_late, every=10),
    "one after the other": lambda flow: flow.receive("go", "got").sleep("nap", 3).do("asks", asks),
    "a child's child": lambda flow: flow.spawn("deeper", steps().sleep("nap", 9).receive("go")),
    "beside each other": lambda flow: flow.parallel(
        "p", a=steps().receive("go", "a"), b=steps().sleep("nap", 7).do("b", before)
    ),
}


@action
def is_never(ctx: Context) -> bool:
    """A condition that does not hold."""
    JOURNAL.note(ctx, "ask")
    return False


def body(flow: Any, kind: str) -> Any:
    """Something before, the wait, and something after."""
    return WAITS[kind](flow.do("before", before)).do("after", after)


def spawn(kind: str, apart: bool) -> Workflow:
    """A body in a child."""
    flow = Workflow("w")
    return (flow.spawn if apart else flow.steps)("part", body(steps(), kind))


def whole(kind: str, apart: bool) -> Workflow:
    """A whole workflow in a child."""
    flow = Workflow("w")
    return (flow.spawn if apart else flow.sub)("part", body(Workflow("inner"), kind))


def stage(kind: str, apart: bool) -> Workflow:
    """A stage in a child."""
    return Workflow("w").add(body(Stage("part", isolate=apart), kind))


def each(kind: str, apart: bool, concurrency: int = 1) -> Workflow:
    """Items in children."""
    inner = body(steps(), kind)
    return Workflow("w", initial={"numbers": [1, 2]}).for_each(
        "part", "numbers", inner, into="values", isolate=apart, concurrency=concurrency
    )


def beside(kind: str, apart: bool) -> Workflow:
    """Items in children, side by side."""
    return each(kind, apart, 2)


class Tour:
    """One run, from stretch to stretch, by whoever comes next."""

    def __init__(self, flow: Workflow, *, detach: bool, anew: bool) -> None:
        self._flow = flow
        self._detach = detach
        self._anew = anew
        """Whether each stretch is done by another process, as far as the run can tell."""
        self.statuses: list[str] = []

    def go(self) -> Any:
        """Drive it to its end."""
        JOURNAL.start()
        clock = FakeClock()
        ETHER.start(clock)
        with closing(SQLite(":memory:")) as database:
            runner = children.runner(clock, db=database)
            result = runner.run(self._flow, run_id="r", detach=self._detach)
            while result.status in ("waiting", "sleeping") and len(self.statuses) < MOST:
                self.statuses.append(result.status)
                if self._anew:
                    runner.close()
                    runner = children.runner(clock, db=database)
                result = self._next(runner, clock, result)
            runner.close()
        ETHER.settle()
        return result

    def _next(self, runner: Any, clock: FakeClock, result: Any) -> Any:
        number = len(self.statuses)
        if result.status == "sleeping":
            clock.pass_by(200)
            return runner.run(self._flow, run_id="r", detach=self._detach)
        if result.suspended.data.get("signal") == "go":
            return runner.signal("r", "go", ("data", number), detach=self._detach)
        return runner.resume("r", ("data", number), detach=self._detach)


@pytest.mark.parametrize("anew", [False, True], ids=["same runner", "other runners"])
@pytest.mark.parametrize("detach", [False, True], ids=["sits out", "detached"])
@pytest.mark.parametrize("kind", WAITS)
@pytest.mark.parametrize("shape", [spawn, whole, stage, each], ids=lambda shape: shape.__name__)
def test_a_wait_in_a_child_is_a_wait_of_the_run(shape, kind, detach, anew):
    """Same stretches, same calls, same store, whoever goes on."""
    expected = Tour(shape(kind, apart=False), detach=detach, anew=anew)
    result = expected.go()
    calls = by_lane(JOURNAL.entries)
    tour = Tour(shape(kind, apart=True), detach=detach, anew=anew)
    found = tour.go()

    assert result.status == found.status == "completed", found.error
    assert tour.statuses == expected.statuses
    assert by_lane(JOURNAL.entries) == calls
    assert list(found.store.items()) == list(result.store.items())


@pytest.mark.parametrize("kind", ["sleep", "wait", "suspend"])
def test_waits_side_by_side_come_to_the_same(kind):
    """Items that wait at the same time, in children of their own."""
    expected = Tour(beside(kind, apart=False), detach=True, anew=True).go()
    found = Tour(beside(kind, apart=True), detach=True, anew=True).go()

    assert expected.error is not None or found.ok, found.error
    assert str(found.error) == str(expected.error)
    assert dict(found.store).keys() == dict(expected.store).keys()


@pytest.mark.parametrize("kind", ["sleep", "wait", "receive", "suspend"])
def test_a_wait_in_a_child_without_a_database(kind):
    """As long as the process lives, it goes on where it stood, in a loop as well."""
    clock = FakeClock()
    JOURNAL.start()
    ETHER.start(clock)
    with children.runner(clock) as runner:
        result = asyncio.run(runner.arun(spawn(kind, apart=True), run_id="r"))
        if kind == "receive":
            assert result.status == "waiting"
            result = runner.signal("r", "go", 5)
        elif kind == "suspend":
            assert result.suspended.data == {"item": None, "why": (1, 2)}
            result = runner.resume("r", 5)
    ETHER.settle()

    assert result.ok, result.error
    assert result.store["after None"] == {1, 2}
