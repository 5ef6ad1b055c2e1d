"""Shows the plugin `timing`: what a run has spent its time on, slowest first.

Output:

    timing: the slowest
    … s  stage work
    … s  action work/slow/slow  3 times, longest … s
    … s  action work/fast
    seconds are numbers: True
"""

from __future__ import annotations

import logging
import sys
import time

from gostage import Runner, Stage, Workflow, action


@action
def slow(item: int) -> None:
    """Take a while."""
    time.sleep(0.01 * item)


@action
def fast() -> None:
    """Take none."""


flow = Workflow("flow", Stage("work").for_each("slow", lambda: [1, 2, 3], slow).add(fast))
SETTINGS = {"timing": {"log": True, "store_key": "took"}}

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    with Runner(plugins=["gostage_plugins.timing"], config=SETTINGS) as runner:
        took = runner.run(flow).store["took"]
    print("seconds are numbers:", all(isinstance(each, float) for each in took.values()))
