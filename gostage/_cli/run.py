"""`gostage run`: run one workflow and show what became of it."""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gostage._cli.built_in import is_midline, output_of, sources, teller
from gostage._cli.common import Common, common_options, setting, values_option
from gostage._cli.complaints import complain
from gostage._cli.completing import targets
from gostage._cli.exits import code_of_status
from gostage._cli.output import data_channel, show, write_json
from gostage._cli.selecting import leave_out, selection_options
from gostage.errors import GostageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.runner import Runner
    from gostage._cli.project import Project
    from gostage._run.result import Result
    from gostage._run.workflow import Workflow


class Seconds(click.ParamType[float]):
    """A number of seconds above zero."""

    name = "seconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it."""
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number > 0):
            self.fail(f"{value!r} is not a number of seconds above zero", param, ctx)
        return number


def _some_text(ctx: click.Context, param: click.Parameter, text: str | None) -> str | None:
    if text == "":
        raise click.BadParameter("it is empty", ctx, param)
    return text


@click.command("run", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", required=False, shell_complete=targets)
@values_option
@selection_options
@click.option("--collect-only", is_flag=True, help="Show what would run, and run nothing.")
@click.option(
    "--dry-run", is_flag=True, help="Show what would run and what is wrong with it; run nothing."
)
@setting("-x", "--exit-first", is_flag=True, help="End at the first failure: nothing is retried.")
@setting("--timeout", type=Seconds(), metavar="SECONDS", help="Fail the run when it takes longer.")
@setting("--detach", is_flag=True, help="Come back instead of sitting out a sleep.")
@setting(
    "--progress/--no-progress", default=None, help="Show a live view; by default on a terminal."
)
@click.option(
    "--run-id",
    metavar="ID",
    callback=_some_text,
    help="The id of the run; by default a new one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and only that.")
@common_options
@click.pass_obj
def command(
    common: Common,
    *,
    target: str | None,
    collect_only: bool,
    dry_run: bool,
    run_id: str | None,
    as_json: bool,
) -> int:
    """Run a workflow and show what became of it.

    TARGET is module:attr, path/file.py:attr, a module, a file, or a folder with stage modules. By
    default it is that of the configuration, else the current folder.
    """
    from gostage._cli.project import open_project  # 29 ms: where it is used

    common.as_json = as_json
    with (
        data_channel(as_json=as_json) as out,
        open_project(common, target, sources(common)) as project,
    ):
        _keep_in_order()
        collected = project.collect()
        left_out = leave_out(collected.workflow, project.config)
        if collect_only or dry_run:
            from gostage._cli.preview import preview  # 2 ms: where it is used

            return preview(project, collected, left_out, common, out, with_check=dry_run)
        with _own_stdout():
            result = _run(project, collected.workflow, run_id, common)
        if as_json:
            from gostage._app.data import data_of

            write_json(data_of(result), out)
        else:
            _show(project, result, common)
    return code_of_status(result.status)


@contextmanager
def _own_stdout() -> Iterator[None]:
    """Have standard output back after the run, whatever its actions have made of it."""
    before = sys.stdout
    try:
        yield
    finally:
        sys.stdout = sys.stderr if before.closed else before


def _keep_in_order() -> None:
    """What is printed stays in order with the log."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _run(project: Project, workflow: Workflow, run_id: str | None, common: Common) -> Result:
    # What runs is imported here: the help of this command needs none of it.
    from gostage._app.runner import Runner  # 54 ms: where it is used
    from gostage._cli.interrupts import second_kills
    from gostage._cli.logs import show_log

    config, plugins = project.config, project.plugins
    show_log(common)
    _show_header(project, common)
    with second_kills(teller(plugins)), Runner(plugins=plugins) as runner:
        try:
            return runner.run(
                workflow, config["set"], run_id, config["timeout"], detach=config["detach"]
            )
        except Exception:
            raise
        except BaseException:  # Ctrl-C, an exit: raised once the run has cleaned up
            result = _last_result(runner)
            if result is None:
                raise
            return result


def _last_result(runner: Runner) -> Result | None:
    runs = runner.runs(limit=1)
    return runner.result(runs[0].run_id) if runs else None


def _show_header(project: Project, common: Common) -> None:
    """Show what plugins have to say before the run."""
    if common.is_quiet or common.as_json:
        return
    for said in project.plugins.call("gostage_report_header", config=project.config):
        is_several = isinstance(said, Iterable) and not isinstance(said, str)
        for line in said if is_several else [said]:
            click.echo(line)


def _show(project: Project, result: Result, common: Common) -> None:
    from gostage._app.report import Detail, report  # 5 ms: where it is used
    from gostage._app.trace import Cut

    if is_midline(project.plugins):
        click.echo()
    if common.is_quiet and result.status == "completed":
        return
    detail = Detail(
        with_tree=not common.is_quiet,
        with_all=common.is_verbose,
        cut=Cut(with_ours=common.is_verbose, base=os.getcwd()),  # noqa: PTH109
        output_of=output_of(project.plugins),
    )
    show(report(result, detail), common)
    if not common.is_quiet:
        _show_summaries(project, result, common)


def _show_summaries(project: Project, result: Result, common: Common) -> None:
    """Show what plugins have to say after the run; the exit code stays that of the run."""
    if not project.plugins.implementations("gostage_summary"):
        return
    from gostage._cli.screen import rich_console  # 36 ms for rich, where a plugin wants it

    console = rich_console(sys.stdout, has_color=common.has_color)
    try:
        project.plugins.call("gostage_summary", result=result, console=console)
    except GostageError as error:
        complain(str(error), error.hint, str(error.where))
