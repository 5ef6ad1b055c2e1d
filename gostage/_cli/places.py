"""Places: a runner for each folder that stored runs come from, with the plugins that count there.

A run goes on with the plugins, resources and hooks it began with, whichever process takes it up.
"""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gostage._app.collect import locate
from gostage._app.runner import Runner
from gostage._cli.project import open_project
from gostage.errors import CollectionError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from gostage._cli.common import Common
    from gostage._cli.project import Project
    from gostage._db.protocol import Database, RunRow
    from gostage._plugins.source import Source
    from gostage._run.result import Result


def place_of(row: RunRow) -> tuple[str, Path]:
    """The target that a run is of, and the folder that it is looked up from."""
    about = json.loads(row.json)
    source, root = about.get("source"), about.get("root")
    return ("." if source is None else source), (Path.cwd() if root is None else Path(root))


@contextmanager
def opened_place(common: Common, row: RunRow, built_in: Iterable[Source] = ()) -> Iterator[Project]:
    """Open the project that a run comes from, with the plugins that count where its target is.

    Where that is not there any more, it is the project of the current folder: a run whose code is
    gone can still be cancelled, and the runner says best what it misses.
    """
    target, here = place_of(row)
    try:
        locate(target, here)
    except (NotFound, CollectionError):
        target, here = ".", Path.cwd()
    with open_project(common, target, built_in, here=here) as project:
        yield project


class Places:
    """What a worker goes on with: the runs of one database, each in its place."""

    def __init__(self, database: Database, common: Common) -> None:
        self.db = database
        self._common = common
        self._runners: dict[tuple[str, Path], Runner] = {}
        self._lock = threading.Lock()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def go_on(self, run_id: str) -> Result:
        """Go on with a run until it has ended or has to wait, for time as well."""
        row = self.db.find(run_id)
        if row is None:
            raise NotFound(f"no run {run_id!r}", hint="`gostage runs` lists those there are")
        return self.runner_for(row).go_on(run_id)

    def let_go(self) -> None:
        """Have every run leave after its current step."""
        with self._lock:
            runners = list(self._runners.values())
        for runner in runners:
            runner.let_go()

    def runner_for(self, row: RunRow) -> Runner:
        """The runner of the place that a run comes from; one for each place."""
        key = place_of(row)
        with self._lock:
            runner = self._runners.get(key)
            if runner is None:
                target, here = key
                project = self._open.enter_context(open_project(self._common, target, here=here))
                # A database of its own: each runner listens to what others leave there.
                opened = Runner(self.db.url, plugins=project.plugins)
                runner = self._runners[key] = self._open.enter_context(opened)
        return runner
