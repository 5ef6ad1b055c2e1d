"""`gostage run`: run one workflow and show what became of it."""

from __future__ import annotations

import uuid
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import click

from gostage._cli.built_in import sources
from gostage._cli.common import Common, common_options, setting, values_option
from gostage._cli.completing import targets
from gostage._cli.database import database_options, database_url
from gostage._cli.exits import code_of_status
from gostage._cli.onscreen import keep_in_order, on_screen, outcome, show_result
from gostage._cli.output import data_channel
from gostage._cli.seconds import Seconds
from gostage._cli.selecting import leave_out, selection_options
from gostage.errors import NotImportable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.collected import Collected
    from gostage._app.runner import Runner
    from gostage._cli.project import Project
    from gostage._run.result import Result
    from gostage._run.workflow import Workflow


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
@database_options
@setting("--detach", is_flag=True, help="Come back instead of sitting out a sleep.")
@setting("--wait", is_flag=True, help="Sit out a receive too, until the signal comes.")
@setting(
    "--progress/--no-progress", default=None, help="Show a live view; by default on a terminal."
)
@setting(
    "--spawner",
    metavar="NAME",
    help="Where children run of which the code does not say it; by default `process`.",
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
    from gostage._cli.project import check_spawner, open_project  # 29 ms: where it is used

    common.as_json = as_json
    with (
        data_channel(as_json=as_json) as out,
        open_project(common, target, sources(common)) as project,
    ):
        keep_in_order()
        collected = project.collect()
        left_out = leave_out(collected.workflow, project.config)
        if collect_only or dry_run:
            from gostage._cli.preview import preview  # 2 ms: where it is used

            return preview(project, collected, left_out, common, out, with_check=dry_run)
        check_spawner(project)
        with _runner(project, collected, common) as runner:
            result = _run(runner, project, collected.workflow, run_id, common)
            show_result(project, result, common, out)
    return code_of_status(result.status)


def _run(
    runner: Runner, project: Project, workflow: Workflow, run_id: str | None, common: Common
) -> Result:
    config = project.config
    id_ = run_id or uuid.uuid4().hex
    with _with_a_way_out(runner), on_screen(project, common):
        return outcome(
            runner,
            id_,
            lambda: runner.run(
                workflow,
                config["set"],
                id_,
                config["timeout"],
                detach=config["detach"],
                wait=config["wait"],
            ),
        )


@contextmanager
def _with_a_way_out(runner: Runner) -> Iterator[None]:
    """Where code cannot be found again, say that a run in memory has no need of it."""
    try:
        yield
    except NotImportable as error:
        if runner.db is None:
            raise
        hint = f"{error.hint}; or keep the run in memory with --no-db"
        raise NotImportable(error.message, hint=hint, where=error.where) from error


@contextmanager
def _runner(project: Project, collected: Collected, common: Common) -> Iterator[Runner]:
    """A runner whose runs are found again in any process, by what was collected here."""
    from gostage._app.runner import Runner  # 54 ms: where it is used
    from gostage._cli.database import open_database

    url = database_url(project.config, common)
    with ExitStack() as stack:
        database = None
        if url is not None:
            database = stack.enter_context(closing(open_database(url, project.plugins)))
        runner = stack.enter_context(Runner(database, plugins=project.plugins))
        runner.found_by(collected.target, project.config.root)
        yield runner
