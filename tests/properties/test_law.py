"""The law: however a flow is carried out, and wherever it is stopped, it comes to the same."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gostage import Workflow
from tests.properties import ways
from tests.properties.trees import MIDDLEWARE, Tree, build, has_settled_records, trees
from tests.properties.tried import TRIED

unhurried = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
STOPS = 10**6 if os.environ.get("GOSTAGE_SOAK") else 16
"""At how many of its checkpoints a tree is stopped, about; the long trees have hundreds."""


@pytest.mark.timeout(900)  # a tree is carried out anew for each of its stops
@settings(unhurried, max_examples=settings().max_examples * 3 // 2)
@given(trees(), st.integers(min_value=0))
def test_every_way_to_carry_out_a_flow_comes_to_the_same(tree: Tree, first: int) -> None:
    """Run, arun, apply, aapply, stopped at checkpoints: same calls, same end, same store."""
    workflow = build(tree)
    definition = shape(workflow)
    expected, result = ways.run(workflow)
    awaited, awaited_result = ways.arun(workflow)

    assert awaited == expected
    if has_settled_records(tree):
        assert ways.statuses(awaited_result) == ways.statuses(result)

    applied, checkpoints = ways.apply(workflow)
    by_steps = expected if applied.store is not None else replace(expected, store=None)

    assert applied == by_steps
    assert asyncio.run(ways.aapply(workflow)) == by_steps
    every = max(1, len(checkpoints) // STOPS)
    for number in range(first % every, len(checkpoints), every):
        found = ways.go_on(workflow, checkpoints[number])
        assert found == expected, f"stopped after {number + 1} steps"
        TRIED.checkpoints += 1
    TRIED.trees += 1
    assert shape(workflow) == definition


@unhurried
@given(trees(depth=2), st.lists(st.sampled_from(sorted(MIDDLEWARE)), min_size=1, max_size=2))
def test_middleware_of_a_run_does_the_same_in_a_loop(tree: Tree, names: list[str]) -> None:
    """Run-level middleware skips, repeats and swallows alike in run and arun."""
    workflow = build(tree)
    middleware = [MIDDLEWARE[name] for name in names]
    expected, result = ways.run(workflow, middleware=middleware)
    awaited, awaited_result = ways.arun(workflow, middleware=middleware)

    assert awaited == expected
    if has_settled_records(tree):
        assert ways.statuses(awaited_result) == ways.statuses(result)


def shape(workflow: Workflow) -> list[tuple[str, str]]:
    """Every step that the definition leads to."""
    return [(one.source, to.target) for one in workflow.transitions() for to in one.destinations]
