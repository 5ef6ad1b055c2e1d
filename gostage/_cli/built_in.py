"""Built-in plugins: what the command line itself does through hooks, like any other plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._cli.taps import Taps
from gostage._plugins.source import BUILT_IN, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._cli.common import Common
    from gostage._plugins.manager import Plugins


def sources(common: Common) -> list[Source]:
    """The plugins of the command line, none of them loaded."""
    taps = Taps()

    def capture() -> object:
        from gostage._cli.capture import Capture  # 1 ms: where plugins are loaded

        return Capture(taps)

    def terminal() -> object:
        from gostage._cli.live.choice import Chooser  # 1 ms: as above

        return Chooser(common, taps)

    return [
        Source("capture", BUILT_IN, capture),
        Source("terminal", BUILT_IN, terminal, may_be_empty=True),
    ]


def output_of(plugins: Plugins) -> Callable[[str, BaseException], str]:
    """Who knows what the step at a path had written when it failed with an error."""
    from gostage._app.report import no_output  # 5 ms: where it is used
    from gostage._cli.capture import Capture  # 1 ms, and it is loaded

    for each in plugins.loaded:
        if isinstance(each.plugin, Capture):
            return each.plugin.output_of
    return no_output


def is_midline(plugins: Plugins) -> bool:
    """Whether the run has left standard output in the middle of a line."""
    from gostage._cli.capture import Capture  # 1 ms, and it is loaded

    return any(isinstance(e.plugin, Capture) and e.plugin.is_midline for e in plugins.loaded)


def teller(plugins: Plugins) -> Callable[[bytes], object]:
    """Who writes a message to standard error while a run may be shown."""
    from gostage._cli.live.silent import Silent  # 1 ms, and it is loaded

    found = (each.plugin for each in plugins.loaded)
    return next((each for each in found if isinstance(each, Silent)), Silent()).tell
