"""`gostage signal`: give a run the signal it waits for, and go on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gostage._cli.answers import answer, answer_options
from gostage._cli.common import Common, common_options, setting
from gostage._cli.database import database_option
from gostage._cli.exits import ExitCode
from gostage._cli.looking import run_argument
from gostage._cli.output import write_json
from gostage._db.protocol import DONE, FINISHED

if TYPE_CHECKING:
    from gostage._run.result import Result


@click.command("signal", context_settings={"help_option_names": ["-h", "--help"]})
@run_argument()
@click.argument("name")
@answer_options
@setting("--detach", is_flag=True, help="Come back instead of sitting out a sleep.")
@click.option(
    "--no-run", is_flag=True, help="Leave the signal, and let a worker go on with the run."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and only that.")
@database_option
@common_options
@click.pass_obj
def command(  # noqa: PLR0917  # click passes all of them by name
    common: Common,
    run: str,
    name: str,
    pairs: tuple[str, ...],
    data: str | None,
    no_run: bool,
    as_json: bool,
) -> int:
    """Give a run the signal it waits for.

    RUN is the id of a run, at least four characters of its beginning, or `last`; NAME is that of
    the `receive`. If no process has the run, it goes on here, and is shown as `gostage run` shows
    it. Otherwise it is the other process that goes on, and this one comes back at once.
    """
    from gostage._cli.desk import open_desk  # 90 ms: where it is used

    value = answer(pairs, data)
    with open_desk(common, run, as_json=as_json) as desk:
        run_id, detach = desk.row.run_id, desk.project.config["detach"]

        def go_on() -> Result:
            return desk.runner.signal(run_id, name, value, detach=detach, run=not no_run)

        if not no_run and (desk.row.status in DONE or desk.row.status not in FINISHED):
            return desk.carry_on(go_on)
        result = go_on()
        if as_json:
            write_json({"run_id": run_id, "status": result.status}, desk.out)
        else:
            desk.say(_left(run_id, result.status))
    return ExitCode.COMPLETED


def _left(run_id: str, status: str) -> str:
    if status in DONE:
        return f"run {run_id} has ended already: {status}"
    if status in FINISHED:
        return f"run {run_id} is {status}; the signal is there when it is resumed"
    return f"run {run_id} has the signal; a worker goes on with it"
