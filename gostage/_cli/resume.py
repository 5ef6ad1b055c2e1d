"""`gostage resume`: go on with a run where it stands, or with all that can go on."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import click

from gostage._app.lines import Span
from gostage._app.past.saved import branches_of
from gostage._cli.answers import answer, answer_options
from gostage._cli.common import Common, common_options, setting
from gostage._cli.database import database_option, looking
from gostage._cli.exits import ExitCode, code_of_status
from gostage._cli.looking import run_argument
from gostage._cli.onscreen import keep_in_order
from gostage._cli.output import data_channel, show, write_json
from gostage._cli.seconds import Seconds
from gostage._db.protocol import Listing
from gostage.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gostage._app.worknotes import WorkNote
    from gostage._db.protocol import Database, RunRow
    from gostage._run.result import Result

_WORST: Final = (
    ExitCode.FAILED,
    ExitCode.BLOCKED,
    ExitCode.INTERRUPTED,
    ExitCode.WAITING,
    ExitCode.BAILED,
)
"""Of several runs, the first of these that one ends with counts."""


@click.command("resume", context_settings={"help_option_names": ["-h", "--help"]})
@run_argument(required=False)
@click.option("--all", "is_all", is_flag=True, help="Go on with every run that can go on now.")
@answer_options
@click.option(
    "--accept-changes", is_flag=True, help="Go on although the steps of the workflow have changed."
)
@setting("--timeout", type=Seconds(), metavar="SECONDS", help="Give the run this time from now.")
@setting("--detach", is_flag=True, help="Come back instead of sitting out a sleep.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and only that.")
@database_option
@common_options
@click.pass_obj
def command(  # noqa: PLR0917  # click passes all of them by name
    common: Common,
    run: str | None,
    is_all: bool,
    pairs: tuple[str, ...],
    data: str | None,
    accept_changes: bool,
    as_json: bool,
) -> int:
    """Let a run go on where it stands.

    RUN is the id of a run, at least four characters of its beginning, or `last`, which it is by
    default. A run that failed or was cancelled tries again where it stopped; what it had finished
    is not done again. One that waits in `ctx.suspend` gets what -s or --data say.

    With --all these go on, one after the other and each up to its next sleep: what was interrupted,
    what nobody has begun, and what is due. Runs that failed do not, nor do those that wait for
    somebody.
    """
    value = answer(pairs, data)
    if is_all:
        _check_alone(run, value, accept_changes=accept_changes)
        return _resume_all(common, as_json=as_json)
    from gostage._cli.desk import open_desk  # 90 ms: where it is used

    with open_desk(common, run or "last", as_json=as_json) as desk:
        run_id, detach = desk.row.run_id, desk.project.config["detach"]

        if value is not None:
            _check_suspended(desk.database, desk.row)

        def go_on() -> Result:
            return desk.runner.resume(
                run_id,
                value,
                detach=detach,
                accept_changes=accept_changes,
                timeout=common.given.get("timeout"),
            )

        return desk.carry_on(go_on)


def _check_suspended(database: Database, row: RunRow) -> None:
    """Refuse an answer where nobody has asked: it would be lost."""
    stored = database.stored(row.run_id)
    position = {} if stored is None else json.loads(stored.position_json)
    if not any(each.get("do") == "hold" for each in branches_of(position).values()):
        raise NotFound(
            f"run {row.run_id!r} has no suspended step that could take -s or --data",
            hint="`gostage show` says what it waits for; a receive takes `gostage signal`",
        )


def _check_alone(run: str | None, value: object, *, accept_changes: bool) -> None:
    if run is not None:
        raise click.UsageError(f"--all goes on with all runs, not just with {run!r}")
    if value is not None or accept_changes:
        raise click.UsageError("-s, --data and --accept-changes are for one run: name it")


# -------------------------------------------------------------------- all of them


def _resume_all(common: Common, *, as_json: bool) -> int:
    from gostage._app.worker import Worker  # 60 ms, all of them: where they are used
    from gostage._cli.interrupts import second_kills
    from gostage._cli.logs import show_log  # 3 ms
    from gostage._cli.places import Places  # 28 ms
    from gostage._cli.work import STOPPING, as_text, data_of, run_at_work, stopping

    common.as_json = as_json
    notes: list[WorkNote] = []
    tell = as_text(common)

    def note(each: WorkNote) -> None:
        if each.what in {"left", "put_aside"}:
            notes.append(each)
        if not as_json:
            tell(each)

    with data_channel(as_json=as_json) as out, looking(common) as database:
        keep_in_order()
        show_log(common, run_at_work)
        _call_for_pending(database)
        with second_kills(first=STOPPING), Places(database, common) as places:
            worker = Worker(places, concurrency=1, tell=note)
            with stopping(worker):
                is_clean = worker.run_due()
        if as_json:
            write_json([data_of(each) for each in notes], out)
        elif not notes and not common.is_quiet:
            show([(Span("no run can go on now"),)], common)
    return _code_of(notes) if is_clean else ExitCode.INTERRUPTED


def _call_for_pending(database: Database) -> None:
    """Have those begin that nobody has begun."""
    now = time.time()
    for row in database.runs(Listing(("pending",))):
        if row.held is None and row.due is None:
            database.wake(row.run_id, now)


def _code_of(notes: Sequence[WorkNote]) -> ExitCode:
    codes = {_code_of_note(each) for each in notes}
    return next((each for each in _WORST if each in codes), ExitCode.COMPLETED)


def _code_of_note(note: WorkNote) -> ExitCode:
    if note.what == "put_aside":
        return ExitCode.FAILED
    status: Any = note.status  # Any: one of the words of `Status`
    return code_of_status(status)
