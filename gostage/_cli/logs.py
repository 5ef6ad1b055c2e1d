"""Logs: the run's log as plain lines on standard error, unless the program has set up its own."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gostage._cli.common import Common


def show_log(common: Common) -> None:
    """Show what is logged: from INFO on, with `-v` everything, with `-q` errors only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)-7s %(message)s"))
    handler.addFilter(_is_alone)
    log = logging.getLogger("gostage")
    log.addHandler(handler)
    log.setLevel(_level(common))


def _level(common: Common) -> int:
    if common.is_quiet:
        return logging.ERROR
    return logging.DEBUG if common.is_verbose else logging.INFO


def _is_alone(record: logging.LogRecord) -> bool:
    """Keep silent where the user's code has configured logging: its own handlers get the line."""
    return not logging.getLogger().handlers
