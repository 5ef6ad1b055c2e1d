"""What children are given to do, so that they import nothing else; it measures nothing."""

from __future__ import annotations

import time
from typing import Final

from gostage import Context, action

BARE_PAIR: Final = "bare pair of warm workers, JSON over pipes"
LOOP: Final = "isolated for_each, two warm workers"
MESSAGES: Final = 5_000
TEXT: Final = "so many words in a message"


@action(isolate=True)
def look(ctx: Context) -> None:
    """Say when the child has come to its first action; the clock is that of the machine."""
    ctx.store["at"] = time.monotonic()


@action
def keep(ctx: Context, item: int) -> int:
    """Give the item back."""
    return item


@action(isolate=True)
def talk(ctx: Context) -> None:
    """Send many messages."""
    for number in range(MESSAGES):
        ctx.send("progress", {"number": number, "text": TEXT})
