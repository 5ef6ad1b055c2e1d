"""Plain progress: a line for each item that ends, on standard error, where no view can be shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gostage._app.past.telling import ended
from gostage._cli.live.silent import Silent
from gostage._cli.screen import Screen
from gostage.hookspecs import hookimpl

if TYPE_CHECKING:
    from gostage import Event


class Lines(Silent):
    """The plugin."""

    def __init__(self, *, has_color: bool) -> None:
        self._has_color = has_color

    @hookimpl
    def gostage_event(self, event: Event) -> None:
        """Show what has ended."""
        if event.kind == "step_ended":
            Screen(sys.stderr, has_color=self._has_color).show([ended(event.path, event.data)])
