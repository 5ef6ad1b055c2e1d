"""Burr: an application of one action that follows itself."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Work


@contextmanager
def prepare(steps: int) -> Iterator[Work]:
    """Make the application anew for each batch, as for each run of a program."""
    core = import_module("burr.core")

    # Any: the state is a class of the engine.
    def noop(state: Any) -> Any:  # noqa: ANN401
        return state

    action = core.action(reads=[], writes=[])(noop)

    def run() -> None:
        builder = core.ApplicationBuilder().with_actions(noop=action)
        application = builder.with_transitions(("noop", "noop")).with_entrypoint("noop").build()
        for _ in range(steps):
            application.step()

    yield run


PEER = Peer(name="Burr", package="burr", is_durable=False, steps=1_000, prepare=prepare)
