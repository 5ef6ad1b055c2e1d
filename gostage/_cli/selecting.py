"""Selecting: the options that choose a part of a workflow, and what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gostage._cli.common import setting
from gostage._cli.completing import stages

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
    if not any(config[word] for word in words):
        return frozenset()
    from gostage._author.choose import Choice, left_out  # 2 ms, where something is chosen

    left = left_out(workflow, Choice.of(*(config[word] for word in words)))
    workflow.switch_off(workflow.disabled | left)
    return left
