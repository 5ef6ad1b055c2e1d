"""`gostage diff`: two runs beside each other; it reads the database and nothing else."""

from __future__ import annotations

import click

from gostage._cli.common import Common, common_options
from gostage._cli.database import database_option, looking
from gostage._cli.exits import ExitCode
from gostage._cli.looking import detail_of, run_argument
from gostage._cli.output import data_channel, show, write_json


@click.command("diff", context_settings={"help_option_names": ["-h", "--help"]})
@run_argument("first")
@run_argument("second")
@click.option("--json", "as_json", is_flag=True, help="Print what differs as JSON, and only that.")
@database_option
@common_options
@click.pass_obj
def command(common: Common, *, first: str, second: str, as_json: bool) -> int:
    """Compare two runs.

    Compared are the values they began with, their plans, how their steps went, and what was in
    their stores in the end. What the second has is marked +, what it lacks -, what is another ~.
    """
    # 40 ms, all three: where they are used.
    from gostage._app.past.comparing import compare, comparison_data, comparison_lines
    from gostage._app.past.finding import find_run  # 7 ms
    from gostage._app.past.overview import overview  # 12 ms

    with data_channel(as_json=as_json) as out, looking(common) as database:
        found = compare(*(overview(database, find_run(database, each)) for each in (first, second)))
        if as_json:
            write_json(comparison_data(found), out)
        else:
            show(comparison_lines(found, detail_of(common)), common)
    return ExitCode.COMPLETED
