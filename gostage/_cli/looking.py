"""Looking: what the commands about stored runs share: how a run is named, how much is shown."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gostage._cli.common import Common
from gostage._cli.database import looking

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from gostage._app.past.tree import Detail

    Decorated = TypeVar("Decorated", bound=Callable[..., Any])  # Any: click decorates all alike


def run_argument(name: str = "run", *, required: bool = True) -> Callable[[Decorated], Decorated]:
    """Give a command an argument that is a run."""
    return click.argument(name, metavar="RUN", required=required, shell_complete=_ids)


def detail_of(common: Common) -> Detail:
    """How much to show, by what was asked for and how wide the terminal is."""
    from gostage._app.past.tree import Detail  # 12 ms: the help shows no run

    return Detail(
        width=shutil.get_terminal_size((100, 24)).columns,
        with_all=common.is_verbose,
        base=os.getcwd(),  # noqa: PTH109
    )


def _ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the runs of the project, the newest first."""
    from click.shell_completion import CompletionItem  # 2 ms: only a shell asks for it

    from gostage._app.past.finding import LAST  # 4 ms, as above

    try:
        with looking(Common()) as database:
            ids = database.ids(incomplete, 50)
    except Exception:  # noqa: BLE001  # a shell wants no complaint in the middle of a line
        ids = ()
    return [CompletionItem(each) for each in (LAST, *ids) if each.startswith(incomplete)]
