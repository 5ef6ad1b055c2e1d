"""Commands: what the help shows of each, and where it lives; none of them is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as the help shows it, and the module where it lives."""

    module: str
    summary: str


# Known beforehand, so that the help imports no command.
COMMANDS: Final = {
    "run": Entry("gostage._cli.run", "Run a workflow and show what became of it."),
    "list": Entry("gostage._cli.list", "List what can be run."),
    "check": Entry("gostage._cli.check", "Find mistakes in a workflow before anything of it runs."),
    "graph": Entry("gostage._cli.graph", "Draw a workflow: as a tree, for mermaid or for dot."),
    "plugins": Entry("gostage._cli.plugins", "List the plugins, and where each comes from."),
    "hooks": Entry("gostage._cli.hooks", "List the hooks, and who implements them."),
    "config": Entry("gostage._cli.config", "Show the settings, and where each comes from."),
    "init": Entry("gostage._cli.init", "Begin a project that runs."),
    "completions": Entry("gostage._cli.completions", "Print a script that completes commands."),
}
