"""`gostage worker`: go on with stored runs when they are due, until it is told to stop."""

from __future__ import annotations

import click

from gostage._app.lines import Span
from gostage._cli.common import Common, common_options
from gostage._cli.database import database_option, looking
from gostage._cli.exits import ExitCode
from gostage._cli.onscreen import keep_in_order
from gostage._cli.output import data_channel, show


@click.command("worker", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="N",
    help="Go on with at most so many runs side by side.",
)
@click.option("--once", is_flag=True, help="Go on with what is due now, and leave.")
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default="10",
    metavar="SECONDS",
    help="When told to stop, wait so long for actions that are under way.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what it does as JSON, line by line.")
@database_option
@common_options
@click.pass_obj
def command(common: Common, *, concurrency: int, once: bool, grace: float, as_json: bool) -> int:
    """Go on with runs when they are due.

    That are runs whose sleep is over, that got a signal or ran out of time, that nobody has begun,
    and those whose process has died. Several workers may share one database. SIGTERM and the first
    Ctrl-C stop it as soon as each run has finished its step; the second ends it at once. No run is
    lost either way.
    """
    from gostage._app.worker import Worker  # 60 ms, all of them: where they are used
    from gostage._cli import work
    from gostage._cli.interrupts import second_kills  # 1 ms
    from gostage._cli.logs import show_log  # 3 ms
    from gostage._cli.places import Places  # 28 ms

    common.as_json = as_json
    with data_channel(as_json=as_json) as out, looking(common, makes=True) as database:
        keep_in_order()
        show_log(common, work.run_at_work)
        tell = work.as_json(out) if as_json else work.as_text(common)
        if not as_json and not common.is_quiet:
            text = f"going on with the runs of {database.url}, {concurrency} at a time"
            show([(Span(text, "quiet"),)], common)
        with second_kills(first=work.STOPPING), Places(database, common) as places:
            worker = Worker(places, concurrency=concurrency, grace=grace, tell=tell)
            with work.stopping(worker):
                is_clean = worker.run_due() if once else worker.run()
    return ExitCode.COMPLETED if is_clean else ExitCode.INTERRUPTED
