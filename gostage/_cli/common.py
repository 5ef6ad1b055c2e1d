"""Common options: plugins, how much to say, in which colours; before or after a command."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gostage._cli.completing import plugins
from gostage._cli.values import values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._app.config import Config

    # Any: click decorates functions and commands alike.
    Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(slots=True)
class Common:
    """What the common options say; one belongs to one call of the command and is filled by it."""

    loudness: int = 0
    has_color: bool = True
    as_json: bool = False
    """Whether standard output is for data alone."""
    foreign: str = ""
    """The command that is called, if a plugin has added it."""
    plugins: list[str] = field(default_factory=list)
    """What `-p` says, in order."""
    # Any: the values of options.
    given: dict[str, Any] = field(default_factory=dict)
    """The settings given on the command line, by the long names of their options."""

    @property
    def is_verbose(self) -> bool:
        """Whether everything is shown."""
        return self.loudness > 0

    @property
    def is_quiet(self) -> bool:
        """Whether only what went wrong is shown."""
        return self.loudness < 0

    def flags(self) -> dict[str, Any]:  # Any: as above
        """What the command line says of the settings."""
        flags = dict(self.given)
        if self.plugins:
            flags["plugins"] = self.plugins
        if "set" in flags:
            flags["set"] = values_of(self.given["set"])
        if self.loudness:
            flags["verbose" if self.is_verbose else "quiet"] = abs(self.loudness)
        if not self.has_color:
            flags["color"] = False
        return flags

    def follow(self, config: Config) -> None:
        """Take from the configuration what no option says."""
        self.loudness = self.loudness or config["verbose"] - config["quiet"]
        self.has_color = self.has_color and config["color"]


def common_options(command: Decorated) -> Decorated:
    """Give a command `-p`, `-v`, `-q` and `--no-color`; its function finds them in `Common`."""
    for option in (_no_color, _quiet, _verbose, _plugin):
        command = option(command)
    return command


# Any: what click's own decorator takes.
def setting(*names: str, **attributes: Any) -> Callable[[Decorated], Decorated]:  # noqa: ANN401
    """Make an option that the configuration knows too, under its long name; see `Common.given`."""
    return click.option(*names, **attributes, expose_value=False, callback=_remember)


def values_option(command: Decorated) -> Decorated:
    """Give a command `-s`: what is in the store when a run begins."""
    return _values(command)


def _remember(ctx: click.Context, option: click.Parameter, value: object) -> None:
    given = click.core.ParameterSource.COMMANDLINE
    if option.name is not None and ctx.get_parameter_source(option.name) is given:
        name = max(option.opts, key=len).lstrip("-")
        ctx.ensure_object(Common).given[name] = value


def _louder(ctx: click.Context, _: click.Parameter, count: int) -> None:
    ctx.ensure_object(Common).loudness += count


def _quieter(ctx: click.Context, _: click.Parameter, count: int) -> None:
    ctx.ensure_object(Common).loudness -= count


def _without_color(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Common).has_color = False


def _more_plugins(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    ctx.ensure_object(Common).plugins.extend(names)


_values = setting(
    "-s",
    "--set",
    multiple=True,
    metavar="KEY=VALUE",
    help="Put a value into the store first: JSON if it parses, else text; @FILE reads a file.",
)
_plugin = click.option(
    "-p",
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME",
    expose_value=False,
    callback=_more_plugins,
    shell_complete=plugins,
    help="Load a plugin; no:NAME switches one off.",
)
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
