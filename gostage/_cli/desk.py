"""The desk: one stored run, with a runner that has the plugins of the place it comes from.

What a command does with the run is its own; how a run that goes on looks is as in `gostage run`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gostage._app.lines import Span
from gostage._app.past.finding import find_run
from gostage._app.runner import Runner
from gostage._cli.built_in import sources
from gostage._cli.database import looking
from gostage._cli.exits import ExitCode, code_of_status
from gostage._cli.onscreen import keep_in_order, on_screen, outcome, show_result
from gostage._cli.output import data_channel, show
from gostage._cli.places import opened_place
from gostage._cli.project import check_spawner
from gostage._db.protocol import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from gostage._cli.common import Common
    from gostage._cli.project import Project
    from gostage._db.protocol import Database, RunRow
    from gostage._run.result import Result


@dataclass(frozen=True, slots=True)
class Desk:
    """A stored run, and what it takes to do something with it."""

    row: RunRow
    database: Database
    runner: Runner
    project: Project
    common: Common
    out: TextIO
    """Where data goes."""

    def carry_on(self, go_on: Callable[[], Result], run_id: str = "") -> ExitCode:
        """Have a run go on, by default that of the desk, and show what became of it."""
        if self.row.status in DONE and not run_id and not self.common.as_json:
            self.say(f"run {self.row.run_id} had ended already; this is how")
        with on_screen(self.project, self.common):
            result = outcome(self.runner, run_id or self.row.run_id, go_on)
        if result.status != "running" or self.common.as_json:
            show_result(self.project, result, self.common, self.out)
        else:
            self.say(f"run {result.run_id} goes on in {self.holder()}")
        # A run that is in good hands is no trouble of whoever asked something of it.
        return ExitCode.COMPLETED if result.status == "running" else code_of_status(result.status)

    def say(self, text: str) -> None:
        """Show a line, unless only what went wrong is to be shown."""
        if not self.common.is_quiet:
            show([(Span(text),)], self.common)

    def holder(self) -> str:
        """Who has the run now, in words."""
        row = self.database.find(self.row.run_id)
        if row is None or row.held is None:
            return "no process"
        owner = row.held.owner
        return f"process {owner.pid} on {owner.host}"


@contextmanager
def open_desk(common: Common, text: str, *, as_json: bool) -> Iterator[Desk]:
    """Find the run that is meant, and open its project as `gostage run` does."""
    common.as_json = as_json
    with data_channel(as_json=as_json) as out, looking(common) as database:
        keep_in_order()
        row = find_run(database, text)
        with opened_place(common, row, sources(common)) as project:
            check_spawner(project)
            with Runner(database, plugins=project.plugins) as runner:
                yield Desk(row, database, runner, project, common, out)
