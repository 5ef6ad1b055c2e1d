"""Mermaid: a chart as a flowchart that Markdown pages can show; it only writes text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gostage._app.graph.chart import Chart, Node, chart
from gostage._app.graph.words import is_skipped, words_around, words_of
from gostage._app.items import Item
from gostage._app.lines import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gostage._app.graph.chart import Edge, Role
    from gostage._author.workflow import WorkflowDefinition

_SHAPES: Final[dict[Role, tuple[str, str]]] = {
    "start": ("([", "])"),
    "end": ("([", "])"),
    "step": ("[", "]"),
    "ask": ("{", "}"),
    "again": ("{{", "}}"),
    "fork": ("((", "))"),
    "join": ("((", "))"),
}
_WAITING: Final = ("(", ")")
# What the language, its Markdown or its HTML would read as its own: marks, the beginning of a list
# or a heading, underscores that do not stand inside a word.
_SPECIAL: Final = re.compile(
    r"""["#<>&`*~$%\\:@\[\]]|(?<![^\W_])_|_(?![^\W_])|^\d+(?=[.)])|^[-+=]"""
)


def mermaid(workflow: WorkflowDefinition, skipped: Collection[str] = ()) -> str:
    """Draw a workflow as a mermaid flowchart; `skipped` are the paths of what is left out."""
    drawn = chart(workflow, skipped)
    names = _Names()
    lines = ["flowchart TD", *_pieces(drawn, names)]
    lines += [f"  {_arrow(edge, names)}" for edge in drawn.edges]
    faded = list(_faded(drawn, names))
    if faded:
        lines += [
            "  classDef skipped stroke-dasharray:4 3,opacity:0.6",
            f"  class {','.join(faded)} skipped",
        ]
    return "\n".join(lines) + "\n"


def _pieces(drawn: Chart, names: _Names) -> Iterator[str]:
    depth = 1
    for piece in drawn.pieces():
        if piece is None:
            depth -= 1
            yield f"{'  ' * depth}end"
        elif isinstance(piece, Item):
            label = _quoted(words_around(drawn, piece))
            yield f"{'  ' * depth}subgraph {names.of_group(piece)} [{label}]"
            depth += 1
        else:
            before, after = _shape(drawn, piece)
            label = _quoted(words_of(drawn, piece))
            yield f"{'  ' * depth}{names.of(drawn, piece)}{before}{label}{after}"


def _shape(drawn: Chart, node: Node) -> tuple[str, str]:
    kind = None if node.item is None else drawn.items[node.item].kind
    return _WAITING if kind in {"wait", "sleep", "receive"} else _SHAPES[node.role]


def _arrow(edge: Edge, names: _Names) -> str:
    line = "-.->" if edge.is_failure else "-->"
    label = f"|{_quoted([printable(edge.label)])}|" if edge.label else ""
    return f"{names.known(edge.source)} {line}{label} {names.known(edge.target)}"


def _faded(drawn: Chart, names: _Names) -> Iterator[str]:
    for piece in drawn.pieces():
        if isinstance(piece, Item) and piece.is_skipped:
            yield names.of_group(piece)
        elif isinstance(piece, Node) and is_skipped(drawn, piece):
            yield names.known(piece)


def _quoted(lines: list[str]) -> str:
    return f'"{"<br/>".join(map(_escaped, lines)) or " "}"'


def _escaped(text: str) -> str:
    escaped = _SPECIAL.sub(lambda found: "".join(f"#{ord(each)};" for each in found[0]), text)
    return escaped.replace("#92;n", "#92;#8203;n")  # together they would break the line


class _Names:
    """Identifiers: letters, digits and underscores, made from paths so that they stay the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._nodes: dict[Node, str] = {}
        self._groups: dict[int, str] = {}

    def of(self, drawn: Chart, node: Node) -> str:
        """Name a node for the first time."""
        path = "" if node.item is None else drawn.items[node.item].path
        ending = node.role if node.item is None or node.role in {"again", "join"} else ""
        name = self._nodes[node] = self._free(f"n_{path}_{ending}" if ending else f"n_{path}")
        return name

    def known(self, node: Node) -> str:
        """Give the name of a node."""
        return self._nodes[node]

    def of_group(self, item: Item) -> str:
        """Name a group; no node has a name like it."""
        if id(item) not in self._groups:
            self._groups[id(item)] = self._free(f"g_{item.path}")
        return self._groups[id(item)]

    def _free(self, wish: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9]+", "_", wish).rstrip("_")
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name
