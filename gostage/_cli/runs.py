"""`gostage runs`: the runs there are, newest first; it reads the database and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from gostage._app.lines import Span
from gostage._cli.common import Common, common_options
from gostage._cli.complaints import complain
from gostage._cli.database import database_option, looking
from gostage._cli.exits import ExitCode
from gostage._cli.looking import detail_of
from gostage._cli.output import data_channel, show, show_table, write_json
from gostage._db.protocol import Listing
from gostage.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from gostage._db.protocol import Database, RunRow

STATUSES: Final = (
    "pending",
    "running",
    "waiting",
    "sleeping",
    "interrupted",
    "blocked",
    "completed",
    "failed",
    "bailed",
    "cancelled",
)
_LIMIT: Final = 20


class Status(click.ParamType[str]):
    """The status of a run."""

    name = "status"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Check it."""
        text = str(value).lower()
        if text in STATUSES:
            return text
        error = click.BadParameter(f"there is no status {value!r}", ctx, param)
        hint = did_you_mean(text, STATUSES) or f"known: {', '.join(STATUSES)}"
        error.hint = hint  # type: ignore[attr-defined]  # the root shows it, if there is one
        raise error


@click.command("runs", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--status", multiple=True, type=Status(), metavar="STATUS", help="Only such runs.")
@click.option("--workflow", metavar="ID", help="Only runs of this workflow.")
@click.option("--tag", metavar="TAG", help="Only runs of workflows with this tag.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_LIMIT,
    metavar="N",
    help=f"At most so many; {_LIMIT} by default.",
)
@click.option("--after", metavar="RUN", help="Only runs that are older than this one.")
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON, and only that.")
@database_option
@common_options
@click.pass_obj
def command(
    common: Common,
    *,
    status: tuple[str, ...],
    workflow: str | None,
    tag: str | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> int:
    """List the runs, newest first.

    One that was running in a process that is gone is interrupted. With -q, only ids are printed.
    """
    from gostage._app.past.finding import find_run  # 25 ms, with those below: where it is used
    from gostage._app.past.listing import doubts, next_page
    from gostage._app.rows import listed  # 7 ms

    with data_channel(as_json=as_json) as out, looking(common) as database:
        last = None if after is None else find_run(database, after).run_id
        rows = listed(database, Listing(status, workflow, tag, limit + 1, last))
        more, rows = len(rows) > limit, rows[:limit]
        if as_json:
            _write(database, rows, out, more=more)
        elif common.is_quiet:
            show(((Span(row.run_id),) for row in rows), common)
        else:
            _show(database, rows, common)
        if more and not (as_json or common.is_quiet):
            chosen = [*(("--status", each) for each in status), ("--workflow", workflow)]
            chosen += [("--tag", tag), ("--limit", None if limit == _LIMIT else str(limit))]
            show([next_page(rows[-1], chosen)], common)
        for doubt in () if rows else doubts(database, workflow, tag):
            complain(*doubt)
    return ExitCode.COMPLETED


def _show(database: Database, rows: Sequence[RunRow], common: Common) -> None:
    from gostage._app.past.listing import HEAD, cells_of, counts_line, counts_of  # 14 ms

    now = time.time()
    if rows:
        show_table(HEAD, cells_of(rows, now, detail_of(common).width), common)
    show([counts_line(counts_of(database, now))], common)


def _write(database: Database, rows: Sequence[RunRow], out: TextIO, *, more: bool) -> None:
    from gostage._app.past.data import row_data  # 2 ms, with those below: only --json needs it
    from gostage._app.past.listing import counts_of
    from gostage._app.past.standing import standing  # 9 ms

    now = time.time()
    data = {
        "runs": [row_data(row, standing(row, now)) for row in rows],
        "counts": counts_of(database, now),
        "next": rows[-1].run_id if more else None,
    }
    write_json(data, out)
