"""The choice of what is shown while a run goes on: a live view, plain lines, or nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal

from gostage._cli.live.silent import Silent
from gostage._cli.screen import DUMB

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from gostage._cli.common import Common
    from gostage._cli.taps import Taps
    from gostage.hookspecs import Config

Form = Literal["view", "lines", "nothing"]


class Chooser:
    """Makes the terminal plugin when the configuration is known."""

    def __init__(self, common: Common, taps: Taps) -> None:
        self._common = common
        self._taps = taps

    def gostage_plugin(self, config: Config) -> Silent:
        """Make the plugin."""
        common = self._common
        form = form_of(config["progress"], common, sys.stdout, os.environ)
        if form == "view":
            from gostage._cli.live.terminal import Terminal  # 5 ms: few runs are looked at

            return Terminal(self._taps, has_color=common.has_color)
        if form == "lines":
            from gostage._cli.live.lines import Lines  # 1 ms: as above

            return Lines(has_color=common.has_color)
        return Silent()


def form_of(
    progress: bool | Literal["auto"],
    common: Common,
    stream: TextIO,
    environ: Mapping[str, str],
) -> Form:
    """Choose: a view needs a terminal to be shown on, and nobody who forbids it.

    `--progress` beats everything else; what the configuration says is for who is not in a hurry.
    """
    can_view = not common.as_json and stream.isatty() and environ.get("TERM") not in DUMB
    if progress == "auto":
        return "view" if can_view and not (environ.get("CI") or common.is_quiet) else "nothing"
    is_unwanted = common.is_quiet and "progress" not in common.given
    if not progress or is_unwanted:
        return "nothing"
    return "view" if can_view else "lines"
