"""`gostage list`: what can be run, with its stages and actions; nothing of it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gostage._app.lines import Span
from gostage._cli.built_in import sources
from gostage._cli.common import Common, common_options
from gostage._cli.completing import targets
from gostage._cli.exits import ExitCode
from gostage._cli.output import data_channel, show, write_json
from gostage._cli.selecting import selection_options

if TYPE_CHECKING:
    from gostage._app.lines import Line
    from gostage._cli.searching import Listed


@click.command("list", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("path", required=False, shell_complete=targets)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON, and only that.")
@selection_options
@common_options
@click.pass_obj
def command(common: Common, *, path: str | None, as_json: bool) -> int:
    """List what can be run.

    PATH is what `gostage run` takes. Of a folder, what lies in it is listed too: folders with stage
    modules, and the workflows of Python files that mention one.
    """
    from gostage._cli.project import open_project  # 29 ms: where it is used
    from gostage._cli.searching import Search

    with (
        data_channel(as_json=as_json) as out,
        open_project(common, path, built_in=sources(common)) as project,
    ):
        search = Search(project, common)
        listed = list(search.listed())
        if as_json:
            from gostage._app.listing import data_of  # 10 ms: where it is used

            write_json([data_of(each.found, each.target, each.hidden) for each in listed], out)
        else:
            _show(listed, common)
        search.tell_failures()
        if not listed:
            raise search.nothing()
    return ExitCode.COMPLETED


def _show(listed: list[Listed], common: Common) -> None:
    from gostage._app.outline import outline  # 11 ms: where it is used

    lines: list[Line] = []
    for each in listed:
        if common.is_quiet:
            lines.append((Span(each.target),))
            continue
        title, *items = outline(each.found.workflow, hidden=each.hidden, with_descriptions=True)
        name, *said = title
        lines += [()] if lines else []
        lines.append((Span(each.target, "strong"), Span(f"  {name.text}"), *said))
        lines += items
    show(lines, common)
