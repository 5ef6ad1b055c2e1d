"""The terminal plugin: shows a run while it goes on, by what hooks tell; it changes nothing."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from gostage._author.tree import as_node
from gostage._cli.live.board import Board
from gostage._cli.live.region import Region
from gostage._cli.live.rows import SPINNER, SPINNER_ASCII, picture
from gostage._cli.live.silent import Silent
from gostage._cli.live.view import View
from gostage._cli.screen import fitting
from gostage.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from gostage import Event, Workflow
    from gostage._app.lines import Line
    from gostage._cli.taps import Taps
    from gostage.hookspecs import Run

_MANY: Final = 1000  # items; of more, nobody waits to read the next names


class Terminal(Silent):
    """The live view. It begins with a run, and is gone when that ends or has to wait."""

    def __init__(
        self,
        taps: Taps,
        *,
        has_color: bool,
        size: tuple[int, int] | None = None,
        clock: Callable[[], float] = time.monotonic,
        is_ticking: bool = True,
    ) -> None:
        self._taps = taps
        self._has_color = has_color
        self._size = size
        self._clock = clock
        self._is_ticking = is_ticking
        self._lock = threading.Lock()
        self._board = Board()
        self._run_id: str | None = None
        self._spinner = SPINNER
        self.view: View | None = None
        """What is shown now."""

    # Any: what a run returns.
    @hookimpl(wrapper=True)
    def gostage_runner(self, run: Run) -> Generator[None, Any, Any]:
        """Show the run as long as it lasts; one that begins meanwhile is not shown."""
        if self.view is not None:
            return (yield)
        self._run_id = run.id
        self._board.begin(run.workflow.id, _names(run.workflow), self._clock())
        self._taps.open()
        self.view = view = View(self._region(), self._picture)
        self._taps.show = view.region.show
        view.open(is_ticking=self._is_ticking)
        try:
            return (yield)
        finally:
            view.close()
            self.view = self._taps.show = self._run_id = None
            self._taps.close()

    @hookimpl
    def gostage_event(self, event: Event) -> None:
        """Note what happened."""
        if event.run_id == self._run_id:
            with self._lock:
                self._board.apply(event, self._clock())

    def tell(self, message: bytes) -> None:
        """Write a message to standard error, above the view."""
        view = self.view
        if view is None:
            super().tell(message)
        else:
            view.region.tell(message)

    def _region(self) -> Region:
        outlet = self._taps.outlet(sys.stdout)
        fits = fitting(SPINNER, outlet.stream.encoding) == SPINNER
        self._spinner = SPINNER if fits else SPINNER_ASCII
        return Region(outlet, has_color=self._has_color, size=self._size)

    def _picture(self, height: int) -> Sequence[Line]:
        with self._lock:
            return picture(self._board, self._clock(), height, self._spinner)


def _names(workflow: Workflow) -> list[str]:
    """What the workflow itself holds, by the names of its steps."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for item in workflow.items if len(workflow.items) <= _MANY else ():
        name = as_node(item).name
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names
