"""The chart as JSON-able data: items, the start and the end, and the ways between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._app.graph.chart import chart

if TYPE_CHECKING:
    from collections.abc import Collection

    from gostage._app.graph.chart import Chart, Node
    from gostage._app.items import Item
    from gostage._author.workflow import WorkflowDefinition

    # Any: JSON-able data of any shape.
    Data = dict[str, Any]


def graph_data(workflow: WorkflowDefinition, skipped: Collection[str] = ()) -> Data:
    """Give every item with what it says of itself, and every way from one to another.

    An item is one node here, whatever it is drawn as.
    """
    found = chart(workflow, skipped)
    items = [item for item in found.items if item.kind != "arm"]
    edges = [
        {
            "source": _id(found, edge.source),
            "target": _id(found, edge.target),
            "reason": edge.reason,
            "exclusive": edge.is_exclusive,
            "failure": edge.is_failure,
        }
        for edge in found.edges
        if not _is_within(edge.source, edge.target)
    ]
    return {
        "workflow": workflow.id,
        "nodes": [
            {"id": f"start:{workflow.id}", "kind": "start"},
            *(_item(found, item) for item in items),
            {"id": f"completed:{workflow.id}", "kind": "end"},
        ],
        "edges": edges,
    }


def _item(found: Chart, item: Item) -> Data:
    above = None if item.parent is None else found.items[item.parent]
    return {
        "id": item.path,
        "kind": item.kind,
        "name": item.name,
        "parent": None if above is None else above.path,
        "arm": above.name if above is not None and above.kind == "arm" else None,
        "tags": list(item.tags),
        "description": item.description,
        "skipped": item.is_skipped,
        "details": {fact.key: fact.value for fact in item.facts},
    }


def _id(found: Chart, node: Node) -> str:
    if node.item is None:
        return f"{'start' if node.role == 'start' else 'completed'}:{found.id}"
    return found.items[node.item].path


def _is_within(source: Node, target: Node) -> bool:
    """Whether a way leads from one node of an item to another of the same."""
    return source != target and source.item is not None and source.item == target.item
