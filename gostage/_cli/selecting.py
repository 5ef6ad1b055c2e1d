"""Selecting: the options that choose a part of a workflow, and what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gostage._cli.common import setting
from gostage._cli.completing import stages
from gostage.errors import ConfigError, GostageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._app.config import Config
    from gostage._run.workflow import Workflow

    # Any: click decorates functions and commands alike.
    Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_OPTIONS = (
    setting("--until", metavar="ID", shell_complete=stages, help="Leave out what comes after it."),
    setting("--from", metavar="ID", shell_complete=stages, help="Leave out what comes before it."),
    setting(
        "--stage",
        multiple=True,
        metavar="ID",
        shell_complete=stages,
        help="Choose a stage; repeatable.",
    ),
    setting("-t", "--tags", metavar="EXPR", help='Choose by tag: "io and not slow".'),
    setting("-k", "--names", metavar="EXPR", help='Choose by a part of a name: "load or save".'),
)


def selection_options(command: Decorated) -> Decorated:
    """Give a command `-k`, `-t`, `--stage`, `--from` and `--until`; the configuration has them."""
    for option in _OPTIONS:
        command = option(command)
    return command


def leave_out(workflow: Workflow, config: Config) -> frozenset[str]:
    """Switch off what the selection leaves out; gives its paths."""
    words = ("names", "tags", "stage", "from", "until")
    for word in words:
        if config[word] == "":
            raise ConfigError(
                f"{config.origin(word)} is empty, which would choose everything",
                hint="leave it out, or say what to choose",
            )
    if not any(config[word] for word in words):
        return frozenset()
    from gostage._author.choose import Choice, left_out  # 2 ms, where something is chosen

    try:
        left = left_out(workflow, Choice.of(*(config[word] for word in words)))
    except GostageError as error:
        _tell_origin(error, [config.origin(word) for word in words if config[word]])
        raise
    workflow.switch_off(workflow.disabled | left)
    return left


def _tell_origin(error: GostageError, origins: list[str]) -> None:
    """Say where a selection comes from that nobody has just typed."""
    elsewhere = dict.fromkeys(each for each in origins if not each.startswith("-"))
    if elsewhere:
        told = f"what is chosen comes from {', '.join(elsewhere)}"
        error.hint = f"{error.hint}; {told}" if error.hint else told
