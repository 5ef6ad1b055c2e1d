"""Words of a picture: what stands in its nodes and around its groups, in any language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._app.lines import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gostage._app.graph.chart import Chart, Node
    from gostage._app.items import Item

_UNSHOWN: Final = frozenset({"action", "provides", "into"})
"""What a picture of ways has no room for."""
_SAID_INSIDE: Final = frozenset({"when", "condition", "over", "retry"})
"""What a group says in a node of its own."""


def words_of(chart: Chart, node: Node) -> list[str]:
    """What stands in a node, line by line."""
    if node.item is None:
        return [printable(chart.id) if node.role == "start" else "end"]
    return [printable(each) for each in _lines(chart, chart.items[node.item], node)]


def words_around(chart: Chart, item: Item) -> list[str]:
    """What stands above a group, line by line."""
    lines = (item.name, *_facts(item, _SAID_INSIDE), *_skipped(chart, item))
    return [printable(each) for each in lines]


def is_skipped(chart: Chart, node: Node) -> bool:
    """Whether control only passes by."""
    return node.item is not None and chart.items[node.item].is_skipped


def _lines(chart: Chart, item: Item, node: Node) -> Iterator[str]:
    if node.role == "step":
        yield from (item.name, *_facts(item), *_skipped(chart, item))
    elif node.role == "again":
        yield from _saying(item, "retry")
    elif item.kind == "for_each":
        yield from _saying(item, "over")
    elif item.kind == "case":
        conditions = item.fact("conditions")
        yield item.name
        yield from (f"{each}?" for each in conditions if len(conditions) == 1)
        yield from _skipped(chart, item)
    elif node.role == "ask":
        yield f"{item.fact('when' if item.kind == 'stage' else 'condition')}?"


def _saying(item: Item, key: str) -> Iterator[str]:
    return (fact.text for fact in item.facts if fact.key == key)


def _facts(item: Item, unsaid: Collection[str] = ()) -> Iterator[str]:
    for fact in item.facts:
        if fact.text and fact.key not in _UNSHOWN and fact.key not in unsaid:
            yield fact.text


def _skipped(chart: Chart, item: Item) -> list[str]:
    """Say it once: of what is skipped as a whole, not of each thing in it."""
    is_inner = item.parent is not None and chart.items[item.parent].is_skipped
    return ["skipped"] if item.is_skipped and not is_inner else []
