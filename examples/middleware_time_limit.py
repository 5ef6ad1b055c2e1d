"""Shows a time limit for everything inside a middleware; long actions look at it themselves.

Output:

    failed with TimedOut: …
    work failed, cleanup pending
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from gostage import Context, Runner, Workflow, action

Run: TypeAlias = Any  # what `run` is in middleware: id, workflow, store, log, deadline(), cancel()


def time_limit(seconds: float) -> Callable[..., Generator[None, Any, Any]]:
    """Make middleware that gives everything inside so many seconds."""

    def limited(run: Run) -> Generator[None, Any, Any]:
        run.deadline(seconds)
        return (yield)

    return limited


@action
def work(ctx: Context) -> None:
    """Work in small pieces; between two of them, check() stops when the time is up."""
    while True:
        ctx.check()


@action
def cleanup() -> None:
    """Never be reached: the time is up for the whole run."""


endless = Workflow("endless").do(work).do(cleanup)

if __name__ == "__main__":
    result = Runner(middleware=[time_limit(0.05)]).run(endless)
    print(f"{result.status} with {type(result.error).__name__}: {result.error}")
    print(", ".join(f"{step.path} {step.status}" for step in result.steps))
