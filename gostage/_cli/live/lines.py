"""Plain progress: a line for each item that ends, on standard error, where no view can be shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gostage._app.lines import Span
from gostage._app.outline import printable
from gostage._app.report import MARKS, PENDING, STYLES, seconds
from gostage._cli.live.board import text_of_error
from gostage._cli.live.silent import Silent
from gostage._cli.screen import Screen
from gostage.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gostage import Event
    from gostage._app.lines import Line


class Lines(Silent):
    """The plugin."""

    def __init__(self, *, has_color: bool) -> None:
        self._has_color = has_color

    @hookimpl
    def gostage_event(self, event: Event) -> None:
        """Show what has ended."""
        if event.kind == "step_ended":
            Screen(sys.stderr, has_color=self._has_color).show([_line(event)])


def _line(event: Event) -> Line:
    status = event.data["status"]
    item = event.data.get("item")
    name = printable(event.path if item is None else f"{event.path}[{item}]")
    return (
        Span(MARKS.get(status, PENDING), STYLES.get(status, "notable")),
        Span(f" {name}"),
        Span("".join(f"  {remark}" for remark in _remarks(event.data)), "quiet"),
    )


# Any: what events tell.
def _remarks(data: Mapping[str, Any]) -> Iterator[str]:
    if data["duration"] is not None and data["status"] != "skipped":
        yield seconds(data["duration"])
    if data["attempts"] > 1:
        yield f"attempt {data['attempts']}" if data["error"] else f"{data['attempts']} attempts"
    if data["status"] not in {"completed", "failed"}:
        yield data["status"]
    if data["error"] is not None:
        yield printable(text_of_error(data["error"]))
