"""DBOS: a workflow of steps, each of which is written to SQLite."""

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
    """Launch the engine on a new database."""
    engine = import_module("dbos").DBOS
    engine(
        config={
            "name": "benchmark",
            "system_database_url": "sqlite:///dbos.sqlite",
            "log_level": "ERROR",
            "run_admin_server": False,
        }
    )
    step = engine.step()(noop)

    def chain() -> None:
        for _ in range(steps):
            step()

    workflow = engine.workflow()(chain)
    engine.launch()
    try:
        yield workflow
    finally:
        engine.destroy()


PEER = Peer(name="DBOS (SQLite)", package="dbos", is_durable=True, steps=100, prepare=prepare)
