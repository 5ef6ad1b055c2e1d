"""Items: everything that stands in a definition, in order and with its depth; it runs nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from gostage._app.facts import Fact, called, facts_of
from gostage._author.tree import arms_of, as_node
from gostage._author.workflow import WorkflowDefinition
from gostage._engine import nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gostage._author.tree import Flow
    from gostage._engine.nodes import Node

Kind = Literal[
    "action",
    "stage",
    "group",
    "wait",
    "sleep",
    "receive",
    "case",
    "arm",
    "retry",
    "loop",
    "parallel",
    "branch",
    "for_each",
    "sub",
    "spawn",
]
"""The kinds of a run's records, and the arm of a case, which has no record of its own."""

_KINDS: Final[dict[type, Kind]] = {
    nodes.Do: "action",
    nodes.Stage: "stage",
    nodes.Group: "group",
    nodes.Wait: "wait",
    nodes.Sleep: "sleep",
    nodes.Receive: "receive",
    nodes.Choice: "case",
    nodes.Retry: "retry",
    nodes.Loop: "loop",
    nodes.Parallel: "parallel",
    nodes.ForEach: "for_each",
    nodes.Sub: "sub",
    nodes.Spawn: "spawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One place in a definition, and what it says of itself."""

    kind: Kind
    name: str
    """The name of its step, numbered if it is repeated; of an arm, what it stands for."""
    path: str
    """The path of its record; an arm has that of its case."""
    depth: int
    parent: int | None
    """The number of the item it stands in."""
    facts: tuple[Fact, ...] = ()
    tags: tuple[str, ...] = ()
    description: str = ""
    is_skipped: bool = False
    """Whether it, or something it stands in, is switched off."""

    # Any: JSON-able data.
    def fact(self, key: str) -> Any:  # noqa: ANN401
        """Give what it says under a key; `None` if nothing."""
        return next((fact.value for fact in self.facts if fact.key == key), None)


def items_of(root: Flow, skipped: Collection[str] = ()) -> list[Item]:
    """List everything in a definition, what holds others first; `skipped` are paths."""
    off = {*skipped, *_off(root, "")}
    found: list[Item] = []
    levels = [_Level(root, "", {}, depth=1)]
    while levels:
        level = levels[-1]
        made = level.step(off)
        if made is None:
            levels.pop()
            continue
        item, node = made
        if node is None:  # the head of this level
            level.parent = len(found)
        else:
            levels.extend(reversed(_inside(item, node, len(found))))
            if isinstance(node, (nodes.Sub, nodes.Spawn)):
                off.update(path for _, body in arms_of(node) for path in _off(body, item.path))
        found.append(item)
    return found


class _Level:
    """One body on the way down; the arms of a case share their names."""

    def __init__(
        self,
        body: Flow,
        prefix: str,
        names: dict[str, int],
        *,
        depth: int,
        parent: int | None = None,
        head: Item | None = None,
        is_skipped: bool = False,
    ) -> None:
        self.parent = parent
        self._items = iter(body.items)
        self._prefix = prefix
        self._names = names
        self._depth = depth
        self._head = head
        self._is_skipped = is_skipped

    def step(self, off: set[str]) -> tuple[Item, Node | None] | None:
        """Give the head of the body, then each of its items with its node."""
        if self._head is not None:
            head, self._head = self._head, None
            return head, None
        following = next(self._items, None)
        if following is None:
            return None
        node = as_node(following)
        name = self._numbered(node.name)
        path = f"{self._prefix}/{name}" if self._prefix else name
        about = _about(node)
        item = Item(
            kind=_KINDS[type(node)],
            name=name,
            path=path,
            depth=self._depth,
            parent=self.parent,
            facts=facts_of(node),
            tags=tuple(getattr(about, "tags", ())),
            description=getattr(about, "description", ""),
            is_skipped=self._is_skipped or path in off,
        )
        return item, node

    def _numbered(self, name: str) -> str:
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"


def _inside(item: Item, node: Node, number: int) -> list[_Level]:
    bodies = list(arms_of(node))
    heads = list(_heads(item, node, number))
    shared: dict[str, int] = {}
    return [
        _Level(
            body,
            f"{item.path}/{branch}" if branch else item.path,
            shared if isinstance(node, nodes.Choice) else {},
            depth=item.depth + (2 if heads else 1),
            parent=number,
            head=heads[place] if heads else None,
            is_skipped=item.is_skipped,
        )
        for place, (branch, body) in enumerate(bodies)
    ]


def _heads(item: Item, node: Node, number: int) -> Iterator[Item]:
    """Arms and branches: they are no steps, but something stands in them."""
    inside = replace(item, parent=number, depth=item.depth + 1, facts=(), tags=(), description="")
    if isinstance(node, nodes.Choice):
        for place, (condition, _) in enumerate(node.arms):
            name = called(condition)
            words = f"{'else ' if place else ''}if {name}"
            fact = Fact("condition", name, "")
            yield replace(inside, kind="arm", name=words, facts=(fact,))
        if node.otherwise is not None:
            yield replace(inside, kind="arm", name="else")
    elif isinstance(node, nodes.Parallel):
        for name, _ in node.branches:
            yield replace(inside, kind="branch", name=name, path=f"{item.path}/{name}")


def _about(node: Node) -> object:
    """What has the tags and the description of a step."""
    if isinstance(node, nodes.Do):
        return node.action
    if isinstance(node, nodes.Stage):
        return node.stage
    if isinstance(node, nodes.Sub):
        return node.workflow
    return node.body if isinstance(node, nodes.Spawn) else None


def _off(flow: Flow, prefix: str) -> Iterator[str]:
    if isinstance(flow, WorkflowDefinition):
        yield from (f"{prefix}/{path}" if prefix else path for path in flow.disabled)
