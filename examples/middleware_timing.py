"""Shows timing middleware that keeps its numbers in the store, where the result has them.

Output:

    seconds.stage.slow    0.0…
    seconds.stage.fast    0.0…
    seconds.run           0.0…
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from gostage import Runner, Stage, Store, Workflow, action


def time_run(store: Store) -> Generator[None, Any, Any]:
    """Keep how long the run took."""
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        store["seconds.run"] = time.perf_counter() - started


def time_stage(stage: Stage, store: Store) -> Generator[None, Any, Any]:
    """Keep how long each stage took, also when it failed."""
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        store[f"seconds.stage.{stage.id}"] = time.perf_counter() - started


@action
def compute() -> None:
    """Take a moment."""
    sum(range(10_000))


@action
def note() -> None:
    """Take none."""


timed = Workflow("timed").stage("slow", compute).stage("fast", note).use(time_stage)

if __name__ == "__main__":
    result = Runner(middleware=[time_run]).run(timed).raise_for_error()
    for key, seconds in result.store.items():
        print(f"{key:21} {seconds:.6f}")
