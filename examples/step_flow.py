"""Shows a flow that is done step by step; between two steps its state is a small JSON text.

Output:

    prepare
    is it ready? no
    is it ready? yes
    deploy
    validate
    cleanup
    done after 7 steps, the state was never larger than 1000 characters: True
"""

from __future__ import annotations

import json
import time
from typing import Any

from gostage import Context, Workflow, action, steps


@action
def prepare(ctx: Context) -> None:
    """Say what is wanted."""
    print("prepare")
    ctx.store["version"] = 2


def is_ready(ctx: Context) -> bool:
    """Be asked until the answer is yes; what a condition writes is kept."""
    asked = ctx.store.get("asked", int, default=0) + 1
    ctx.store["asked"] = asked
    print("is it ready?", "yes" if asked == 2 else "no")
    return asked == 2


def should_deploy(version: int) -> bool:
    """Decide once; the answer is remembered in the state."""
    return version > 1


@action
def deploy() -> None:
    """Put the new version up."""
    print("deploy")


@action
def validate() -> None:
    """Look at it."""
    print("validate")


@action
def cleanup() -> None:
    """Remove what is not needed any more."""
    print("cleanup")


flow = (
    Workflow("deploy/v1")
    .do(prepare)
    .wait_for("ready", is_ready, every=0.01)
    .case("should-deploy", should_deploy, steps(deploy, validate))
    .do(cleanup)
)

if __name__ == "__main__":
    text, count, longest = "null", 0, 0
    while not flow.is_completed(json.loads(text)):
        state: dict[str, Any] = flow.apply(json.loads(text))  # one action or one condition
        text = json.dumps(state)  # a file, a row in a table, a message in a queue
        time.sleep(flow.delay(state))  # apply() never sleeps; a wait or a backoff says how long to
        count, longest = count + 1, max(longest, len(text))
    fits = longest < 1000
    print(f"done after {count} steps, the state was never larger than 1000 characters: {fits}")
