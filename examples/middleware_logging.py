"""Shows middleware at all four levels; each logs when it is entered and left.

Output:

    run of nightly begins
      stage extract begins
        its actions begin
          read is called
        its actions end
      stage extract ends
      stage load begins
      stage load ends
    run of nightly ends
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from typing import Any

from gostage import Action, Runner, Stage, Workflow, action

log = logging.getLogger("nightly")


def log_run(workflow: Workflow) -> Generator[None, Any, Any]:
    """Log around the whole run; what follows the yield happens whatever the outcome is."""
    log.info("run of %s begins", workflow.id)
    try:
        return (yield)
    finally:
        log.info("run of %s ends", workflow.id)


def log_stage(stage: Stage) -> Generator[None, Any, Any]:
    """Log around each stage of a workflow."""
    log.info("  stage %s begins", stage.id)
    try:
        return (yield)
    finally:
        log.info("  stage %s ends", stage.id)


def log_actions() -> Generator[None, Any, Any]:
    """Log around all actions of one stage together."""
    log.info("    its actions begin")
    try:
        return (yield)
    finally:
        log.info("    its actions end")


def log_call(action: Action) -> Generator[None, Any, Any]:
    """Log around one call of an action."""
    log.info("      %s is called", action.name)
    return (yield)


@action(use=[log_call])
def read() -> None:
    """Read something."""


@action
def write() -> None:
    """Write something."""


nightly = Workflow("nightly").use(log_stage)
nightly.add(Stage("extract", read).use(log_actions), Stage("load", write))

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    Runner(middleware=[log_run]).run(nightly).raise_for_error()
