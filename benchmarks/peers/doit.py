"""doit: a list of tasks that are never up to date; the results are written at the end of a run."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Work


def noop() -> None:
    """Do nothing."""


@contextmanager
def prepare(steps: int) -> Iterator[Work]:
    """Make one task for each step; the backend is the one that every Python has."""
    loader = import_module("doit.cmd_base").ModuleTaskLoader
    main = import_module("doit.doit_cmd").DoitMain

    def task_noop() -> Iterator[dict[str, object]]:
        for i in range(steps):
            yield {"name": str(i), "actions": [noop]}

    options = {"reporter": "zero", "verbosity": 0, "backend": "sqlite3"}

    def run() -> None:
        if main(loader({"task_noop": task_noop, "DOIT_CONFIG": options})).run(["run"]) != 0:
            raise RuntimeError("doit did not run its tasks")

    yield run


PEER = Peer(name="doit", package="doit", is_durable=False, steps=1_000, prepare=prepare)
