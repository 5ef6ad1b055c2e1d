"""Descriptions: every transition a flow can make, and none that it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._engine import nodes, ops
from gostage._engine.describe import Transition, transitions
from gostage._engine.program import compile_definition
from tests.engine.hand import Flow, Hand, body, do, each, parallel, stage, until
from tests.engine.trees import Chance, trees

Way = tuple[str, str, str]


def described(*items: nodes.Item) -> tuple[Transition, ...]:
    """Describe a flow of these items."""
    return transitions(compile_definition(Flow(list(items))))


def ways(*items: nodes.Item) -> list[Way]:
    """Write every way of a flow as source, target and reason."""
    return [(t.source, d.target, d.reason) for t in described(*items) for d in t.destinations]


def test_a_flow_is_drawn_from_its_start_to_its_end() -> None:
    """Action by action."""
    assert ways(do("a"), do("b")) == [
        ("start:flow", "start:a", "static"),
        ("start:a", "completed:a", "completed"),
        ("completed:a", "start:b", "static"),
        ("start:b", "completed:b", "completed"),
        ("completed:b", "completed:flow", "static"),
    ]


def test_a_flow_without_items_ends_as_it_starts() -> None:
    """There is one transition."""
    assert ways() == [("start:flow", "completed:flow", "static")]


INSIDE: list[Way] = [
    ("start:x", "start:x/a", "static"),
    ("start:x/a", "completed:x/a", "completed"),
    ("completed:x/a", "completed:x", "static"),
]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(nodes.Group("x", body(do("a"))), INSIDE, id="group"),
        pytest.param(stage("x", do("a")), INSIDE, id="stage"),
        pytest.param(nodes.Sub("x", body(do("a"))), INSIDE, id="sub"),
        pytest.param(
            nodes.Group("x", body()), [("start:x", "completed:x", "static")], id="empty group"
        ),
        pytest.param(stage("x"), [("start:x", "completed:x", "static")], id="empty stage"),
        pytest.param(
            stage("x", do("a"), when="?"),
            [INSIDE[0], ("start:x", "completed:x", "skipped"), *INSIDE[1:]],
            id="conditional stage",
        ),
        pytest.param(
            do("x", when="?"),
            [("start:x", "completed:x", "completed"), ("start:x", "completed:x", "skipped")],
            id="conditional action",
        ),
        pytest.param(
            do("x", retry="often"),
            [("start:x", "completed:x", "completed"), ("start:x", "start:x", "retry")],
            id="action with a retry",
        ),
        pytest.param(
            stage("x", do("a"), retry="often"),
            [*INSIDE[:2], ("start:x/a", "start:x", "retry"), INSIDE[2]],
            id="stage with a retry",
        ),
        pytest.param(
            nodes.Retry("x", body(do("a")), "often"),
            [*INSIDE[:2], ("start:x/a", "start:x", "retry"), INSIDE[2]],
            id="retry",
        ),
        pytest.param(
            nodes.Wait("x", "?"),
            [
                ("start:x", "completed:x", "condition is met"),
                ("start:x", "start:x", "condition is not met"),
            ],
            id="wait",
        ),
        pytest.param(nodes.Sleep("x", 1), [("start:x", "completed:x", "completed")], id="sleep"),
        pytest.param(nodes.Receive("x"), [("start:x", "completed:x", "completed")], id="receive"),
        pytest.param(
            nodes.Choice("x", (("?", body(do("a"))),)),
            [
                ("start:x", "start:x/a", "condition is met"),
                ("start:x", "completed:x", "condition is not met"),
                *INSIDE[1:],
            ],
            id="case",
        ),
        pytest.param(
            nodes.Choice("x", (("?", body(do("a"))), ("?", body())), body(do("b"))),
            [
                ("start:x", "start:x/a", "condition 1 is met"),
                ("start:x", "completed:x", "condition 2 is met"),
                ("start:x", "start:x/b", "no condition is met"),
                *INSIDE[1:],
                ("start:x/b", "completed:x/b", "completed"),
                ("completed:x/b", "completed:x", "static"),
            ],
            id="branch",
        ),
        pytest.param(
            until("x", do("a")),
            [
                *INSIDE[:2],
                ("completed:x/a", "completed:x", "condition is met"),
                ("completed:x/a", "start:x/a", "condition is not met"),
            ],
            id="loop until",
        ),
        pytest.param(
            nodes.Loop("x", "?", body(do("a")), ends_on=False, asks_first=True),
            [
                ("start:x", "completed:x", "condition is not met"),
                ("start:x", "start:x/a", "condition is met"),
                INSIDE[1],
                ("completed:x/a", "completed:x", "condition is not met"),
                ("completed:x/a", "start:x/a", "condition is met"),
            ],
            id="loop while",
        ),
        pytest.param(
            parallel("x", left=do("a")),
            [
                ("start:x", "start:x/left", "branch"),
                ("start:x/left", "start:x/left/a", "static"),
                ("start:x/left/a", "completed:x/left/a", "completed"),
                ("completed:x/left/a", "completed:x/left", "static"),
                ("completed:x/left", "completed:x", "static"),
            ],
            id="parallel",
        ),
        pytest.param(
            each("x", do("a")),
            [
                ("start:x", "start:x/a", "item"),
                ("start:x", "completed:x", "no item is left"),
                INSIDE[1],
                ("completed:x/a", "start:x/a", "item"),
                ("completed:x/a", "completed:x", "no item is left"),
            ],
            id="for each",
        ),
    ],
)
def test_every_kind_of_step_is_described(item: nodes.Item, expected: list[Way]) -> None:
    """Between coming to it and going on after it."""
    found = ways(item, do("z"))

    assert sorted(found) == sorted([("start:flow", "start:x", "static"), *expected, *LAST])


LAST: list[Way] = [
    ("completed:x", "start:z", "static"),
    ("start:z", "completed:z", "completed"),
    ("completed:z", "completed:flow", "static"),
]


@pytest.mark.parametrize(
    ("item", "exclusive"),
    [
        pytest.param(do("x"), True, id="action"),
        pytest.param(nodes.Spawn("x", body()), True, id="spawn"),
        pytest.param(nodes.Loop("x", "?", body(), False, True), True, id="loop while"),
        pytest.param(until("x", do("a")), False, id="loop until"),
        pytest.param(each("x", do("a")), False, id="for each"),
        pytest.param(nodes.Wait("x", "?"), True, id="wait"),
        pytest.param(nodes.Choice("x", (("?", body()),)), True, id="choice"),
        pytest.param(stage("x", when="?"), True, id="conditional stage"),
        pytest.param(stage("x"), False, id="stage"),
        pytest.param(nodes.Sleep("x", 1), False, id="sleep"),
        pytest.param(nodes.Receive("x"), False, id="receive"),
        pytest.param(parallel("x", left=do("a")), False, id="parallel"),
        pytest.param(nodes.Group("x", body()), False, id="group"),
    ],
)
def test_transitions_that_call_code_of_the_user_are_exclusive(
    item: nodes.Item, exclusive: bool
) -> None:
    """The others are only wiring."""
    first, found, *_ = described(item)

    assert (first.source, first.exclusive) == ("start:flow", False)
    assert (found.source, found.exclusive) == ("start:x", exclusive)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(do("x"), id="action"),
        pytest.param(nodes.Wait("x", "?"), id="wait"),
        pytest.param(nodes.Choice("x", (("?", body()),)), id="choice"),
        pytest.param(stage("x", when="?"), id="conditional stage"),
        pytest.param(each("x", do("a")), id="for each"),
        pytest.param(nodes.Loop("x", "?", body(do("a")), False, True), id="loop while"),
        pytest.param(nodes.Receive("x"), id="receive"),
        pytest.param(nodes.Spawn("x", body()), id="spawn"),
    ],
)
def test_whatever_can_fail_leads_back_to_the_retries_around_it(item: nodes.Item) -> None:
    """To every one of them: an inner one may have given up."""
    found = ways(nodes.Retry("out", body(nodes.Retry("in", body(item), 2)), 2))

    assert {
        ("start:out/in/x", "start:out/in", "retry"),
        ("start:out/in/x", "start:out", "retry"),
    } <= set(found)


def test_a_failing_item_that_is_gone_past_leads_to_the_next() -> None:
    """Only if the step goes on."""
    going_on = ways(each("x", do("a"), on_error="continue"))

    assert ("start:x/a", "start:x/a", "item") in going_on
    assert ("start:x/a", "start:x/a", "item") not in ways(each("x", do("a")))


def test_a_question_after_a_pass_is_exclusive() -> None:
    """It is the end of the body that asks."""
    (found,) = [t for t in described(until("l", do("a"))) if t.source == "completed:l/a"]

    assert found.exclusive


@given(trees())
def test_every_event_is_described_once_and_leads_somewhere(items: list[nodes.Item]) -> None:
    """Each target is described too; the end of the flow is the only one without a way on."""
    found = described(*items)
    sources = [t.source for t in found]
    targets = {d.target for t in found for d in t.destinations}

    assert len(set(sources)) == len(sources)
    assert targets - set(sources) == {"completed:flow"}
    assert all(t.destinations for t in found)


@given(trees(forks=False), st.integers(0, 2**32))
def test_a_run_takes_no_way_that_is_not_described(items: list[nodes.Item], seed: int) -> None:
    """From one call to the next there is a way, past conditions and failures, in the drawing."""
    hand = Hand(*items)
    trace = hand.follow(Chance(seed, hand, trouble=False))
    graph: dict[str, list[tuple[str, str]]] = {}
    for source, target, reason in ways(*items):
        graph.setdefault(source, []).append((target, reason))

    standing = "start:flow"
    for asked in trace:
        if asked.startswith("call "):
            called = f"start:{asked.removeprefix('call ')}"
            assert called in _reached(graph, standing, hand), (standing, called)
            standing = called


def _reached(graph: dict[str, list[tuple[str, str]]], standing: str, hand: Hand) -> set[str]:
    """Find where a run can come from here without calling anything else on its way."""
    reached: set[str] = set()
    todo = [target for target, _ in graph[standing]]
    while todo:
        place = todo.pop()
        if place in reached:
            continue
        reached.add(place)
        called = isinstance(hand.program.ops.get(place.removeprefix("start:")), ops.Do)
        passes = (reason for _, reason in graph.get(place, ()))
        if not (called and place.startswith("start:")):
            todo.extend(target for target, _ in graph.get(place, ()))
        elif "skipped" in passes:
            todo.append(place.replace("start:", "completed:", 1))
    return reached
