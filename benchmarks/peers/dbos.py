"""DBOS: a workflow of steps, each of which is written to SQLite."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Work


def noop() -> None:
    """Do nothing."""


@contextmanager
def prepare(steps: int, settings: Sequence[str] = ()) -> Iterator[Work]:
    """Launch the engine on a new database."""
    _set(settings)
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


def _set(settings: Sequence[str]) -> None:
    """Have every connection that the engine opens begin with these."""
    if not settings:
        return
    sqlalchemy = import_module("sqlalchemy")

    # Any: a connection of the driver, and what the engine knows of it.
    def begin(connection: Any, record: Any) -> None:  # noqa: ANN401
        for setting in settings:
            connection.execute(setting)

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", begin)


PEER = Peer(name="DBOS (SQLite)", package="dbos", is_durable=True, steps=100, prepare=prepare)
DEFAULT = PEER
NORMAL = Peer(
    name="DBOS, the same with WAL and NORMAL",
    package="dbos",
    is_durable=True,
    steps=100,
    prepare=partial(prepare, settings=("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")),
    synchronous="NORMAL",
)
