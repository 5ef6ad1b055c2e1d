"""Whatever a child sends, its parent comes to a result; it never breaks, and never hangs."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from gostage.errors import GostageError
from tests.properties import children
from tests.properties.children import Split, splits
from tests.properties.loopback import ETHER
from tests.properties.test_malformed import GONE, JUNK, inside
from tests.properties.trees import Boom

TRIES = 5
"""Spoiled frames per tree."""
MORE_JUNK = (*JUNK, -1, 1e308, True, "os:system", {"$pickle": "gASVAA=="}, 2**70, [[]], "é\ud800")


class Spoiler:
    """Puts junk into one frame, somewhere."""

    def __init__(self, number: int, random: Random) -> None:
        self.left = number
        self.random = random
        self.what = ""

    def __call__(self, kind: str, data: Any) -> Any:
        self.left -= 1
        if self.left != -1:
            return data
        where, key = self.random.choice(list(inside(data)))
        junk = self.random.choice(MORE_JUNK)
        self.what = f"{kind}: {key!r} of {where!r} became {junk!r}"
        if junk is GONE:
            del where[key]
        else:
            where[key] = junk
        return data


@pytest.mark.timeout(900)
@settings(
    max_examples=max(settings().max_examples // 3, 10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # chance does not shrink
)
@given(splits(), st.integers(0, 10**9))
def test_a_spoiled_frame_is_refused_or_taken(split: Split, chance: int) -> None:
    """The run ends, with an error of its steps or with one that says what the child did."""
    workflow, random = split.build(), Random(chance)
    children.run(workflow)
    assume(ETHER.frames)
    for _ in range(TRIES):
        spoiler = Spoiler(random.randrange(ETHER.frames), random)
        _, result = children.run(workflow, spoiler)
        if result.error is not None:
            assert isinstance(result.error, (Boom, GostageError)), spoiler.what
