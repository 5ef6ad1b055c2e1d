"""Common options: how much to say and in which colours; they stand before or after a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    # Any: click decorates functions and commands alike.
    Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(slots=True)
class Common:
    """What the common options say; one belongs to one call of the command and is filled by it."""

    loudness: int = 0
    has_color: bool = True

    @property
    def is_verbose(self) -> bool:
        """Whether everything is shown."""
        return self.loudness > 0

    @property
    def is_quiet(self) -> bool:
        """Whether only what went wrong is shown."""
        return self.loudness < 0


def common_options(command: Decorated) -> Decorated:
    """Give a command `-v`, `-q` and `--no-color`; its function finds them in `Common`."""
    for option in (_no_color, _quiet, _verbose):
        command = option(command)
    return command


def _louder(ctx: click.Context, _: click.Parameter, count: int) -> None:
    ctx.ensure_object(Common).loudness += count


def _quieter(ctx: click.Context, _: click.Parameter, count: int) -> None:
    ctx.ensure_object(Common).loudness -= count


def _without_color(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Common).has_color = False


_verbose = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_louder,
    help="Log at DEBUG and show whole tracebacks.",
)
_quiet = click.option(
    "-q",
    "--quiet",
    count=True,
    expose_value=False,
    callback=_quieter,
    help="Show only what went wrong.",
)
_no_color = click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    callback=_without_color,
    help="Use no colours.",
)
