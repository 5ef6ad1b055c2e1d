"""Levels of logging by their names; it logs nothing."""

from __future__ import annotations

import logging
from typing import Literal, get_args

from gostage.errors import DefinitionError, did_you_mean

Level = Literal["debug", "info", "warning", "error", "critical"]


def level_of(name: Level) -> int:
    """The number of a level."""
    known = get_args(Level)
    if name not in known:
        raise DefinitionError(
            f"{name!r} is no level of logging",
            hint=did_you_mean(str(name), known) or f"the levels are {', '.join(known)}",
        )
    number: int = getattr(logging, name.upper())
    return number
