"""A state that something happened to is refused, or carried on; it never breaks the engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from gostage.errors import (
    ConcurrentWrite,
    ItemsFailed,
    MissingInput,
    NotImportable,
    TooManyPasses,
    UnknownState,
)
from tests.properties import ways
from tests.properties.trees import JOURNAL, Boom, Tree, build, trees

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

GONE = object()
JUNK = (GONE, None, 7, "x", [], {})
USERS = ("params", "value")
"""What stands in there is the flow's own data, which its steps may choke on."""
TRIES = 10
"""Spoiled states per tree."""


@settings(
    max_examples=30,  # each is a whole tree, carried out step by step
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # chance does not shrink
)
@given(trees(), st.randoms(use_true_random=False))
def test_a_spoiled_state_is_refused_or_goes_on(tree: Tree, random: Random) -> None:
    """Only the errors of the flow itself and those that say what is wrong come out."""
    flow = build(tree)
    _, checkpoints = ways.apply(flow)
    assume(checkpoints)
    for _ in range(TRIES):
        checkpoint = random.choice(checkpoints)
        state = json.loads(checkpoint.text)
        spoil(state, random)
        JOURNAL.start(checkpoint.calls)
        try:
            flow.is_completed(state)
            flow.apply(state)
        except (UnknownState, NotImportable):
            continue
        except (Boom, ItemsFailed, TooManyPasses, MissingInput, ConcurrentWrite):
            continue  # a step that ran, and failed in its own way


def spoil(state: dict[str, Any], random: Random) -> None:
    """Take one piece out of the position or the branches' stores, or put junk there."""
    parts = {key: state[key] for key in ("position", "branches") if key in state}
    places = [(where, key) for where, key in inside(parts) if where is not parts]
    if not places:
        return
    where, key = random.choice(places)
    junk = random.choice(JUNK)
    if junk is GONE:
        del where[key]
    else:
        where[key] = junk


def inside(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: the container and the key or index in it."""
    pairs = enumerate(value) if isinstance(value, list) else getattr(value, "items", tuple)()
    for key, each in pairs:
        yield value, key
        if key not in USERS:
            yield from inside(each)
