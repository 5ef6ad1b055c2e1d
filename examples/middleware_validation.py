"""Shows validation middleware: what must hold before anything runs, and after each stage.

Output:

    empty        failed: stage 'later' of 'empty' has no actions
    no amount    failed: stage 'price' leaves no 'amount'
    good         completed
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from gostage import Runner, Stage, Store, Workflow, action

LEAVES = {"price": "amount"}


def no_empty_stage(workflow: Workflow) -> Generator[None, Any, Any]:
    """Refuse a workflow with a stage that does nothing, before any of it runs."""
    for stage in workflow.find_stages():
        if not stage.actions:
            raise ValueError(f"stage {stage.id!r} of {workflow.id!r} has no actions")
    return (yield)


def leaves_its_key(stage: Stage, store: Store) -> Generator[None, Any, Any]:
    """Hold each stage to the key it is to leave behind."""
    done = yield
    key = LEAVES.get(stage.id)
    if key is not None and key not in store:
        raise ValueError(f"stage {stage.id!r} leaves no {key!r}")
    return done


@action(provides="amount")
def add_up(prices: list[int]) -> int:
    """Leave what is asked for."""
    return sum(prices)


@action
def forget() -> None:
    """Leave nothing."""


WORKFLOWS = [
    Workflow("empty").stage("price", add_up).stage("later"),
    Workflow("no amount").use(leaves_its_key).stage("price", forget),
    Workflow("good").use(leaves_its_key).stage("price", add_up),
]

if __name__ == "__main__":
    with Runner(middleware=[no_empty_stage]) as runner:
        for result in runner.run_all(WORKFLOWS, {"prices": [1, 2]}, ignore_errors=True):
            why = "" if result.error is None else f": {result.error}"
            print(f"{result.workflow_id:12} {result.status}{why}")
