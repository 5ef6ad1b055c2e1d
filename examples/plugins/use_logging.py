"""Shows the plugin `logging`: a line when a run, a stage or an action begins and ends.

Output:

    INFO    run 'monday' of 'nightly' begins
    INFO    stage 'extract' begins
    INFO    action 'extract/fetch' begins
    INFO    action 'extract/fetch' completed in … s
    INFO    stage 'extract' completed in … s
    INFO    stage 'load' begins
    INFO    action 'load/save' begins
    ERROR   action 'load/save' failed after … s: OSError: disk full
    ERROR   stage 'load' failed after … s: OSError: disk full
    ERROR   run 'monday' of 'nightly' failed after … s: OSError: disk full
"""

from __future__ import annotations

import logging
import sys

from gostage import Runner, Workflow, action


@action(provides="rows")
def fetch() -> list[int]:
    """Fetch some rows."""
    return [1, 2]


@action
def save(rows: list[int]) -> None:
    """Fail to save them."""
    raise OSError("disk full")


nightly = Workflow("nightly").stage("extract", fetch).stage("load", save)

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)-7s %(message)s")
    with Runner(plugins=["gostage_plugins.logging"]) as runner:
        runner.run(nightly, run_id="monday")
