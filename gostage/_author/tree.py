"""The tree under construction: items in order, unique names, no body inside itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar, Final, Literal, cast, get_args

from gostage._engine import nodes
from gostage._engine.value import Value
from gostage.errors import DefinitionError, DuplicateName, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gostage._engine.nodes import AsNode, Item, Node

# A view's list methods are those of collections.abc.
_OWN: Final = ("gostage.", "collections.abc", "_collections_abc")

FlowKind = Literal["steps", "stage", "workflow"]

NODES: Final[tuple[type, ...]] = get_args(nodes.Node)
"""Every kind of node."""


class Place(Value):
    """Where a named item stands: its position, and the line that put it there."""

    __slots__ = ("file", "line", "position")

    def __init__(self, position: int, file: str | None = None, line: int | None = None) -> None:
        self.position: Final = position
        self.file: Final = file
        self.line: Final = line

    def __str__(self) -> str:
        """`number 2 (jobs.py:12)`."""
        line = "" if self.line is None else f":{self.line}"
        place = "" if self.file is None else f" ({self.file}{line})"
        return f"number {self.position + 1}{place}"


class Flow:
    """Items in order; the base of steps, stages and workflows."""

    kind: ClassVar[FlowKind] = "steps"

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.changes = 0
        """How often items were replaced; what was made from the items may be out of date."""
        self._places: dict[str, Place] = {}
        self._is_placed = False

    @property
    def label(self) -> str:
        """What it is called in messages."""
        return "these steps"

    def check_place(self, item: Item, position: int, *, may_repeat: bool = False) -> None:
        """Refuse an item whose name is taken, or that would make this flow contain itself.

        `may_repeat` lets the very same item stand twice for a moment, as while two are swapped.
        """
        name = own_name(item)
        if name is not None:
            self._claim(name, position, item if may_repeat else None)
        for body in bodies_of(item):
            if body is self or (self._is_placed and contains(body, self)):
                raise DefinitionError(
                    f"a body cannot contain itself: {self.label}, inside {name!r}",
                    hint="a body that is done again is a loop: loop_until(name, cond, body)",
                )
            body._is_placed = True  # noqa: SLF001 - it is of this very class

    def put(self, item: Item) -> None:
        """Append an item that may stand here."""
        self.check_place(item, len(self.items))
        self.items.append(item)

    def place_of(self, name: str) -> Place | None:
        """Where the item of this name was put here, as far as that is known."""
        return self._places.get(name)

    def note_place(self, name: str, file: str, line: int | None = None) -> None:
        """Say where an item comes from that no statement put here."""
        known = self._places.get(name)
        if known is not None:
            self._places[name] = Place(known.position, file, line)

    def _claim(self, name: str, position: int, same: Item | None) -> None:
        file, line = _caller()
        place = Place(position, file, line)
        earlier = self._places.get(name)
        # Items may have been taken out meanwhile, so what was remembered is only a suspicion.
        if earlier is not None and any(
            own_name(item) == name for item in self.items if item is not same
        ):
            raise DuplicateName(
                f"two items of {self.label} are called {name!r}: {earlier} and {place}",
                where=Where(file=file, line=line),
            )
        self._places[name] = place


def own_name(item: Item) -> str | None:
    """The name an item must have for itself; actions are numbered instead, so they have none."""
    if isinstance(item, nodes.Do):
        return item.name if item.named else None
    if isinstance(item, (Flow, *NODES)):
        return as_node(item).name
    return None


def as_node(item: Item) -> Node:
    """The node an item stands for."""
    if isinstance(item, NODES):
        return cast("Node", item)
    return cast("AsNode", item).as_node()


def arms_of(node: Node) -> Iterator[tuple[str, Flow]]:
    """The bodies inside a node, each with the name of its branch, which few have."""
    if isinstance(node, nodes.Choice):
        for _, body in node.arms:
            yield "", _flow(body)
        if node.otherwise is not None:
            yield "", _flow(node.otherwise)
    elif isinstance(node, nodes.Parallel):
        for name, body in node.branches:
            yield name, _flow(body)
    elif isinstance(node, nodes.Stage):
        yield "", _flow(node.stage)
    elif isinstance(node, nodes.Sub):
        yield "", _flow(node.workflow)
    elif isinstance(node, (nodes.Group, nodes.Retry, nodes.Loop, nodes.ForEach, nodes.Spawn)):
        yield "", _flow(node.body)


def bodies_of(item: Item) -> Iterable[Flow]:
    """The bodies inside an item; actions have none."""
    if isinstance(item, Flow):
        return (item,)
    if isinstance(item, NODES):
        return [body for _, body in arms_of(as_node(item))]
    return ()


def contains(outer: Flow, inner: Flow) -> bool:
    """Whether a flow stands inside another, at any depth."""
    todo: list[Flow] = [outer]
    seen: set[int] = set()
    while todo:
        flow = todo.pop()
        if flow is inner:
            return True
        if id(flow) not in seen:
            seen.add(id(flow))
            todo.extend(body for item in flow.items for body in bodies_of(item))
    return False


def _flow(body: object) -> Flow:
    if isinstance(body, Flow):
        return body
    raise DefinitionError(
        f"{body!r} cannot be the body of a step", hint="use steps(), a stage or a workflow"
    )


def _caller() -> tuple[str | None, int | None]:
    """The line outside this package that is being executed."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way
    while frame.f_globals.get("__name__", "").startswith(_OWN):
        if frame.f_back is None:
            return None, None
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
