"""Logs: the run's log as plain lines on standard error, unless the program has set up its own."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Final

from gostage._cli.screen import painted, wants_color

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._app.lines import Style
    from gostage._cli.common import Common

_STYLES: Final[dict[int, Style]] = {
    logging.DEBUG: "quiet",
    logging.WARNING: "notable",
    logging.ERROR: "bad",
    logging.CRITICAL: "bad",
}


def show_log(common: Common, prefix: Callable[[], str] = str) -> None:
    """Show what is logged: from INFO on, with `-v` everything, with `-q` errors only.

    `prefix` says what stands before a line, at the moment when it is logged.
    """
    log = logging.getLogger("gostage")
    for each in [each for each in log.handlers if isinstance(each, _Shown)]:
        log.removeHandler(each)  # that of an earlier call of the command
    has_color = common.has_color and wants_color(sys.stderr, os.environ)
    log.addHandler(_Shown(prefix, has_color=has_color))
    log.setLevel(_level(common))


class _Shown(logging.StreamHandler):  # type: ignore[type-arg]  # no generic before Python 3.11
    """Writes to what is standard error when the command begins."""

    def __init__(self, prefix: Callable[[], str], *, has_color: bool) -> None:
        super().__init__(sys.stderr)
        self._prefix = prefix
        self._has_color = has_color
        self.addFilter(_is_alone)

    def format(self, record: logging.LogRecord) -> str:
        level = f"{record.levelname:7}"
        if self._has_color:
            level = painted(level, _STYLES.get(record.levelno, "plain"))
        return f"{level} {self._prefix()}{super().format(record)}"


def _level(common: Common) -> int:
    if common.is_quiet:
        return logging.ERROR
    return logging.DEBUG if common.is_verbose else logging.INFO


def _is_alone(record: logging.LogRecord) -> bool:
    """Keep silent where the user's code has configured logging: its own handlers get the line."""
    return not logging.getLogger().handlers
