"""The outline: a definition as a tree of lines; pure, so whoever shows it decides how it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._app.items import items_of
from gostage._app.lines import Span, printable
from gostage._author.header import Headed
from gostage._author.workflow import WorkflowDefinition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gostage._app.items import Item, Kind
    from gostage._app.lines import Line
    from gostage._author.tree import Flow

MARKS: Final[dict[Kind, str]] = {
    "stage": "■",
    "action": "•",
    "group": "□",
    "sub": "□",
    "spawn": "□",
    "case": "◇",
    "retry": "↻",
    "loop": "↻",
    "for_each": "↻",
    "parallel": "║",
    "wait": "○",
    "sleep": "○",
    "receive": "○",
}
"""The mark of each kind: what does, what holds, what decides, what repeats and what waits."""

_WIDEST: Final = 40


def outline(
    definition: Flow,
    skipped: Collection[str] = (),
    *,
    hidden: Collection[str] = (),
    with_descriptions: bool = False,
) -> list[Line]:
    """Draw a workflow, a stage or steps as a tree; `skipped` are the paths of what is left out.

    The first line is about the definition itself, if it has a name; `hidden` paths have no line.
    """
    items = [item for item in items_of(definition, skipped) if item.path not in hidden]
    heads = list(_heads(items))
    said = [list(_said(item, with_descriptions)) for item in items]
    widths = [_width(head) for head in heads]
    column = max((width for width, each in zip(widths, said, strict=True) if each), default=0)
    lines = [_title(definition, with_descriptions)] if isinstance(definition, Headed) else []
    for head, width, each in zip(heads, widths, said, strict=True):
        lines.append((*head, *_remarks(each, max(0, min(column, _WIDEST) - width))))
    return lines


def _title(definition: Headed, with_descriptions: bool) -> Line:
    said = []
    if definition.name != definition.id:
        said.append(f"“{definition.name}”")
    if isinstance(definition, WorkflowDefinition) and definition.version is not None:
        said.append(f"version {definition.version}")
    said += _tags(definition.tags)
    if with_descriptions and definition.description:
        said.append(definition.description)
    return (Span(printable(definition.id), "strong"), *_remarks(said, 0))


def _heads(items: Sequence[Item]) -> Iterator[Line]:
    """The beginnings of the lines: guides, mark and name."""
    for item, guide in zip(items, _guides(items), strict=True):
        is_quiet = item.is_skipped
        mark = MARKS.get(item.kind)
        yield (
            Span(guide, "quiet"),
            *(() if mark is None else (Span(f"{mark} ", "quiet" if is_quiet else "plain"),)),
            Span(
                printable(item.name),
                "quiet" if is_quiet else "strong" if item.kind == "stage" else "plain",
            ),
        )


def _guides(items: Sequence[Item]) -> list[str]:
    """The lines that lead to each item; read from the end, to know what still follows."""
    guides = []
    going_on: list[bool] = []
    for item in reversed(items):
        going_on += [False] * (item.depth - len(going_on))
        del going_on[item.depth :]
        outer = "".join("│  " if goes_on else "   " for goes_on in going_on[:-1])
        guides.append(outer + ("├─ " if going_on[-1] else "└─ "))
        going_on[-1] = True
    return guides[::-1]


def _said(item: Item, with_descriptions: bool) -> Iterator[str]:
    if item.is_skipped:
        yield "skipped"
    yield from (fact.text for fact in item.facts if fact.text)
    yield from _tags(item.tags)
    if with_descriptions and item.description:
        yield item.description


def _remarks(said: Sequence[str], padding: int) -> Line:
    if not said:
        return ()
    return (Span(f"{' ' * padding}  {'  '.join(map(printable, said))}", "quiet"),)


def _tags(tags: Sequence[str]) -> list[str]:
    return [f"[{', '.join(tags)}]"] if tags else []


def _width(line: Line) -> int:
    """How many columns a line takes."""
    text = "".join(span.text for span in line)
    if text.translate(_ASCII_MARKS).isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # 1 ms, where there is such a name

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


_ASCII_MARKS: Final = str.maketrans(dict.fromkeys("├─└│■•□◇↻║○", "-"))
