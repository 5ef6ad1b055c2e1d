"""Shows the plugin `retry`: everything tagged `net` is tried again, and nothing else.

Output:

    action 'sync/pull' failed, attempt 1 of 4: ConnectionError: the line is busy
    action 'sync/pull' failed, attempt 2 of 4: ConnectionError: the line is busy
    pulled after 3 calls
    failed: ValueError after 1 call
"""

from __future__ import annotations

import logging
import sys

from gostage import Runner, Workflow, action

CALLS: list[str] = []


@action(tags=["net"])
def pull() -> None:
    """Get through the third time."""
    CALLS.append("pull")
    if CALLS.count("pull") < 3:
        raise ConnectionError("the line is busy")


@action
def parse() -> None:
    """Fail for good: trying again would not help."""
    CALLS.append("parse")
    raise ValueError("not a number")


sync = Workflow("sync").stage("sync", pull, parse)
SETTINGS = {
    "retry": {"tags": "net", "attempts": 4, "backoff": 0.01, "factor": 2, "on": ["OSError"]}
}

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(message)s")
    with Runner(plugins=["gostage_plugins.retry"], config=SETTINGS) as runner:
        result = runner.run(sync)
    print(f"pulled after {CALLS.count('pull')} calls")
    print(f"{result.status}: {type(result.error).__name__} after {CALLS.count('parse')} call")
