"""`gostage cancel`: have a run stop before its next step, wherever it goes on."""

from __future__ import annotations

import click

from gostage._cli.common import Common, common_options
from gostage._cli.database import database_option
from gostage._cli.exits import ExitCode
from gostage._cli.looking import run_argument
from gostage._cli.output import write_json


@click.command("cancel", context_settings={"help_option_names": ["-h", "--help"]})
@run_argument()
@click.option("--json", "as_json", is_flag=True, help="Print what it did as JSON, and only that.")
@database_option
@common_options
@click.pass_obj
def command(common: Common, *, run: str, as_json: bool) -> int:
    """Tell a run to stop.

    RUN is the id of a run, at least four characters of its beginning, or `last`. It stops before
    its next step. A run that no process has is cancelled here, and cleans up here; one that another
    process has is asked to stop. One that has ended stays as it is. `gostage resume` lets a
    cancelled run go on.
    """
    from gostage._cli.desk import open_desk  # 90 ms: where it is used

    with open_desk(common, run, as_json=as_json) as desk:
        run_id = desk.row.run_id
        is_asked = desk.runner.cancel(run_id)
        status = desk.runner.get(run_id).status
        if as_json:
            data = {"run_id": run_id, "asked": is_asked, "status": status}
            write_json(data, desk.out)
        else:
            desk.say(_text(run_id, status, desk.holder(), is_asked=is_asked))
    return ExitCode.COMPLETED


def _text(run_id: str, status: str, holder: str, *, is_asked: bool) -> str:
    if not is_asked:
        return f"run {run_id} has ended already: {status}"
    if status == "cancelled":
        return f"run {run_id} is cancelled"
    return f"run {run_id} is asked to stop before its next step, in {holder}"
