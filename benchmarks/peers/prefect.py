"""Prefect: a flow of tasks, with the server that it starts for itself."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Work


@contextmanager
def prepare(steps: int) -> Iterator[Work]:
    """Keep everything it writes in the working directory."""
    os.environ.update(
        PREFECT_HOME=str(Path.cwd()),
        PREFECT_LOGGING_LEVEL="CRITICAL",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
    )
    engine = import_module("prefect")

    def noop() -> None:
        pass

    task = engine.task(noop)

    # A flow takes a second or more to begin and end, whatever is in it: only its tasks count.
    def chain() -> float:
        started = time.perf_counter()
        for _ in range(steps):
            task()
        return time.perf_counter() - started

    flow = engine.flow(chain)

    def run() -> float:
        return float(flow())

    yield run


PEER = Peer(
    name="Prefect",
    package="prefect",
    is_durable=True,
    steps=100,
    prepare=prepare,
    is_slow=True,
)
