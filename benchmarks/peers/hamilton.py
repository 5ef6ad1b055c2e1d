"""Hamilton: a driver over a chain of functions, each of which asks for the one before."""

from __future__ import annotations

import os
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
    os.environ["HAMILTON_TELEMETRY_ENABLED"] = "false"
    driver = import_module("hamilton.driver")
    modifiers = import_module("hamilton.function_modifiers")
    temporary = import_module("hamilton.ad_hoc_utils").create_temporary_module

    def step_0() -> int:
        return 0

    def step(before: int) -> int:
        return before

    others = {f"step_{i}": {"before": modifiers.source(f"step_{i - 1}")} for i in range(1, steps)}
    module = temporary(step_0, modifiers.parameterize(**others)(step), module_name="chain")
    built = driver.Builder().with_modules(module).build()

    def run() -> None:
        built.execute([f"step_{steps - 1}"])

    yield run


# A longer chain is a RecursionError.
PEER = Peer(name="Hamilton", package="sf-hamilton", is_durable=False, steps=400, prepare=prepare)
