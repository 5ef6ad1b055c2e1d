"""`gostage show`: one run as it stands or stood; it reads the database and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gostage._cli.common import Common, common_options
from gostage._cli.database import database_option, looking
from gostage._cli.exits import ExitCode
from gostage._cli.looking import detail_of, run_argument
from gostage._cli.output import data_channel, show, write_json

if TYPE_CHECKING:
    from typing import TextIO

    from gostage._db.protocol import Database, RunRow


@click.command("show", context_settings={"help_option_names": ["-h", "--help"]})
@run_argument()
@click.option(
    "--at",
    metavar="STEP",
    help="Show the store as it was after a step, an item of it (STEP[3]), or a commit (12).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON, and only that.")
@database_option
@common_options
@click.pass_obj
def command(common: Common, *, run: str, at: str | None, as_json: bool) -> int:
    """Show what a run did, and what it waits for.

    RUN is the id of a run, at least four characters of its beginning, or `last`. The code of the
    workflow need not be there any more. With -v, nothing is cut or left out.
    """
    from gostage._app.past.finding import find_run  # 9 ms: where it is used

    with data_channel(as_json=as_json) as out, looking(common) as database:
        row = find_run(database, run)
        if at is not None:
            _show_moment(database, row, at, common, out if as_json else None)
        else:
            _show_run(database, row, common, out if as_json else None)
    return ExitCode.COMPLETED


def _show_run(database: Database, row: RunRow, common: Common, out: TextIO | None) -> None:
    from gostage._app.past.overview import overview  # 10 ms: where it is used

    past = overview(database, row)
    if out is None:
        from gostage._app.past.showing import show_lines  # 12 ms: as above

        show(show_lines(past, detail_of(common)), common)
    else:
        from gostage._app.past.data import overview_data  # 1 ms: as above

        write_json(overview_data(past), out)


def _show_moment(
    database: Database, row: RunRow, at: str, common: Common, out: TextIO | None
) -> None:
    from gostage._app.past.moments import moment_of  # 1 ms: where it is used

    found = moment_of(database, row, at)
    if out is None:
        from gostage._app.past.showing import store_lines  # 12 ms: where it is used

        show(store_lines(found.store, detail_of(common)), common)
    else:
        from gostage._app.past.data import moment_data  # 1 ms: where it is used

        write_json(moment_data(row.run_id, found), out)
