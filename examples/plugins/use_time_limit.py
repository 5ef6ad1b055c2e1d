"""Shows the plugin `time_limit`: limits by tag, kept by async actions and by those that check.

Output:

    fetch: TimedOut
    count: TimedOut
    free: completed
"""

from __future__ import annotations

import asyncio

from gostage import Context, Runner, Workflow, action


@action(tags=["net"])
async def fetch() -> None:
    """Wait for an answer that never comes; an async action is stopped in the middle."""
    await asyncio.Event().wait()


@action(tags=["cpu"])
def count(ctx: Context) -> None:
    """Count for ever; a plain action is stopped where it looks."""
    while True:
        ctx.check()


@action
def free() -> None:
    """Have no tag, and so no limit."""


SETTINGS = {"time_limit": {"actions": {"net or cpu": 0.05}}}

if __name__ == "__main__":
    with Runner(plugins=["gostage_plugins.time_limit"], config=SETTINGS) as runner:
        for each in (fetch, count, free):
            result = runner.run(Workflow("w").do(each))
            error = result.error
            print(f"{each.name}: {result.status if error is None else type(error).__name__}")
