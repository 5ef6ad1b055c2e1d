"""Shows an audit trail: who ran what, in which order, with which outcome.

Output:

    ada   begins  transfer
    ada   calls   debit: completed
    ada   calls   credit: failed, the account is closed
    ada   ends    transfer: failed
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from gostage import Action, Runner, Store, Workflow, action

TRAIL: list[str] = []  # a file or a table in a real program


def audit_run(workflow: Workflow, store: Store) -> Generator[None, Any, Any]:
    """Enter the run, with the user who started it."""
    user = store.get("user", str)
    TRAIL.append(f"{user:5} begins  {workflow.id}")
    outcome = "failed"
    try:
        done = yield
        outcome = "completed"
    finally:
        TRAIL.append(f"{user:5} ends    {workflow.id}: {outcome}")
    return done


def audit_call(action: Action, store: Store) -> Generator[None, Any, Any]:
    """Enter one call; an error is noted and goes on."""
    line = f"{store.get('user', str):5} calls   {action.name}"
    try:
        done = yield
    except Exception as error:
        TRAIL.append(f"{line}: failed, {error}")
        raise
    TRAIL.append(f"{line}: completed")
    return done


@action(use=[audit_call])
def debit() -> None:
    """Take the money."""


@action(use=[audit_call])
def credit() -> None:
    """Give it to somebody else."""
    raise ValueError("the account is closed")


transfer = Workflow("transfer").stage("money", debit, credit)

if __name__ == "__main__":
    Runner(middleware=[audit_run]).run(transfer, {"user": "ada"})
    print("\n".join(TRAIL))
