"""A walk through a definition: every action, stage and step, in order, with its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gostage._author.action import Action
from gostage._author.flow import Stage
from gostage._author.tree import Flow, arms_of, as_node
from gostage._engine import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._engine.nodes import Item, Node

FoundKind = Literal["action", "stage", "step"]


@dataclass(frozen=True, slots=True)
class Found:
    """One place in a definition: what stands there, and in which stage."""

    path: str
    kind: FoundKind
    id: str
    item: object
    """The action, the stage, or the node of any other step."""
    stage: Stage | None


@dataclass(slots=True)
class _Level:
    """One list of items on the way down; the arms of a choice share their names."""

    items: Iterator[Item]
    prefix: str
    stage: Stage | None
    names: dict[str, int]


def walk(root: Flow) -> Iterator[Found]:
    """Visit everything, parents before children; paths are those of a run's records."""
    levels = [_Level(iter(root.items), "", root if isinstance(root, Stage) else None, {})]
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
    return Found(path, kind, id_, item, level.stage)


def _inside(found: Found, node: Node) -> list[_Level]:
    shared: dict[str, int] = {}
    return [
        _Level(
            iter(body.items),
            f"{found.path}/{branch}" if branch else found.path,
            found.item if isinstance(found.item, Stage) else found.stage,
            shared if isinstance(node, nodes.Choice) else {},
        )
        for branch, body in arms_of(node)
    ]
