"""Side by side: parallel branches and items, what they write and how they come together."""

from __future__ import annotations

import asyncio
import json
import operator
import threading
from contextvars import ContextVar

import pytest

from gostage import Context, Key, Runner, Stage, Workflow, action, run, steps
from gostage.errors import ConcurrentWrite, ItemsFailed, MissingInput, TypeMismatch

TOTAL = Key("total", int, merge=operator.add)
WORDS = Key("words", list, merge=operator.add)


def puts(key, value):
    """Make an action that writes one key."""

    def work(ctx: Context) -> None:
        ctx.store[key] = value

    return action(work, name="put")


def test_branches_run_at_the_same_time() -> None:
    """Each meets the others."""
    all_three = threading.Barrier(3)

    def meet(ctx: Context) -> None:
        all_three.wait(10)

    assert run(Workflow("w").parallel("p", a=meet, b=meet, c=meet)).ok


def test_branches_run_at_the_same_time_in_a_loop() -> None:
    """Async ones in the loop, plain ones in threads beside it."""

    async def main() -> str:
        here, there = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        async def one(ctx: Context) -> None:
            there.set()
            await here.wait()

        def two(ctx: Context) -> None:
            there.wait(10)
            loop.call_soon_threadsafe(here.set)

        return (await Runner().arun(Workflow("w").parallel("p", one=one, two=two))).status

    assert asyncio.run(main()) == "completed"


def test_what_branches_write_is_there_after_the_join() -> None:
    """In branch order, whoever came first."""
    flow = Workflow("w").parallel("p", left=puts("a", 1), right=puts("b", 2))

    assert list(run(flow).store.items()) == [("a", 1), ("b", 2)]


def test_a_branch_does_not_see_what_the_others_write() -> None:
    """Before the join each sees its own."""
    written = threading.Event()
    seen = []

    def writes(ctx: Context) -> None:
        ctx.store["a"] = 1
        written.set()

    def looks(ctx: Context) -> None:
        written.wait(10)
        seen.append("a" in ctx.store)

    run(Workflow("w").parallel("p", left=writes, right=looks))

    assert seen == [False]


def test_two_branches_that_write_one_key_are_an_error() -> None:
    """It names the key and both branches."""
    result = run(Workflow("w").parallel("p", left=puts("k", 1), right=puts("k", 1)))

    assert isinstance(result.error, ConcurrentWrite)
    for name in ("'k'", "'left'", "'right'"):
        assert name in str(result.error)
    assert "k" not in result.store


def test_a_key_with_a_merge_is_folded_in_branch_order() -> None:
    """Onto the value from before the fork; without one, onto the first."""
    bodies = {"a": puts(WORDS, ["a"]), "b": puts(WORDS, ["b"]), "c": puts(WORDS, ["c"])}
    flow = Workflow("w").parallel("p", **bodies)

    assert run(flow).store["words"] == ["a", "b", "c"]
    assert run(flow, {"words": ["first"]}).store["words"] == ["first", "a", "b", "c"]


def test_merges_nest() -> None:
    """A branch that forks itself hands on what its branches added."""
    inner = steps().parallel("inner", a=puts(TOTAL, 1), b=puts(TOTAL, 2))
    flow = Workflow("w").parallel("outer", left=inner, right=puts(TOTAL, 4))

    assert run(flow, {"total": 10}).store["total"] == 17


def test_merges_nest_in_single_steps_too() -> None:
    """A branch that was stopped after its own join still contributes what its branches added."""
    inner = steps().parallel("inner", only=puts(TOTAL, 1)).do("after", lambda ctx: None)
    flow = Workflow("w").parallel("outer", left=inner, right=puts(TOTAL, 4))
    state = flow.apply(initial={"total": 10})
    while not flow.is_completed(state):
        state = flow.apply(json.loads(json.dumps(state)))

    assert flow.store(state)["total"] == 15


def test_a_branch_that_fails_is_named() -> None:
    """The first failure is the one that is reported."""

    def fails(ctx: Context) -> None:
        raise ValueError("boom")

    result = run(Workflow("w").parallel("p", good=puts("a", 1), bad=fails))

    assert str(result.error) == "boom"
    assert "in branch 'bad' of 'p'" in result.error.__notes__


def test_a_retried_parallel_starts_all_its_branches_again() -> None:
    """What the branches wrote in the failed pass is gone."""
    calls = []

    def flaky(ctx: Context) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("once")

    body = steps().parallel("p", a=puts("k", 1), b=flaky)
    result = run(Workflow("w").retry("r", body))

    assert (result.status, dict(result.store)) == ("completed", {"k": 1})


def test_context_variables_reach_every_thread_and_task() -> None:
    """What a middleware sets is seen inside it, wherever that runs."""
    variable: ContextVar[str] = ContextVar("variable", default="outside")
    seen = []

    def sets():
        token = variable.set("inside")
        try:
            yield
        finally:
            variable.reset(token)

    def plain(ctx: Context) -> None:
        seen.append(variable.get())

    async def later(ctx: Context) -> None:
        seen.append(variable.get())

    stage = Stage("s", plain, later).parallel("p", a=plain, b=later, c=plain).use(sets)
    flow = Workflow("w", stage).do("after", plain)
    run(flow)
    asyncio.run(Runner().arun(flow))

    assert seen == [*["inside"] * 5, "outside"] * 2


