"""`gostage check`: what is wrong with a workflow, before anything of it runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from gostage._app.check.findings import counts, summary
from gostage._app.lines import Span
from gostage._cli.built_in import sources
from gostage._cli.common import Common, common_options, values_option
from gostage._cli.completing import targets
from gostage._cli.exits import ExitCode
from gostage._cli.output import data_channel, short, show, write_json
from gostage._cli.selecting import leave_out, selection_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gostage._app.check.findings import Finding, Level
    from gostage._app.lines import Line, Style

    # Any: JSON-able data.
    Data = dict[str, Any]

_STYLES: Final[dict[Level, Style]] = {"error": "bad", "warning": "notable", "note": "quiet"}


@click.command("check", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", required=False, shell_complete=targets)
@values_option
@selection_options
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON, and only that.")
@common_options
@click.pass_obj
def command(common: Common, *, target: str | None, strict: bool, as_json: bool) -> int:
    """Find mistakes in a workflow before anything of it runs.

    TARGET is what `gostage run` takes. Errors make a run fail, warnings probably do, and notes,
    which `-v` shows, are worth knowing. The exit code is 1 if there are errors.
    """
    from gostage._app.check.around import check_in_project  # 58 ms: where it is used
    from gostage._cli.project import open_project

    with (
        data_channel(as_json=as_json) as out,
        open_project(common, target, built_in=sources(common)) as project,
    ):
        collected = project.collect()
        left = leave_out(collected.workflow, project.config)
        is_all = "set" in common.given
        findings = check_in_project(
            collected.workflow,
            project.config,
            project.plugins,
            left,
            is_all=is_all,
            folder=project.stage_folder,
            files=collected.files,
        )
        if as_json:
            write_json(_data(collected.target, collected.workflow.id, findings), out)
        else:
            show_findings(findings, collected.workflow.id, common)
    counted = counts(findings)
    return code_of_findings(counted, strict=strict)


def code_of_findings(counted: dict[Level, int], *, strict: bool = False) -> ExitCode:
    """What the shell learns about findings."""
    is_bad = counted["error"] or (strict and counted["warning"])
    return ExitCode.FAILED if is_bad else ExitCode.COMPLETED


def show_findings(findings: Sequence[Finding], workflow: str, common: Common) -> None:
    """Show what was found, and how much there is of it; notes only to who wants to see all."""
    shown = [each for each in findings if each.level != "note" or common.is_verbose]
    lines = [line for each in shown for line in _lines(each, workflow)]
    if not common.is_quiet:
        lines += () if common.is_verbose else _expected(findings)
        lines.append(_summary(findings, workflow, common))
    show(lines, common)


def _lines(finding: Finding, workflow: str) -> Iterator[Line]:

    yield (
        Span(f"{_place(finding, workflow)}: ", "strong"),
        Span(f"{finding.level}:", _STYLES[finding.level]),
        Span(f" [{finding.code}] {finding.message}"),
    )
    if finding.hint:
        yield (Span(f"    hint: {finding.hint}", "quiet"),)


def _expected(findings: Sequence[Finding]) -> Iterator[Line]:
    """The keys that have to come from outside, each with the line that takes it."""
    notes = [each for each in findings if (each.code, each.level) == ("missing-input", "note")]
    taken = {each.about: each for each in reversed(notes)}
    if taken:
        places = (f"{key!r} ({_place(each, each.path)})" for key, each in sorted(taken.items()))
        yield (Span(f"from outside: {', '.join(places)}"),)


def _place(finding: Finding, workflow: str) -> str:

    if finding.file is None:
        return finding.path or workflow
    line = "" if finding.line is None else f":{finding.line}"
    return f"{short(finding.file)}{line}"


def _summary(findings: Sequence[Finding], workflow: str, common: Common) -> Line:

    counted = counts(findings)
    found = summary(counted, ("error", "warning")) or "nothing wrong"
    style: Style = "bad" if counted["error"] else "notable" if counted["warning"] else "good"
    notes = summary(counted, ("note",))
    rest = "" if common.is_verbose or not notes else f" ({notes}: -v shows more)"
    if common.is_verbose and notes:
        rest = f", {notes}"
    return Span(f"{workflow}: "), Span(found, style), Span(rest, "quiet")


def _data(target: str, workflow: str, findings: Sequence[Finding]) -> Data:

    return {
        "target": target,
        "workflow": workflow,
        "findings": [asdict(each) for each in findings],
        "counts": dict(counts(findings)),
    }
