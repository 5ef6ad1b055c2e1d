"""The preview of a run: what would run, and on request what is wrong with it; nothing runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from gostage._app.check.findings import counts
from gostage._cli.exits import ExitCode
from gostage._cli.output import show, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from gostage._app.check.findings import Finding
    from gostage._app.collect import Collected
    from gostage._cli.common import Common
    from gostage._cli.project import Project


def preview(
    project: Project,
    collected: Collected,
    left_out: frozenset[str],
    common: Common,
    out: TextIO,
    *,
    with_check: bool,
) -> int:
    """Show what would run; with a check also what is wrong with it, which may be an error."""
    findings = _check(project, collected, left_out) if with_check else []
    if common.as_json:
        _write(collected, left_out, findings if with_check else None, out)
    else:
        _show(collected, left_out, findings if with_check else None, common)
    if not with_check:
        return ExitCode.COMPLETED
    from gostage._cli.check import code_of_findings  # 4 ms: where it is used

    return code_of_findings(counts(findings))


def _check(project: Project, collected: Collected, left_out: frozenset[str]) -> Sequence[Finding]:
    from gostage._app.check.around import check_in_project  # 20 ms: only a dry run checks

    # A run is given these values and no others, so what it lacks is known.
    return check_in_project(
        collected.workflow,
        project.config,
        project.plugins,
        left_out,
        is_all=True,
        folder=project.stage_folder,
        files=collected.files,
    )


def _show(
    collected: Collected,
    left_out: frozenset[str],
    findings: Sequence[Finding] | None,
    common: Common,
) -> None:
    from gostage._app.outline import outline  # 11 ms: where it is used

    show(outline(collected.workflow, left_out), common)
    if findings is not None:
        from gostage._cli.check import show_findings  # 2 ms

        show_findings(findings, collected.workflow.id, common)


def _write(
    collected: Collected,
    left_out: frozenset[str],
    findings: Sequence[Finding] | None,
    out: TextIO,
) -> None:

    from gostage._app.listing import data_of  # 10 ms: where it is used

    data = data_of(collected, collected.target, left_out)
    if findings is not None:
        data["findings"] = [asdict(each) for each in findings]
    write_json(data, out)
