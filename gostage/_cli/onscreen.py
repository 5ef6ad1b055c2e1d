"""On screen: how a command has a run go on before somebody's eyes, and shows what became of it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gostage._cli.built_in import is_midline, output_of, teller
from gostage._cli.complaints import complain
from gostage._cli.database import database_url, db_option
from gostage._cli.output import show, write_json
from gostage.errors import GostageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from gostage._app.runner import Runner
    from gostage._cli.common import Common
    from gostage._cli.project import Project
    from gostage._run.result import Result


def keep_in_order() -> None:
    """What is printed stays in order with the log."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


@contextmanager
def on_screen(project: Project, common: Common) -> Iterator[None]:
    """Show the log, and what plugins have to say before a run; the second Ctrl-C kills inside."""
    from gostage._cli.interrupts import second_kills  # 2 ms, as the next one: where a run goes on
    from gostage._cli.logs import show_log

    show_log(common)
    _show_header(project, common)
    with _own_stdout(), second_kills(teller(project.plugins)):
        yield


def outcome(runner: Runner, run_id: str, go_on: Callable[[], Result]) -> Result:
    """Have a run go on; Ctrl-C, or an exit, gives a result as well once the run has cleaned up."""
    try:
        return go_on()
    except Exception:
        raise
    except BaseException:
        result = runner.result(run_id)
        if result is None:
            raise
        return result


def show_result(project: Project, result: Result, common: Common, out: TextIO) -> None:
    """Show what became of a run, as data or for people."""
    if common.as_json:
        from gostage._app.data import data_of  # 2 ms: where it is used

        write_json(data_of(result), out)
    else:
        _show(project, result, common)


@contextmanager
def _own_stdout() -> Iterator[None]:
    """Have standard output back after the run, whatever its actions have made of it."""
    before = sys.stdout
    try:
        yield
    finally:
        sys.stdout = sys.stderr if before.closed else before


def _show_header(project: Project, common: Common) -> None:
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
        is_stored=database_url(project.config, common) is not None,
        db=db_option(project.config, common),
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
