"""`gostage crashtest`: kill the process of a workflow at each of its writes; nobody imports it."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gostage._app.lines import Span
from gostage._cli.common import Common, common_options, values_option
from gostage._cli.completing import targets
from gostage._cli.exits import ExitCode
from gostage._cli.output import data_channel, show, show_table, write_json
from gostage._cli.values import value_of, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage import Runner, Workflow
    from gostage._app.lines import Line
    from gostage._cli.project import Project
    from gostage._db.protocol import Database
    from gostage._run.clock import Clock
    from gostage.testing import CrashReport
    from gostage.testing._crash.bench import Outside, Witness  # 10 ms
    from gostage.testing._crash.trial import Effort

    # What opens the project again in another process.
    Again = tuple[Common, str | None, Outside, bool]


@click.command("crashtest", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", required=False, shell_complete=targets)
@values_option
@click.option(
    "--signal",
    "signals",
    multiple=True,
    metavar="NAME=VALUE",
    help="Send a signal whenever the run waits for it.",
)
@click.option("--resume-data", metavar="VALUE", help="What a step that suspends is resumed with.")
@click.option(
    "--points", type=click.IntRange(min=1), metavar="N", help="Try at most so many kill points."
)
@click.option(
    "--strikes",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Also kill from outside so often, at moments of chance.",
)
@click.option("--real-time", is_flag=True, help="Sit out sleeps instead of skipping them.")
@click.option("--seed", type=int, default=0, metavar="N", help="What chance begins with.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Keep the databases of runs that differ in this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and only that.")
@common_options
@click.pass_obj
def command(  # noqa: PLR0917  # click passes all of them by name
    common: Common,
    target: str | None,
    signals: tuple[str, ...],
    resume_data: str | None,
    points: int | None,
    strikes: int,
    real_time: bool,
    seed: int,
    keep: str | None,
    as_json: bool,
) -> int:
    """Kill a run everywhere, and see it resume.

    TARGET is what `gostage run` takes. It is run undisturbed first; then, for each write to its
    database, a real process is killed just before and just after it, and others go on with the
    run. All of them have to end alike. Each run has a
    database of its own, which is thrown away, and a clock that skips sleeps. What the actions do to
    the world outside they do as often as they are called. The exit code is 1 if anything differs.
    """
    from gostage.testing._crash.bench import NOTHING, Outside  # 60 ms: where it is used
    from gostage.testing._crash.trial import Effort

    common.as_json = as_json
    given = NOTHING if resume_data is None else value_of(resume_data)
    outside = Outside(None, values_of(signals), given)
    effort = Effort(points=points, strikes=strikes, seed=seed)
    with data_channel(as_json=as_json) as out:
        with opened(common, target, outside, not real_time) as bench:
            report = _crash(bench, effort, keep, common)
        if as_json:
            write_json(_data(report), out)
        else:
            _show(report, common)
    return ExitCode.COMPLETED if report.ok else ExitCode.FAILED


class ProjectBench:
    """What a target names, with the plugins of its project; each process makes its own runner."""

    def __init__(self, project: Project, outside: Outside, witness: Witness, again: Again) -> None:
        self._project = project
        self._witness = witness
        self._again = again
        self.outside = outside
        self.skips_time = again[-1]
        self.workflow: Workflow = project.collect().workflow

    def runner(self, database: Database, clock: Clock, witness: Witness) -> Runner:
        """Make the runner of one process; the project has a witness among its plugins already."""
        from gostage import Runner  # 54 ms: where it is used

        self._witness.diary = witness.diary
        return Runner(db=database, clock=clock, plugins=self._project.plugins)

    # Any: what pickle takes.
    def __reduce__(self) -> tuple[Any, ...]:
        """Go to another process, which opens the project again."""
        return _opened_again, (self._again,)


@contextmanager
def opened(
    common: Common, target: str | None, outside: Outside, skips_time: bool
) -> Iterator[ProjectBench]:
    """Open the project of a target, with a witness among its plugins."""
    from gostage._cli.project import open_project  # 29 ms: where it is used
    from gostage._plugins.source import Source
    from gostage.testing._crash.bench import Outside, Witness

    witness = Witness()
    source = Source("crashtest", "built in", lambda: witness)
    with open_project(common, target, [source]) as project:
        initial = project.config["set"]
        filled = Outside(initial, outside.signals, outside.resume_data)
        yield ProjectBench(project, filled, witness, (common, target, outside, skips_time))


def _opened_again(given: Again) -> ProjectBench:
    # Never closed: the process that wants it is killed sooner or later.
    return ExitStack().enter_context(opened(*given))


def _crash(bench: ProjectBench, effort: Effort, keep: str | None, common: Common) -> CrashReport:
    from gostage.testing._crash.everywhere import crash  # 60 ms: where it is used
    from gostage.testing._crash.trial import Unended

    is_watched = sys.stderr.isatty() and not common.is_quiet
    try:
        return crash(bench, effort, keep=keep, progress=_progress if is_watched else None)
    except Unended as error:
        raise click.ClickException(str(error)) from error
    finally:
        if is_watched:
            click.echo("\r\x1b[K", nl=False, err=True)


def _progress(done: int, total: int) -> None:
    click.echo(f"\r{done} of {total} kill points", nl=False, err=True)


def _show(report: CrashReport, common: Common) -> None:
    if not common.is_quiet:
        rows = [
            (step, str(count), str(report.again.get(step, 0)))
            for step, count in report.calls.items()
        ]
        show_table(("step", "called", "interrupted and called again"), rows, common)
    if not (common.is_quiet and report.ok):
        show(_lines(report), common)


def _lines(report: CrashReport) -> Iterator[Line]:
    tried = f"{report.points} kill points at {report.writes} writes, {report.processes} processes: "
    if report.ok:
        end: Line = (Span("the same end every time", "good"), Span(f", {report.status}"))
    else:
        end = (Span(f"not the same end {len(report.troubles)} times", "bad"),)
    for trouble in report.troubles:
        for number, line in enumerate(str(trouble).splitlines()):
            yield (Span(line, "plain" if number else "strong"),)
    if report.unstable:
        yield (Span(f"not compared, as it differs anyway: {', '.join(report.unstable)}", "quiet"),)
    yield (Span(f"{report.workflow}: {tried}"), *end)


# Any: JSON-able data.
def _data(report: CrashReport) -> dict[str, Any]:
    data = asdict(report)
    data["ok"] = report.ok
    return data
