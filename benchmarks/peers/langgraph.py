"""LangGraph: a chain of nodes, without a checkpointer."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, TypedDict

from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Work


class State(TypedDict):
    """What the nodes hand on."""

    x: int


def noop(state: State) -> dict[str, int]:
    """Change nothing."""
    return {}


@contextmanager
def prepare(steps: int) -> Iterator[Work]:
    """Make one node for each step."""
    os.environ["LANGSMITH_TRACING"] = "false"
    module = import_module("langgraph.graph")
    graph = module.StateGraph(State)
    for i in range(steps):
        graph.add_node(f"step_{i}", noop)
    for i in range(1, steps):
        graph.add_edge(f"step_{i - 1}", f"step_{i}")
    graph.add_edge(module.START, "step_0")
    graph.add_edge(f"step_{steps - 1}", module.END)
    compiled = graph.compile()

    def run() -> None:
        compiled.invoke({"x": 0}, {"recursion_limit": steps + 10})

    yield run


# Its cost per node grows with the number of nodes.
PEER = Peer(name="LangGraph", package="langgraph", is_durable=False, steps=200, prepare=prepare)
