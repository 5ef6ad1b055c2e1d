"""`gostage config`: every setting, its value, and where that comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from gostage._app.settings import plain
from gostage._cli.built_in import sources
from gostage._cli.common import Common, common_options
from gostage._cli.completing import settings
from gostage._cli.exits import ExitCode
from gostage._cli.output import data_channel, show_table, write_json
from gostage.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    from gostage._app.config import Config

    # Any: JSON-able data.
    Row = dict[str, Any]


@click.command("config", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", required=False, shell_complete=settings)
@click.option("--json", "as_json", is_flag=True, help="Print the settings as JSON, and only that.")
@common_options
@click.pass_obj
def command(common: Common, *, name: str | None, as_json: bool) -> int:
    """Show the settings, and where each comes from.

    They are those that count in this folder. With NAME, print the value of one setting alone. A
    setting of a plugin is called PLUGIN.KEY, and PLUGIN stands for all of them.
    """
    from gostage._cli.project import open_project  # 29 ms: where it is used

    with (
        data_channel(as_json=as_json) as out,
        # The folder and not the target, so that one that cannot be found can be looked at.
        open_project(common, ".", built_in=sources(common)) as project,
    ):
        rows = _rows(project.config)
        if name is not None:
            rows = _named(rows, name)
        row = rows.get("") if name is not None else None
        if as_json:
            write_json(row or rows, out)
        elif row is not None:
            click.echo(_text(row["value"]))
        else:
            # Paths stand above the table, which they would make too wide.
            for key in ("root", "file") if name is None else ():
                click.echo(f"{key}: {_text(rows.pop(key)['value']) or 'none'}")
            table = [(key, _text(each["value"]), each["origin"]) for key, each in rows.items()]
            show_table(("setting", "value", "from"), table, common)
    return ExitCode.COMPLETED


def _rows(config: Config) -> dict[str, Row]:
    """Every setting; the project's folder and file stand above them."""
    if config.file is None:
        found = [("root", str(config.root), "current folder"), ("file", None, "none found")]
    else:
        found = [
            ("root", str(config.root), "folder of the file"),
            ("file", str(config.file), "nearest upward"),
        ]
    return {
        name: {"value": _data(value), "origin": origin}
        for name, value, origin in (*found, *config.settings())
    }


def _named(rows: dict[str, Row], name: str) -> dict[str, Row]:
    """The one setting that is meant, under no name, or those of a plugin."""
    for key, row in rows.items():
        if plain(key) == plain(name):
            return {"": row}
    section = {key: row for key, row in rows.items() if plain(key).startswith(f"{plain(name)}.")}
    if not section:
        known = [*rows, *(key.partition(".")[0] for key in rows)]
        raise NotFound(
            f"there is no setting {name!r}",
            hint=did_you_mean(name, known) or "`gostage config` lists what there is",
        )
    return section


def _data(value: object) -> object:
    """A value as JSON has it; a date becomes a text."""
    if isinstance(value, Mapping):
        return {str(key): _data(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_data(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):  # TOML has them, JSON does not
        return str(value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _text(value: object) -> str:
    """A value on one line, as it would stand in the file, though a text without its quotes."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str) and value.isprintable():
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    import json  # 2 ms: the help shows no values

    return json.dumps(value, ensure_ascii=False)
