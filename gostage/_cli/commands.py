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
    "runs": Entry("gostage._cli.runs", "List the runs, newest first."),
    "show": Entry("gostage._cli.show", "Show what a run did, and what it waits for."),
    "diff": Entry("gostage._cli.diff", "Compare two runs."),
    "tail": Entry("gostage._cli.tail", "Follow what happens to a run."),
    "resume": Entry("gostage._cli.resume", "Let a run go on where it stands."),
    "signal": Entry("gostage._cli.signal", "Give a run the signal it waits for."),
    "cancel": Entry("gostage._cli.cancel", "Tell a run to stop."),
    "fork": Entry("gostage._cli.fork", "Start a new run from a step of another one."),
    "gc": Entry("gostage._cli.gc", "Forget old runs that have ended."),
    "worker": Entry("gostage._cli.worker", "Go on with runs when they are due."),
    "crashtest": Entry("gostage._cli.crashtest", "Kill a run everywhere, and see it resume."),
    "plugins": Entry("gostage._cli.plugins", "List the plugins, and where each comes from."),
    "hooks": Entry("gostage._cli.hooks", "List the hooks, and who implements them."),
    "config": Entry("gostage._cli.config", "Show the settings, and where each comes from."),
    "init": Entry("gostage._cli.init", "Begin a project that runs."),
    "completions": Entry("gostage._cli.completions", "Print a script that completes commands."),
}
