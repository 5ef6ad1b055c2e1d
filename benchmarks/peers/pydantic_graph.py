"""pydantic-graph: a graph of asynchronous steps, one after the other."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Work


@contextmanager
def prepare(steps: int) -> Iterator[Work]:
    """Make one node for each step."""
    builder = import_module("pydantic_graph").GraphBuilder(
        state_type=type(None), input_type=type(None), output_type=type(None)
    )

    async def noop(ctx: object) -> None:
        pass

    last = builder.start_node
    for i in range(steps):
        step = builder.step(noop, node_id=f"step_{i}")
        builder.add(builder.edge_from(last).to(step))
        last = step
    builder.add(builder.edge_from(last).to(builder.end_node))
    graph = builder.build()

    def run() -> None:
        asyncio.run(graph.run(state=None, inputs=None))

    yield run


PEER = Peer(
    name="pydantic-graph",
    package="pydantic-graph",
    is_durable=False,
    steps=1_000,
    prepare=prepare,
)