def test_for_each_keeps_the_order_of_the_items() -> None:
    """Whichever is done first."""
    last_first = [threading.Event() for _ in range(4)]
    last_first[3].set()

    def work(item: int) -> str:
        last_first[item].wait(10)
        if item:
            last_first[item - 1].set()
        return f"done {item}"

    flow = Workflow("w").for_each("f", lambda: range(4), work, into="results", concurrency=4)

    assert run(flow).store["results"] == [f"done {n}" for n in range(4)]


def test_no_more_items_at_a_time_than_asked_for() -> None:
    """The next one begins when one has ended."""
    lock, now, most = threading.Lock(), [], []
    both = threading.Barrier(2)

    def work(item: int) -> None:
        with lock:
            now.append(item)
            most.append(len(now))
        both.wait(10)
        with lock:
            now.remove(item)
        both.wait(10)

    run(Workflow("w").for_each("f", lambda: range(6), work, concurrency=2))

    assert max(most) == 2
    assert len(most) == 6


def test_the_value_of_an_item_is_that_of_its_last_action() -> None:
    """`into` gets them."""
    body = steps().do("one", lambda item: item).do("two", lambda item: item * 2)
    flow = Workflow("w").for_each("f", "numbers", body, into="results")

    assert run(flow, {"numbers": [1, 2]}).store["results"] == [2, 4]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_the_first_failing_item_stops_the_step(concurrency: int) -> None:
    """No further item is begun."""
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise ValueError("boom")

    flow = Workflow("w").for_each("f", lambda: range(50), work, into="r", concurrency=concurrency)
    result = run(flow)

    assert str(result.error) == "boom"
    assert len(begun) < 50
    assert "in item 0 of 'f'" in result.error.__notes__ or concurrency == 1
    assert "r" not in result.store


@pytest.mark.parametrize("concurrency", [1, 3])
def test_the_rest_is_done_when_asked_for(concurrency: int) -> None:
    """Then the step fails with index, item and error of each."""

    def work(ctx: Context, item: str) -> str:
        ctx.store[f"done.{item}"] = True
        if item in "bd":
            raise ValueError(f"no {item}")
        return item.upper()

    flow = Workflow("w").for_each(
        "f", lambda: list("abcd"), work, into="r", concurrency=concurrency, on_error="continue"
    )
    result = run(flow)

    assert isinstance(result.error, ItemsFailed)
    found = [(f.index, f.item, str(f.error)) for f in result.error.failures]
    assert found == [(1, "b", "no b"), (3, "d", "no d")]
    assert result.store["r"] == ["A", None, "C", None]
    assert sorted(key for key in result.store if key != "r") == ["done.a", "done.c"]


def test_items_side_by_side_that_write_one_key_are_an_error() -> None:
    """One after the other they may."""
    flow = Workflow("w").for_each("f", lambda: [1, 2], puts("k", 1), concurrency=2)

    assert isinstance(run(flow).error, ConcurrentWrite)
    assert run(Workflow("w").for_each("f", lambda: [1, 2], puts("k", 1))).ok


def test_items_side_by_side_fold_a_merging_key() -> None:
    """In the order of the items."""

    def work(ctx: Context, item: str) -> None:
        ctx.store[WORDS] = [item]

    flow = Workflow("w").for_each("f", lambda: list("abc"), work, concurrency=3)

    assert run(flow).store["words"] == ["a", "b", "c"]


def test_a_missing_key_of_items_is_a_missing_input() -> None:
    """With the close ones."""
    result = run(Workflow("w").for_each("f", "rows", puts("k", 1)), {"row": [1]})

    assert isinstance(result.error, MissingInput)
    assert "'row'" in result.error.hint


@pytest.mark.parametrize("value", [7, "text", None], ids=["number", "text", "none"])
def test_what_cannot_be_gone_over_is_an_error(value: object) -> None:
    """A text is no list of letters."""
    result = run(Workflow("w").for_each("f", lambda: value, puts("k", 1)))

    assert isinstance(result.error, TypeMismatch)


def test_five_hundred_groups_may_nest() -> None:
    """Depth costs no recursion."""
    body = steps().do("deep", lambda ctx: ctx.store.put("depth", ctx.path.count("/")))
    for number in range(500):
        body = steps().steps(f"g{number}", body)
    result = run(Workflow("w").steps("top", body))

    assert (result.status, result.store["depth"]) == ("completed", 501)
    assert len(result.steps) == 502


def test_branches_nest() -> None:
    """Forks inside forks, items inside branches."""
    leaf = action(lambda ctx: ctx.store.put(ctx.step_key.partition(":")[2], True), name="x")
    items = steps().for_each("f", lambda: [1, 2], leaf, concurrency=2)
    inner = steps().parallel("q", c=items, d=leaf)
    result = run(Workflow("w").parallel("p", a=inner, b=steps().add(leaf)))

    assert sorted(result.store) == ["p/a/q/c/f/x[0]", "p/a/q/c/f/x[1]", "p/a/q/d/x", "p/b/x"]
