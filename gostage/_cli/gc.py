"""`gostage gc`: forget runs that ended long ago; one that may still go on is never touched."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from gostage._app.lines import Span
from gostage._cli.common import Common, common_options
from gostage._cli.database import database_option, looking
from gostage._cli.durations import Duration
from gostage._cli.exits import ExitCode
from gostage._cli.output import data_channel, show, write_json
from gostage._db.protocol import FINISHED, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._db.protocol import Database, RunRow

_AT_ONCE: Final = 100
"""How many runs one transaction forgets: whoever wants to write waits for it."""

_PAGE: Final = 1000


@click.command("gc", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--older-than",
    type=Duration(),
    required=True,
    metavar="AGE",
    help="Forget runs that ended longer ago than this, such as 12h, 30d or 4w.",
)
@click.option("--dry-run", is_flag=True, help="Say how many there are, and forget none.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON, and only that.")
@database_option
@common_options
@click.pass_obj
def command(common: Common, *, older_than: float, dry_run: bool, as_json: bool) -> int:
    """Forget old runs that have ended.

    Only what is completed, failed, bailed or cancelled goes, with its history. What waits, sleeps,
    is blocked or was interrupted stays, however old it is. The file does not shrink: new runs take
    the room.
    """
    before = time.time() - older_than
    with data_channel(as_json=as_json) as out, looking(common) as database:
        count = _old(database, before) if dry_run else _forget(database, before)
        kept = sum(database.counts().values())
        if as_json:
            forgotten = 0 if dry_run else count
            write_json({"found": count, "forgotten": forgotten, "kept": kept}, out)
        elif not common.is_quiet:
            runs = "1 run" if count == 1 else f"{count:,} runs"
            text = (
                f"would forget {runs} of {kept:,}" if dry_run else f"forgot {runs}, kept {kept:,}"
            )
            show([(Span(text),)], common)
    return ExitCode.COMPLETED


def _forget(database: Database, before: float) -> int:
    total = 0
    while count := database.purge(before, _AT_ONCE):
        total += count
    return total


def _old(database: Database, before: float) -> int:
    """How many runs ended before a time."""
    return sum(row.ended is not None and row.ended < before for row in _finished(database))


def _finished(database: Database) -> Iterator[RunRow]:
    rows = database.runs(Listing(FINISHED, limit=_PAGE))
    while rows:
        yield from rows
        rows = database.runs(Listing(FINISHED, limit=_PAGE, after=rows[-1].run_id))
