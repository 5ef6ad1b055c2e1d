"""`gostage graph`: a workflow as a tree, for mermaid, for dot or as data; nothing of it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from gostage._cli.built_in import sources
from gostage._cli.common import Common, common_options
from gostage._cli.completing import targets
from gostage._cli.exits import ExitCode
from gostage._cli.output import data_channel, show, write_json
from gostage._cli.screen import let_go
from gostage._cli.selecting import leave_out, selection_options

if TYPE_CHECKING:
    from typing import TextIO

    from gostage._run.workflow import Workflow

FORMATS: Final = ("text", "mermaid", "dot")


def _known(ctx: click.Context, _: click.Parameter, word: str | None) -> str | None:
    """Let a format pass; an unknown one gets the closest."""
    if word is not None and word not in FORMATS:
        from gostage._cli.root import UnknownName  # the root imports this module

        message = f"there is no format {word!r}, only {', '.join(FORMATS)}"
        raise UnknownName(message, word, FORMATS, ctx)
    return word


@click.command("graph", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", required=False, shell_complete=targets)
@click.option(
    "--format",
    "language",
    callback=_known,
    metavar="|".join(FORMATS),
    help="A tree for the terminal (the default), or a picture of the control flow.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the graph as JSON, and only that.")
@selection_options
@common_options
@click.pass_obj
def command(common: Common, *, target: str | None, language: str | None, as_json: bool) -> int:
    """Draw a workflow: as a tree, for mermaid or for dot.

    TARGET is what `gostage run` takes. What a run inserts is not known before it runs; what is
    switched off, or not selected, is drawn as skipped. `-v` adds descriptions to the tree.
    """
    from gostage._cli.project import open_project  # 29 ms: where it is used

    if as_json and language is not None:
        raise click.UsageError("--json and --format exclude each other")
    is_text = not as_json and language in {None, "text"}
    with (
        data_channel(as_json=not is_text) as out,
        open_project(common, target, built_in=sources(common)) as project,
    ):
        workflow = project.collect().workflow
        leave_out(workflow, project.config)
        if is_text:
            _show_tree(workflow, common)
        elif as_json:
            _write_data(workflow, out)
        else:
            _write_picture(workflow, language, out)
    return ExitCode.COMPLETED


def _show_tree(workflow: Workflow, common: Common) -> None:
    from gostage._app.outline import outline  # 11 ms: where it is used

    show(outline(workflow, with_descriptions=common.is_verbose), common)


def _write_data(workflow: Workflow, out: TextIO) -> None:
    from gostage._app.graph.data import graph_data  # 9 ms

    write_json(graph_data(workflow), out)


def _write_picture(workflow: Workflow, language: str | None, out: TextIO) -> None:
    from gostage._app.graph.dot import dot  # 19 ms: where it is used
    from gostage._app.graph.mermaid import mermaid

    try:
        out.write(mermaid(workflow) if language == "mermaid" else dot(workflow))
        out.flush()
    except BrokenPipeError:
        let_go(out)
