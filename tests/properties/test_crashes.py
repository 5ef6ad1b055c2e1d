"""The law of durable runs: wherever a run stops, and whoever goes on, it comes to the same."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.properties import crashes, ways
from tests.properties.trees import Tree, build, trees
from tests.properties.tried import TRIED

unhurried = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


STOPS = 10**6 if os.environ.get("GOSTAGE_SOAK") else 8
"""At how many of its commits a tree is stopped, at most."""


@pytest.mark.timeout(900)  # a tree is carried out anew for each of its stops
@settings(
    unhurried,
    max_examples=max(settings().max_examples // 3, 10),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a tree would take an hour
)
@given(trees(), st.integers(min_value=0))
def test_a_run_that_stops_before_any_of_its_commits_comes_to_the_same(
    tree: Tree, first: int
) -> None:
    """Going on after the last commit makes the same calls, and leaves the same store."""
    workflow = build(tree)
    expected, _ = ways.run(workflow)
    durable, commits = crashes.undisturbed(workflow)

    assert durable == expected
    for count in range(first % max(1, commits // STOPS), commits, max(1, commits // STOPS)):
        assert crashes.crashed(workflow, count) == expected, f"stopped after {count} commits"
        TRIED.commits += 1
