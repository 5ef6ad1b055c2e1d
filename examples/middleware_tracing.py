"""Shows tracing: a context variable set by middleware is seen in every action, async ones too.

Output:

    checkout
      checkout/cart
        price
      checkout/payment
        pay
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from gostage import Runner, Stage, Workflow, action

span: ContextVar[tuple[str, ...]] = ContextVar("span", default=())


@contextmanager
def opened(name: str) -> Generator[None, None, None]:
    """Open a span inside the current one."""
    token = span.set((*span.get(), name))
    try:
        print(f"{'  ' * (len(span.get()) - 1)}{'/'.join(span.get())}")
        yield
    finally:
        span.reset(token)


def trace_run(workflow: Workflow) -> Generator[None, Any, Any]:
    """Make a span of the run."""
    with opened(workflow.id):
        return (yield)


def trace_stage(stage: Stage) -> Generator[None, Any, Any]:
    """Make a span of each stage."""
    with opened(stage.id):
        return (yield)


@action
def price() -> None:
    """Look at the span from a plain function."""
    print(f"{'  ' * len(span.get())}price")


@action
async def pay() -> None:
    """Look at it from an async one."""
    await asyncio.sleep(0)
    print(f"{'  ' * len(span.get())}pay")


checkout = Workflow("checkout").use(trace_stage).stage("cart", price).stage("payment", pay)

if __name__ == "__main__":
    Runner(middleware=[trace_run]).run(checkout).raise_for_error()
