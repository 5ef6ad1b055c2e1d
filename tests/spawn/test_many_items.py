"""Very many items of a for-each in children that stay: what dies, what stays, what it takes."""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gostage import Isolate, Runner, Workflow, errors, steps
from tests.spawn import many

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it needs signals")

SOAK = bool(os.environ.get("GOSTAGE_SOAK"))
COUNT = 100_000 if SOAK else 6_000
"""How many items; one of a thousand ends its child."""
PAGE = resource.getpagesize()


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as runner:
        yield runner


def loop(*actions, concurrency: int = 2, on_error: str = "stop", isolate=True) -> Workflow:
    body = steps()
    for each in actions:
        body.do(each.name, each)
    return Workflow("w").for_each(
        "each",
        over="items",
        body=body,
        into="kept",
        concurrency=concurrency,
        on_error=on_error,
        isolate=isolate,
    )


def memory() -> int:
    """The bytes that this process has in use."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_deadly_items_take_nothing_with_them(runner) -> None:
    """All others are done, in their order, and nothing piles up on the way."""
    flow = loop(many.survive, on_error="continue")
    runner.run(flow, {"items": list(range(2 * many.DEADLY))})
    before, started = memory(), time.monotonic()

    result = runner.run(flow, {"items": list(range(COUNT))})

    seconds = time.monotonic() - started
    deadly = [n for n in range(COUNT) if n % many.DEADLY == many.DEADLY - 1]
    assert isinstance(result.error, errors.ItemsFailed)
    assert [each.index for each in result.error.failures] == deadly
    assert {type(each.error) for each in result.error.failures} == {errors.ChildCrashed}
    assert {each.error.exit_code for each in result.error.failures} == {7}
    dead = set(deadly)
    expected = [None if n in dead else n for n in range(COUNT)]
    assert result.store["kept"] == expected
    grown = memory() - before
    print(f"{COUNT} items, {len(deadly)} deaths: {seconds:.1f} s, {grown / COUNT:.0f} bytes each")
    assert grown / COUNT < 1_000, "what stays is the items, their values and the failures"


def test_items_share_few_children(runner) -> None:
    """As many as may run at once, whatever the number of items."""
    result = runner.run(loop(many.note, concurrency=3), {"items": list(range(200))})

    assert len(set(result.store["kept"])) <= 3
    assert [result.store[f"item {n}"]["square"] for n in range(200)] == [n * n for n in range(200)]


def test_a_child_that_is_not_kept_does_one_item(runner) -> None:
    """Which is what `fresh` says."""
    flow = loop(many.note, concurrency=3, isolate=Isolate(fresh=True))

    result = runner.run(flow, {"items": list(range(6))})

    assert len(set(result.store["kept"])) == 6


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_item_may_add_steps_to_its_own(runner, concurrency) -> None:
    """A single step that becomes several is told like any other."""
    flow = loop(many.add, concurrency=concurrency)

    result = runner.run(flow, {"items": [1, 2, 3]})

    assert result.ok, result.error
    assert [result.store[f"item {n}"]["square"] for n in (1, 2, 3)] == [1, 4, 9]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_what_a_failed_item_has_written_is_taken_back(runner, concurrency) -> None:
    """The others keep what they did."""
    flow = loop(many.fail, concurrency=concurrency, on_error="continue")

    result = runner.run(flow, {"items": list(range(40))})

    assert isinstance(result.error, errors.ItemsFailed)
    assert [each.index for each in result.error.failures] == [3, 13, 23, 33]
    assert [str(each.error) for each in result.error.failures] == [
        "item 3",
        "item 13",
        "item 23",
        "item 33",
    ]
    assert "half" not in result.store


def test_the_first_failure_ends_the_loop(runner) -> None:
    """No item begins after it, beyond those that run beside it."""
    result = runner.run(loop(many.fail), {"items": list(range(1000))})

    assert result.status == "failed"
    assert str(result.error) == "item 3"
    assert "kept" not in result.store
