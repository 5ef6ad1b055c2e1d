"""Durations on the command line: `90s`, `15m`, `12h`, `30d`, `4w`."""

from __future__ import annotations

import re
from typing import Final

import click

SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Duration(click.ParamType[float]):
    """A number and its unit, in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", str(value).strip())
        if found is None:
            self.fail(
                f"{value!r} is not a duration: write a number and s, m, h, d or w, as in 30d",
                param,
                ctx,
            )
        return float(found[1]) * SECONDS[found[2]]
