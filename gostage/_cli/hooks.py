"""`gostage hooks`: every hook there is, or who implements one and in which order."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from gostage._cli.built_in import sources
from gostage._cli.common import Common, common_options
from gostage._cli.completing import hooks
from gostage._cli.exits import ExitCode
from gostage._cli.output import data_channel, short, show_table, write_json
from gostage.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    from pluggy import HookImpl

    from gostage._plugins.manager import Plugins

    # Any: JSON-able data.
    Row = dict[str, Any]


@click.command("hooks", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", required=False, shell_complete=hooks)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON, and only that.")
@common_options
@click.pass_obj
def command(common: Common, *, name: str | None, as_json: bool) -> int:
    """List the hooks, and who implements them.

    Of one NAME its manual is shown, and who implements it, in the order of the calls.
    """
    from gostage._cli.project import open_project  # 29 ms: where it is used

    with (
        data_channel(as_json=as_json) as out,
        open_project(common, ".", built_in=sources(common)) as project,
    ):
        known = project.plugins.hook_names()
        if name is not None and name not in known:
            raise NotFound(
                f"there is no hook {name!r}",
                hint=did_you_mean(name, known) or "`gostage hooks` lists what there is",
            )
        chosen = known if name is None else [name]
        rows = [_row(project.plugins, each) for each in chosen]
        if as_json:
            write_json(rows, out)
        elif name is None:
            _show_all(rows, common)
        else:
            _show_one(rows[0], common)
    return ExitCode.COMPLETED


def _row(plugins: Plugins, hook: str) -> Row:
    origins = {each.name: each.origin for each in plugins.loaded}
    calls = [_call(impl, origins) for impl in plugins.implementations(hook)]
    spec = plugins.specification(hook)
    return {
        "hook": hook,
        "arguments": [] if spec is None else list(inspect.signature(spec).parameters),
        "summary": "" if spec is None else (inspect.getdoc(spec) or "").split("\n")[0],
        "manual": "" if spec is None else inspect.getdoc(spec) or "",
        "calls": calls,
    }


def _call(impl: HookImpl, origins: dict[str, str]) -> Row:
    from gostage._plugins.register import place_of  # 8 ms: where it is used

    place = place_of(impl)
    marks = [mark for mark in ("wrapper", "tryfirst", "trylast") if getattr(impl, mark)]
    return {
        "plugin": impl.plugin_name,
        "origin": origins.get(impl.plugin_name, "registered by another plugin"),
        "marks": marks,
        "file": place.file,
        "line": place.line,
    }


def _show_all(rows: list[Row], common: Common) -> None:

    table = [
        (row["hook"], ", ".join(call["plugin"] for call in row["calls"]), row["summary"])
        for row in rows
    ]
    show_table(("hook", "implemented by", "what it is for"), table, common)


def _show_one(row: Row, common: Common) -> None:

    click.echo(f"{row['hook']}({', '.join(row['arguments'])})\n")
    click.echo(row["manual"])
    click.echo()
    if not row["calls"]:
        click.echo("No plugin implements it.")
        return
    table = [
        (str(number), call["plugin"], ", ".join(call["marks"]), call["origin"], _place(call))
        for number, call in enumerate(row["calls"], 1)
    ]
    show_table(("", "plugin", "", "from", "where"), table, common)


def _place(call: Row) -> str:

    return "" if call["file"] is None else f"{short(call['file'])}:{call['line']}"
