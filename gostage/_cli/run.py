"""`gostage run`: run one workflow and show what became of it."""

from __future__ import annotations

import io
import math
import os
import sys
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from gostage._cli.common import Common, common_options
from gostage._cli.exits import code_of_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from gostage._app.runner import Runner
    from gostage._run.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be run, and how."""

    target: str
    settings: tuple[str, ...]
    run_id: str | None
    timeout: float | None
    detach: bool
    as_json: bool


def _seconds(ctx: click.Context, param: click.Parameter, text: str | None) -> float | None:
    """Read a number of seconds above zero."""
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise click.BadParameter(f"{text!r} is not a number of seconds above zero", ctx, param)
    return number


@click.command("run", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", default=".")
@click.option(
    "-s",
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Put a value into the store first: JSON if it parses, else text; @FILE reads a file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and only that.")
@click.option(
    "--timeout", callback=_seconds, metavar="SECONDS", help="Fail the run when it takes longer."
)
@click.option("--detach", is_flag=True, help="Come back instead of sitting out a sleep.")
@click.option("--run-id", metavar="ID", help="The id of the run; by default a new one.")
@common_options
@click.pass_obj
def command(
    common: Common,
    *,
    target: str,
    settings: tuple[str, ...],
    as_json: bool,
    timeout: float | None,
    detach: bool,
    run_id: str | None,
) -> int:
    """Run a workflow and show what became of it.

    TARGET is module:attr or path/file.py:attr, or a module or file with one workflow.
    """
    request = Request(
        target=target,
        settings=settings,
        run_id=run_id,
        timeout=timeout,
        detach=detach,
        as_json=as_json,
    )
    with _data_channel() if as_json else nullcontext(sys.stdout) as out:
        result = _run(request, common)
        if as_json:
            _write_json(result, out)
        else:
            _show(result, common)
    return code_of_status(result.status)


def _run(request: Request, common: Common) -> Result:
    # What runs is imported here: the help of this command needs none of it.
    from gostage._app.runner import Runner
    from gostage._cli.interrupts import second_kills
    from gostage._cli.logs import show_log
    from gostage._cli.target import find_workflow
    from gostage._cli.values import values_of

    initial = values_of(request.settings)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what is printed stays in order with the log
    show_log(common)
    workflow = find_workflow(request.target)
    with second_kills(), Runner() as runner:
        try:
            return runner.run(
                workflow, initial, request.run_id, request.timeout, detach=request.detach
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


def _show(result: Result, common: Common) -> None:
    from gostage._app.report import Detail, report
    from gostage._app.trace import Cut
    from gostage._cli.screen import Screen

    if common.is_quiet and result.status == "completed":
        return
    cut = Cut(with_ours=common.is_verbose, base=os.getcwd())  # noqa: PTH109
    lines = report(result, Detail(with_tree=not common.is_quiet, cut=cut))
    Screen(sys.stdout, has_color=common.has_color).show(lines)


def _write_json(result: Result, out: TextIO) -> None:
    import json  # 2 ms: only --json needs it

    from gostage._app.data import data_of
    from gostage._cli.screen import let_go

    try:
        json.dump(data_of(result), out, ensure_ascii=False, indent=2)
        out.write("\n")
        out.flush()
    except BrokenPipeError:
        let_go(out)


@contextmanager
def _data_channel() -> Iterator[TextIO]:
    """Keep standard output for data: whatever else is printed, also by programs, goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    # What UTF-8 cannot hold is escaped, which is how JSON writes it anyway.
    out = os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace")
    with out, redirect_stdout(sys.stderr):
        yield out
