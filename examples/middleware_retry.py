"""Shows retry as middleware: yielding again runs the inside again from its declaration.

Output:

    upload: attempt 1 failed, the line is busy
    upload: attempt 2 failed, the line is busy
    completed, 3 connections, sent ['file']
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import gostage
from gostage import Context, Stage, Workflow, action

Middleware = Callable[..., Generator[None, Any, Any]]


def retry(attempts: int) -> Middleware:
    """Make middleware with a parameter: a function that gives the generator function."""

    def again(stage: Stage) -> Generator[None, Any, Any]:
        for attempt in range(1, attempts):
            try:
                return (yield)
            except OSError as error:
                print(f"{stage.id}: attempt {attempt} failed, {error}")
        return (yield)  # the last attempt may fail

    return again


CONNECTIONS: list[int] = []  # the example's own: what a failing attempt stores is discarded


@action
def connect() -> None:
    """Open a connection; the stage starts over with it."""
    CONNECTIONS.append(len(CONNECTIONS) + 1)


@action
def send(ctx: Context) -> None:
    """Send the file; the store has it only if this succeeds."""
    ctx.store["sent"] = [*ctx.store.get("sent", list[str], default=[]), "file"]
    if len(CONNECTIONS) < 3:
        raise OSError("the line is busy")


upload = Workflow("upload").add(Stage("upload", connect, send).use(retry(5)))

if __name__ == "__main__":
    result = gostage.run(upload).raise_for_error()
    print(f"{result.status}, {len(CONNECTIONS)} connections, sent {result.store['sent']}")
