"""What a store holds crosses to a child and back: values, types, times, all that is said."""

from __future__ import annotations

import operator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gostage import Context, Key, Stage, Workflow, action, steps
from gostage._db.sqlite import SQLite
from gostage._store.codec import encode
from gostage.testing import FakeClock
from tests.properties import children
from tests.properties.loopback import ETHER
from tests.store.samples import Address, Color, Point
from tests.store.test_codec import anything

if TYPE_CHECKING:
    from collections.abc import Mapping

SUM = Key("sum", int, merge=operator.add)
LIST = Key("list", list, merge=operator.add)
SET = Key("set", set, merge=operator.or_)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values = st.one_of(
    anything,
    st.builds(Point, st.integers(), st.integers()),
    st.builds(Address, words, words),
    st.sampled_from(Color),
)
said = st.fixed_dictionaries(
    {},
    optional={
        "ttl": st.floats(1, 1e9),
        "tags": st.lists(words.filter(str.strip), max_size=3, unique=True),
        "props": st.dictionaries(words.filter(str.strip), values, max_size=2),
        "description": words,
    },
)
entries = st.dictionaries(words.filter(bool), st.tuples(values, said), max_size=5)
given_data: dict[str, Any] = {}


@action
def fill(ctx: Context) -> None:
    """Put what the test wants into the store; it is what crosses to the child."""
    for key, (value, more) in given_data["here"].items():
        ctx.store.put(f"here {key}", value, **more)
    ctx.store["gone"] = 1
    ctx.store["counted"] = [1]


@action
def change(ctx: Context) -> None:
    """Write down what is there, and put more; it is what crosses back."""
    given_data["seen"] = ctx.store.export()["entries"]
    ETHER_CLOCK[0].pass_by(1)
    for key, (value, more) in given_data["there"].items():
        ctx.store.put(f"there {key}", value, **more)
    for key in given_data["again"] & given_data["here"].keys():
        value, more = given_data["here"][key]
        ctx.store.put(f"here {key}", [value], **{k: v for k, v in more.items() if k != "ttl"})
    ctx.store.pop("gone")
    ctx.store["counted"].append(2)


# Module-level state: the clock of the execution under test.
ETHER_CLOCK: list[FakeClock] = [FakeClock()]


def carried_out(flow: Workflow, data: Mapping[str, Any]) -> tuple[str, str]:
    """Run it; gives all there is in the store, as the child saw it and at the end."""
    given_data.update(data)
    clock = ETHER_CLOCK[0] = FakeClock()
    ETHER.start(clock)
    # A change in place has a time where it is written down: in a database, and at a border.
    with closing(SQLite(":memory:")) as database, children.runner(clock, db=database) as runner:
        result = runner.run(flow)
    ETHER.settle()
    assert result.ok, result.error
    seen, entries = given_data.pop("seen"), result.store.export()["entries"]
    return repr([unordered(each) for each in seen]), repr([unordered(each) for each in entries])


def unordered(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without the number of its place; the place itself is that in the list."""
    return {key: value for key, value in entry.items() if key != "order"}


FLOWS = {
    "an action": lambda apart: Stage("s", fill, change.options(isolate=apart)),
    "a stage": lambda apart: Stage("s", fill).add(Stage("t", change, isolate=apart)),
}


@pytest.mark.parametrize("make", FLOWS.values(), ids=FLOWS.keys())
@settings(
    max_examples=max(settings().max_examples // 3, 10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(here=entries, there=entries, again=st.sets(words))
def test_all_of_an_entry_crosses_in_both_directions(make, here, there, again):
    """Value, type, times, tags, properties, description, place: as without a child."""
    data = {"here": here, "there": there, "again": again | set(list(here)[:1])}
    found = carried_out(Workflow("w").add(make(True)), data)

    assert found == carried_out(Workflow("w").add(make(False)), data)


@action
def collect(ctx: Context, item: Any) -> Any:
    """Write through keys that are merged."""
    ctx.store[SUM] = ctx.store.get(SUM, default=0) + ctx.item_index + 1
    ctx.store[LIST] = [item]
    ctx.store[SET] = {ctx.item_index % 2}
    return (item, ctx.item_index)


@pytest.mark.parametrize("concurrency", [1, 2, 3])
@settings(
    max_examples=max(settings().max_examples // 5, 10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(items=st.lists(values, min_size=1, max_size=4), before=st.none() | st.integers(-5, 5))
def test_items_in_children_merge_as_they_do_here(concurrency, items, before):
    """Values come back in order, and what is merged is folded in the order of the items."""
    found = []
    for apart in (True, False):
        initial = {"items": items} if before is None else {"items": items, SUM.name: before}
        flow = Workflow("w", initial=initial)
        body = steps().do("collect", collect)
        flow.for_each("each", "items", body, into="values", concurrency=concurrency, isolate=apart)
        clock = FakeClock()
        ETHER.start(clock)
        with children.runner(clock) as runner:
            result = runner.run(flow)
        ETHER.settle()
        assert result.ok, result.error
        found.append([(key, repr(encode(value))) for key, value in result.store.items()])

    assert found[0] == found[1]
