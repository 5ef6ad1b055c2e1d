"""Dot: a chart in the language of Graphviz; it only writes text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._app.graph.chart import Chart, chart
from gostage._app.graph.words import is_skipped, words_around, words_of
from gostage._app.items import Item
from gostage._app.lines import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gostage._app.graph.chart import Edge, Node, Role
    from gostage._author.workflow import WorkflowDefinition

_SHAPES: Final[dict[Role, dict[str, str]]] = {
    "start": {"shape": "oval"},
    "end": {"shape": "oval"},
    "step": {"shape": "box"},
    "ask": {"shape": "diamond"},
    "again": {"shape": "hexagon"},
    "fork": {"shape": "box", "style": "filled", "height": "0.06", "width": "1.2"},
    "join": {"shape": "box", "style": "filled", "height": "0.06", "width": "1.2"},
}
_WAITING: Final = {"shape": "box", "style": "rounded"}
_FADED: Final = "gray50"
CENTERED: Final = "\\n"
LEFT: Final = "\\l"
"""How a line of a label ends, and so where it stands."""


def dot(workflow: WorkflowDefinition, skipped: Collection[str] = ()) -> str:
    """Draw a workflow for Graphviz; `skipped` are the paths of what is left out."""
    drawn = chart(workflow, skipped)
    lines = [
        f"digraph {_quoted(drawn.id)} {{",
        "  node [fontname=Helvetica, fontsize=11];",
        "  edge [fontname=Helvetica, fontsize=10];",
        f"  fontname=Helvetica; fontsize=11; labeljust=l; style=rounded; color={_FADED};",
        *_pieces(drawn),
        *(f"  {_arrow(drawn, edge)}" for edge in drawn.edges),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _pieces(drawn: Chart) -> Iterator[str]:
    depth = 1
    for piece in drawn.pieces():
        if piece is None:
            depth -= 1
            yield f"{'  ' * depth}}}"
        elif isinstance(piece, Item):
            yield f"{'  ' * depth}subgraph {_quoted(f'cluster_{piece.path}')} {{"
            depth += 1
            yield f"{'  ' * depth}{_around(drawn, piece)}"
        else:
            given = _attributes(_looks(drawn, piece))
            yield f"{'  ' * depth}{_name(drawn, piece)} [{given}];"


def _around(drawn: Chart, item: Item) -> str:
    label = f"label={_label(words_around(drawn, item), LEFT)};"
    # What stands inside takes this over, and is skipped as well.
    return f'{label} style="rounded,dashed"; fontcolor={_FADED};' if item.is_skipped else label


def _looks(drawn: Chart, node: Node) -> dict[str, str]:
    item = None if node.item is None else drawn.items[node.item]
    is_waiting = item is not None and item.kind in {"wait", "sleep", "receive"}
    looks = {"label": _label(words_of(drawn, node))}
    looks |= _WAITING if is_waiting else _SHAPES[node.role]
    if is_skipped(drawn, node):
        style = ",".join(filter(None, [looks.get("style"), "dashed"]))
        looks |= {"style": f'"{style}"', "color": _FADED, "fontcolor": _FADED}
    if item is not None and item.description:
        looks["tooltip"] = _label([printable(item.description)])
    return looks


def _arrow(drawn: Chart, edge: Edge) -> str:
    looks = {"label": _label([printable(edge.label)])} if edge.label else {}
    if edge.is_failure:
        looks |= {"style": "dashed", "color": _FADED, "fontcolor": _FADED}
    given = f" [{_attributes(looks)}]" if looks else ""
    return f"{_name(drawn, edge.source)} -> {_name(drawn, edge.target)}{given};"


def _attributes(looks: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in looks.items())


def _name(drawn: Chart, node: Node) -> str:
    """The path; what is no step, or is another node of one, has a prefix that says so."""
    if node.item is None:
        return _quoted(f"{node.role}:")
    path = drawn.items[node.item].path
    return _quoted(f"{node.role}:{path}")


def _label(lines: list[str], end: str = CENTERED) -> str:
    """A text to show; in it, Graphviz reads `&` as HTML does, and a backslash as an escape."""
    escaped = (line.replace("&", "&amp;").replace("\\", "\\\\") for line in lines)
    return '"' + end.join(escaped).replace('"', '\\"') + (end if end == LEFT else "") + '"'


def _quoted(text: str) -> str:
    """A name; only a quotation mark, and a backslash before one, need care."""
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
