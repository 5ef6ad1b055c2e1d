"""Shows composition: an action inside an action, several as one, and middleware around a call.

Output:

    build made ['compile', 'link'] in …s
    flaky completed after calls [1, 2, 3]
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gostage
from gostage import Action, Context, Retry, Workflow, action, fixed


class Composite(Action):
    """Several actions as one: all of what they write is kept, or nothing."""

    def __init__(self, name: str, *parts: Action) -> None:
        super().__init__(name=name)
        self.parts = parts

    def run(self, ctx: Context) -> None:
        """Call the parts in order; they are still functions."""
        for part in self.parts:
            part(ctx)


class Timed(Composite):
    """An action that says how long its parts took."""

    def run(self, ctx: Context) -> None:
        """Keep the time beside what the parts write."""
        started = time.perf_counter()
        super().run(ctx)
        ctx.store[f"seconds.{self.name}"] = time.perf_counter() - started


def counted(ctx: Context) -> Iterator[Any]:
    """Count the calls: around an action, `yield` gives back what the action returned."""
    CALLS.append(ctx.attempt)
    return (yield)


CALLS: list[int] = []  # the example's own, so that a failed attempt is counted as well


@action(name="compile")
def compile_(ctx: Context) -> None:
    """Be the first part."""
    ctx.store["made"] = ["compile"]


@action
def link(ctx: Context) -> None:
    """Be the second part."""
    ctx.store["made"].append("link")


@action(use=[counted], retry=Retry(attempts=5, backoff=fixed(0), on=OSError))
def flaky() -> None:
    """Succeed the third time."""
    if len(CALLS) < 3:
        raise OSError("the line is busy")


wrapped = Workflow("wrapped").stage("all", Timed("build", compile_, link), flaky)

if __name__ == "__main__":
    result = gostage.run(wrapped).raise_for_error()
    print("build made", result.store["made"], "in", f"{result.store['seconds.build']:.3f}s")
    print("flaky", result.steps[-1].status, "after calls", CALLS)
