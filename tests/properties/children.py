"""Trees of which some parts run in children: the same labels, the same steps, only elsewhere."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from gostage import Runner
from gostage.testing import FakeClock
from tests.properties import loopback, ways
from tests.properties.loopback import ETHER
from tests.properties.trees import (
    FILE,
    JOURNAL,
    SubFlow,
    Tree,
    build,
    entries_in_file,
    size,
    trees,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gostage import Result, Workflow
    from tests.properties.ways import Outcome

    # Any: JSON of any shape.
    Spoil = Callable[[str, Any], Any]

BAILS: Final = "'bail'"


@dataclass(frozen=True)
class Split:
    """A tree, and the numbers of its parts that run in children."""

    tree: Tree
    apart: frozenset[int]

    def build(self) -> Workflow:
        """The workflow with children."""
        return build(self.tree, self.apart)


@st.composite
def splits(draw: st.DrawFn, depth: int = 3) -> Split:
    """Trees with children at random places.

    A workflow that ends early ends alone where it runs in a child, and with everything around it
    where it does not: such a one stays here.
    """
    tree = draw(trees(depth=depth))
    total = max(1, size(tree.body))
    chosen = draw(st.frozensets(st.integers(0, total - 1), min_size=1, max_size=8))
    return Split(tree, chosen - set(early(tree.body, 0)))


def early(value: object, start: int) -> Iterator[int]:
    """The numbers of workflows inside that may end early."""
    if isinstance(value, tuple):
        for each in value:
            yield from early(each, start)
            start += size(each)
    elif hasattr(value, "__dataclass_fields__"):
        if isinstance(value, SubFlow) and BAILS in repr(value):
            yield start
        start += 1
        for name in value.__dataclass_fields__:
            yield from early(getattr(value, name), start)
            start += size(getattr(value, name))


@dataclass(frozen=True)
class Seen:
    """All there is to see of a run that has ended."""

    outcome: Outcome
    order: list[str]
    entries: dict[str, dict[str, Any]]


def seen(outcome: Outcome, result: Result) -> Seen:
    """Look at a result."""
    return Seen(outcome, list(result.store), entries_of(result))


def entries_of(result: Result) -> dict[str, dict[str, Any]]:
    """What the store says of each key, but when."""
    gone = ("created", "updated", "expires", "order")
    entries = {each["key"]: dict(each) for each in result.store.export()["entries"]}
    for each in entries.values():
        each["expires?"] = "expires" in each
        for name in gone:
            each.pop(name, None)
    return entries


def here(workflow: Workflow) -> tuple[Seen, Result]:
    """Run it in this thread, without children."""
    outcome, result = ways.run(workflow)
    return seen(outcome, result), result


def run(workflow: Workflow, spoil: Spoil | None = None, **options: Any) -> tuple[Seen, Result]:
    """Run it with children."""
    clock = FakeClock()
    JOURNAL.start()
    ETHER.start(clock)
    ETHER.spoil = spoil
    with runner(clock, **options) as it:
        result = it.run(workflow)
    ETHER.settle()
    return seen(ways.outcome_of(result), result), result


def arun(workflow: Workflow) -> tuple[Seen, Result]:
    """Run it with children, in an event loop."""
    clock = FakeClock()
    JOURNAL.start()
    ETHER.start(clock)
    with runner(clock) as it:
        result = asyncio.run(it.arun(workflow))
    ETHER.settle()
    return seen(ways.outcome_of(result), result), result


def processes(workflow: Workflow, file: Path) -> tuple[Seen, Result]:
    """Run it with children that are processes; their calls are written to the file."""
    file.write_text("")
    os.environ[FILE] = str(file)  # a child has the variables that its parent has by then
    try:
        with Runner() as it:
            result = it.run(workflow)
        JOURNAL.start(entries_in_file())
    finally:
        del os.environ[FILE]
    return seen(ways.outcome_of(result), result), result


def runner(clock: FakeClock, **options: Any) -> Runner:
    """A runner whose children are threads."""
    return Runner(clock=clock, spawner=loopback.NAME, plugins=[loopback.__name__], **options)
