"""`gostage plugins`: every plugin there is, in the order it is called, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gostage._cli.built_in import sources
from gostage._cli.common import Common, common_options
from gostage._cli.completing import targets
from gostage._cli.exits import ExitCode
from gostage._cli.output import data_channel, show_table, write_json

if TYPE_CHECKING:
    from gostage._plugins.manager import Plugins

    # Any: JSON-able data.
    Row = dict[str, Any]


@click.command("plugins", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("path", default=".", shell_complete=targets)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON, and only that.")
@common_options
@click.pass_obj
def command(common: Common, *, path: str, as_json: bool) -> int:
    """List the plugins, and where each comes from.

    They are those that count for PATH, in the order in which they are called. What is switched off,
    or installed and waits to be asked for, is listed as well.
    """
    from gostage._cli.project import commands_of, open_project  # 29 ms: where it is used

    with (
        data_channel(as_json=as_json) as out,
        open_project(common, path, built_in=sources(common)) as project,
    ):
        rows = [*_loaded(project.plugins), *_waiting(project.plugins)]
        commands = sorted(commands_of(project.plugins))
        if as_json:
            write_json({"plugins": rows, "commands": commands}, out)
        else:
            table = [(row["name"], row["status"], row["origin"], _hooks(row)) for row in rows]
            show_table(("plugin", "status", "from", "hooks"), table, common)
            if commands:
                click.echo(f"\ncommands they add: {', '.join(commands)}")
    return ExitCode.COMPLETED


def _loaded(plugins: Plugins) -> list[Row]:
    from gostage._plugins.register import where_of  # 8 ms: where it is used

    plugins.load()
    there = {each.name: each for each in plugins.loaded}
    rows = []
    for source in plugins.sources:
        loaded, blocked = there.get(source.name), plugins.blocked(source.name)
        rows.append(
            {
                "name": source.name,
                "status": "active" if blocked is None else f"off ({blocked.origin})",
                "origin": source.origin,
                "file": None if loaded is None else where_of(loaded.holder),
                "hooks": [] if loaded is None else plugins.hooks_of(source.name),
            }
        )
    return rows


def _waiting(plugins: Plugins) -> list[Row]:
    from gostage._plugins.source import contains, optional  # 6 ms: where it is used

    known = [source.name for source in plugins.sources]
    return [
        {
            "name": each.name,
            "status": "not asked for",
            "origin": each.origin,
            "file": None,
            "hooks": [],
        }
        for each in optional()
        if not contains(known, each.name)
    ]


def _hooks(row: Row) -> str:
    return ", ".join(name.removeprefix("gostage_") for name in row["hooks"])
