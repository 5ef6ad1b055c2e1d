"""Burr with its SQLite persister: an application of one action that follows itself."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any

from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Work


@contextmanager
def prepare(steps: int, settings: Sequence[str] = ()) -> Iterator[Work]:
    """Make the application anew for each batch, as for each run of a program."""
    core = import_module("burr.core")
    persister = import_module("burr.core.persistence").SQLitePersister.from_values("burr.sqlite")
    for setting in settings:
        persister.connection.execute(setting)
    persister.initialize()

    # Any: the state is a class of the engine.
    def noop(state: Any) -> Any:  # noqa: ANN401
        return state

    action = core.action(reads=[], writes=[])(noop)
    names = count()

    def run() -> None:
        builder = core.ApplicationBuilder().with_actions(noop=action)
        builder = builder.with_transitions(("noop", "noop")).with_entrypoint("noop")
        builder = builder.with_identifiers(app_id=str(next(names)), partition_key="benchmark")
        application = builder.with_state_persister(persister).build()
        for _ in range(steps):
            application.step()

    yield run


DEFAULT = Peer(
    name="Burr, its persister in SQLite",
    package="burr",
    is_durable=True,
    steps=100,
    prepare=prepare,
)
NORMAL = Peer(
    name="Burr, the same with WAL and NORMAL",
    package="burr",
    is_durable=True,
    steps=100,
    prepare=partial(prepare, settings=("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")),
    synchronous="NORMAL",
)
