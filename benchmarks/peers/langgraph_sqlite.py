"""LangGraph with its SQLite checkpointer: every node is written before the next one begins."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING

from benchmarks.peers.langgraph import State, noop
from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Work


@contextmanager
def prepare(steps: int, synchronous: str) -> Iterator[Work]:
    """Make one node for each step; each batch is a thread of its own in the file."""
    os.environ["LANGSMITH_TRACING"] = "false"
    module = import_module("langgraph.graph")
    saver = import_module("langgraph.checkpoint.sqlite").SqliteSaver
    connection = sqlite3.connect("langgraph.sqlite", check_same_thread=False)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    graph = module.StateGraph(State)
    for i in range(steps):
        graph.add_node(f"step_{i}", noop)
    for i in range(1, steps):
        graph.add_edge(f"step_{i - 1}", f"step_{i}")
    graph.add_edge(module.START, "step_0")
    graph.add_edge(f"step_{steps - 1}", module.END)
    compiled = graph.compile(checkpointer=saver(connection))
    threads = count()

    def run() -> None:
        config = {"recursion_limit": steps + 10, "configurable": {"thread_id": str(next(threads))}}
        compiled.invoke({"x": 0}, config, durability="sync")

    try:
        yield run
    finally:
        connection.close()


DEFAULT = Peer(
    name="LangGraph, its checkpointer in SQLite",
    package="langgraph",
    is_durable=True,
    steps=100,
    prepare=partial(prepare, synchronous="FULL"),
)
NORMAL = Peer(
    name="LangGraph, the same with NORMAL",
    package="langgraph",
    is_durable=True,
    steps=100,
    prepare=partial(prepare, synchronous="NORMAL"),
    synchronous="NORMAL",
)
