"""What very many items are given to do in children of the tests."""

from __future__ import annotations

import os

from gostage import Context, action

DEADLY = 1_000
"""Every item of such a number ends its child."""


@action
def survive(ctx: Context, item: int) -> int:
    """Give the item back, unless it is deadly."""
    if item % DEADLY == DEADLY - 1:
        os._exit(7)
    return item


@action
def note(ctx: Context, item: int) -> int:
    """Write a key of its own, and say which process that was."""
    ctx.store[f"item {item}"] = {"square": item * item}
    return os.getpid()


@action
def add(ctx: Context, item: int) -> None:
    """Add a step to the item's own."""
    ctx.add_action(note)


@action
def fail(ctx: Context, item: int) -> int:
    """Fail at some, after having written what is then taken back."""
    ctx.store["half"] = item
    if item % 10 == 3:
        raise ValueError(f"item {item}")
    del ctx.store["half"]
    return item
