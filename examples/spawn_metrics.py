"""Shows middleware around children: what each of them cost, and how it ended.

Output:

    import  0.…s  exit code 0
    resize  0.…s  exit code -6  ChildCrashed
    resize  0.…s  exit code 0
    run completed, 3 children
"""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from gostage import Context, Retry, Runner, Workflow, action, steps
from gostage.hookspecs import Spawn


@dataclass
class Measured:
    """What is kept of one child."""

    path: str
    seconds: float
    exit_code: int | None
    error: str


class Metrics:
    """Keeps a line for each child."""

    def __init__(self) -> None:
        self.children: list[Measured] = []

    # Any: what goes through is the exit code.
    def around(self, spawn: Spawn) -> Generator[None, Any, Any]:
        """Before the yield there is no child yet; after it, the child has ended."""
        try:
            return (yield)
        finally:
            error = "" if spawn.error is None else type(spawn.error).__name__
            self.children.append(Measured(spawn.path, spawn.duration, spawn.exit_code, error))


@action
def read(ctx: Context) -> None:
    """Be part of a body that runs in a child."""
    ctx.store["read"] = True


@action(isolate=True, retry=Retry(attempts=2))
def resize(ctx: Context) -> None:
    """Bring the child down the first time."""
    if ctx.attempt == 1:
        os.abort()


pictures = Workflow("pictures").spawn("import", steps().do(read)).do(resize)

if __name__ == "__main__":
    metrics = Metrics()
    with Runner() as runner:
        result = runner.use_spawn(metrics.around).run(pictures)
    for each in metrics.children:
        line = f"{each.path:6}  {each.seconds:.3f}s  exit code {each.exit_code}  {each.error}"
        print(line.rstrip())
    print(f"run {result.status}, {len(metrics.children)} children")
