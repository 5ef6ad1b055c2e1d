"""Random trees, killed at each of their writes: they come to the same end."""

from __future__ import annotations

import os
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from gostage.testing import crash_everywhere
from tests.properties.trees import Tree, build, trees
from tests.testing.durable import durable_runner
from tests.testing.tried import TRIED

SOAK = bool(os.environ.get("GOSTAGE_SOAK"))
unhurried = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
    max_examples=200 if SOAK else 10,
)


def without_async_conditions(part: Any) -> Any:
    """The same tree; of an async condition nobody knows which branch asks it."""
    if part == "async":
        return "yes"
    if isinstance(part, tuple):
        return tuple(without_async_conditions(each) for each in part)
    if not is_dataclass(part):
        return part
    changes = {f.name: without_async_conditions(getattr(part, f.name)) for f in fields(part)}
    return replace(part, **changes)  # type: ignore[type-var]


@pytest.mark.soak
@pytest.mark.timeout(7200 if SOAK else 600)
@unhurried
@given(trees())
def test_a_tree_comes_to_the_same_end_wherever_it_is_killed(tree: Tree) -> None:
    """Every write, before and after it; every step once; the store as if nothing had happened."""
    workflow = build(without_async_conditions(tree))

    report = crash_everywhere(workflow, runner=durable_runner, points=None if SOAK else 8)

    TRIED.points += report.points
    TRIED.runs += 1
