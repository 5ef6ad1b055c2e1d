"""The law of children: whatever runs in one, wherever, comes to the same."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gostage.errors import ChildCrashed
from tests.properties import children, deaths, ways
from tests.properties.children import Split, splits
from tests.properties.loopback import ETHER
from tests.properties.trees import build, has_settled_records
from tests.properties.tried import TRIED

unhurried = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.timeout(900)
@settings(unhurried)
@given(splits())
def test_a_tree_with_children_comes_to_the_same(split: Split) -> None:
    """Same calls, same end, same store with all that is said of its keys, same records."""
    expected, result = children.here(build(split.tree))
    found, apart = children.run(split.build())

    assert found == expected
    if has_settled_records(split.tree):
        assert ways.statuses(apart) == ways.statuses(result)
    TRIED.children += 1


@pytest.mark.timeout(900)
@settings(unhurried, max_examples=max(settings().max_examples // 2, 10))
@given(splits(depth=2))
def test_a_tree_with_children_comes_to_the_same_in_a_loop(split: Split) -> None:
    """The same, where plain functions run in threads and children are waited for in them."""
    expected, result = children.here(build(split.tree))
    found, apart = children.arun(split.build())

    assert found == expected
    if has_settled_records(split.tree):
        assert ways.statuses(apart) == ways.statuses(result)
    TRIED.children += 1


@pytest.mark.timeout(900)
@settings(
    unhurried,
    max_examples=max(settings().max_examples // 10, 5),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a process takes its time
)
@given(split=splits(depth=2))
def test_a_tree_with_children_that_are_processes_comes_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, split: Split
) -> None:
    """The same, with real ones."""
    expected, result = children.here(build(split.tree))
    file = tmp_path_factory.mktemp("tree") / "journal"
    found, apart = children.processes(split.build(), file)

    assert found == expected
    if has_settled_records(split.tree):
        assert ways.statuses(apart) == ways.statuses(result)
    TRIED.children += 1


STOPS = 10**6 if os.environ.get("GOSTAGE_SOAK") else 5
"""How many deaths a tree dies, at most."""


def every(count: int, first: int) -> range:
    """Some of so many places, evenly."""
    step = max(1, count // STOPS)
    return range(first % step, count, step)


@pytest.mark.timeout(900)
@settings(
    unhurried,
    max_examples=max(settings().max_examples // 4, 10),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a tree would take an hour
)
@given(splits(), st.integers(min_value=0))
def test_a_run_whose_child_dies_is_resumed_to_the_same(split: Split, first: int) -> None:
    """Before any frame: no finished step is run again, and the store is the same."""
    workflow = split.build()
    expected, _ = children.here(build(split.tree))
    durable, _, frames = deaths.undisturbed(workflow)

    assert durable == expected
    for number in every(frames, first):
        failed, result, found = deaths.child_dies(workflow, number)
        TRIED.deaths += 1
        if isinstance(failed.error, ChildCrashed):
            assert result is not None
            assert found == expected, f"died before frame {number}, a {ETHER.cut!r}"


@pytest.mark.timeout(900)
@settings(
    unhurried,
    max_examples=max(settings().max_examples // 4, 10),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # as above
)
@given(splits(), st.integers(min_value=0))
def test_a_run_whose_parent_dies_goes_on_to_the_same(split: Split, first: int) -> None:
    """Before any commit: what children have finished is not run again."""
    workflow = split.build()
    expected, _ = children.here(build(split.tree))
    _, commits, _ = deaths.undisturbed(workflow)

    for count in every(commits, first):
        assert deaths.parent_dies(workflow, count) == expected, f"after {count} commits"
        TRIED.deaths += 1
