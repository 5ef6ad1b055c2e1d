"""`gostage fork`: make a new run that stands where another one stood, and run it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from gostage._app.lines import Span
from gostage._cli.common import Common, common_options, setting
from gostage._cli.database import database_option
from gostage._cli.exits import ExitCode
from gostage._cli.looking import run_argument
from gostage._cli.output import show, write_json

if TYPE_CHECKING:
    from gostage._run.result import Result


@click.command("fork", context_settings={"help_option_names": ["-h", "--help"]})
@run_argument()
@click.option(
    "--from",
    "step",
    required=True,
    metavar="STEP",
    help="Begin before this step, with the store as it was then.",
)
@setting("--detach", is_flag=True, help="Come back instead of sitting out a sleep.")
@click.option("--no-run", is_flag=True, help="Leave the new run to a worker, or to a resume.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and only that.")
@database_option
@common_options
@click.pass_obj
def command(common: Common, *, run: str, step: str, no_run: bool, as_json: bool) -> int:
    """Start a new run from a step of another one.

    RUN is the id of a run, at least four characters of its beginning, or `last`; STEP is the path
    of a step, as `gostage show` has it. The new run goes on from there with the code as it is now;
    the other one stays as it is.
    """
    from gostage._cli.desk import open_desk  # 90 ms: where it is used

    with open_desk(common, run, as_json=as_json) as desk:
        new_id = desk.runner.fork(desk.row.run_id, step)
        if no_run:
            desk.database.wake(new_id, time.time())
        if no_run and as_json:
            write_json({"run_id": new_id, "status": "pending"}, desk.out)
        elif not as_json:
            show([(Span(new_id),)], common)
        if no_run:
            return ExitCode.COMPLETED
        detach = desk.project.config["detach"]

        def go_on() -> Result:
            return desk.runner.resume(new_id, detach=detach)

        return desk.carry_on(go_on, new_id)
