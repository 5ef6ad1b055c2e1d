"""A walk through a definition: every action, stage and step, in order, with its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from gostage._author.action import Action
from gostage._author.flow import Stage
from gostage._author.tree import Flow, arms_of, as_node
from gostage._engine import nodes
from gostage._engine.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._engine.nodes import Node

FoundKind = Literal["action", "stage", "step"]


class Found(Value):
    """One place in a definition: what stands there, and in which stage."""

    __slots__ = ("branch", "id", "item", "kind", "parent", "path", "stage")

    def __init__(
        self,
        *,
        path: str,
        kind: FoundKind,
        id: str,
        item: object,
        stage: Stage | None,
        parent: Found | None = None,
        branch: str = "",
    ) -> None:
        self.path: Final = path
        self.kind: Final = kind
        self.id: Final = id
        self.item: Final = item
        """The action, the stage, or the node of any other step."""
        self.stage: Final = stage
        self.parent: Final = parent
        """What it stands in, unless that is the definition itself."""
        self.branch: Final = branch
        """The name of its branch, where it stands in one of several."""


class _Level:
    """One list of items on the way down; the arms of a choice share their names."""

    __slots__ = ("branch", "items", "names", "parent", "prefix", "stage")

    def __init__(
        self,
        body: Flow,
        *,
        prefix: str,
        stage: Stage | None,
        names: dict[str, int],
        parent: Found | None = None,
        branch: str = "",
    ) -> None:
        self.items = iter(body.items)
        self.prefix = prefix
        self.stage = stage
        self.names = names
        self.parent = parent
        self.branch = branch


def walk(root: Flow) -> Iterator[Found]:
    """Visit everything, parents before children; paths are those of a run's records."""
    stage = root if isinstance(root, Stage) else None
    levels = [_Level(root, prefix="", stage=stage, names={})]
    while levels:
        level = levels[-1]
        item = next(level.items, None)
        if item is None:
            levels.pop()
            continue
        if isinstance(item, Action):  # most items are; they need no node to be looked at
            yield _found(level, item.name, "action", item)
            continue
        node = as_node(item)
        found = _of_node(level, node)
        yield found
        levels.extend(reversed(_inside(found, node)))


def _of_node(level: _Level, node: Node) -> Found:
    if isinstance(node, nodes.Do):
        return _found(level, node.name, "action", node.action)
    if isinstance(node, nodes.Stage):
        return _found(level, node.name, "stage", node.stage)
    return _found(level, node.name, "step", node)


def _found(level: _Level, name: str, kind: FoundKind, item: object) -> Found:
    count = level.names.get(name, 0) + 1
    level.names[name] = count
    id_ = name if count == 1 else f"{name}#{count}"
    path = f"{level.prefix}/{id_}" if level.prefix else id_
    return Found(
        path=path,
        kind=kind,
        id=id_,
        item=item,
        stage=level.stage,
        parent=level.parent,
        branch=level.branch,
    )


def _inside(found: Found, node: Node) -> list[_Level]:
    shared: dict[str, int] = {}
    return [
        _Level(
            body,
            prefix=f"{found.path}/{branch}" if branch else found.path,
            stage=found.item if isinstance(found.item, Stage) else found.stage,
            names=shared if isinstance(node, nodes.Choice) else {},
            parent=found,
            branch=branch,
        )
        for branch, body in arms_of(node)
    ]
