"""Seconds: an option that is a time limit."""

from __future__ import annotations

import math

import click


class Seconds(click.ParamType[float]):
    """A number of seconds above zero."""

    name = "seconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it."""
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number > 0):
            self.fail(f"{value!r} is not a number of seconds above zero", param, ctx)
        return number
