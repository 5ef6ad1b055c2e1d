"""Shows what becomes of a failure: retry, a stage that makes up for it, and a look at the result.

Output:

    first run:  failed: stage 'payment' failed: action 'charge' failed: the bank is closed
                reserve completed, charge failed, ship pending
    second run: completed
                reserve completed, charge completed, ship completed
    third run:  completed, refunded because the bank is closed
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import gostage
from gostage import Context, Result, Retry, Stage, Store, Workflow, action, errors, fixed, steps

CALLS: list[str] = []  # the example's own: the bank remembers every call


@action
def reserve() -> None:
    """Put the goods aside."""


@action
def charge(opens_at: int) -> None:
    """Ask the bank, which is closed the first few times."""
    CALLS.append("charge")
    if len(CALLS) < opens_at:
        raise ConnectionError("the bank is closed")


@action
def ship() -> None:
    """Send the goods."""


@action(provides="note")
def refund(reason: str) -> str:
    """Make up for it."""
    return f"refunded because {reason}"


def remember(store: Store) -> Generator[None, Any, Any]:
    """Turn a failed payment into a value, so that the flow can decide what to do."""
    try:
        return (yield)
    except ConnectionError as error:
        store["reason"] = str(error)


def is_unpaid(ctx: Context) -> bool:
    """Look whether the payment failed."""
    return "reason" in ctx.store


patient = charge.options(retry=Retry(attempts=5, backoff=fixed(0), on=ConnectionError))
plain = Workflow("plain").stage("goods", reserve).stage("payment", charge).stage("end", ship)
patiently = Workflow("patiently").stage("goods", reserve).stage("payment", patient)
patiently.stage("end", ship)
careful = Workflow("careful").add(Stage("payment", charge).use(remember))
careful.case("unpaid", is_unpaid, steps(refund), otherwise=steps(ship))


def shown(result: Result) -> str:
    """Say how each action ended."""
    actions = [step for step in result.steps if step.kind == "action"]
    return ", ".join(f"{step.path.split('/')[-1]} {step.status}" for step in actions)


if __name__ == "__main__":
    result = gostage.run(plain, {"opens_at": 3})
    try:
        result.raise_for_error()
    except errors.RunFailed as error:
        print(f"first run:  {result.status}: {error}\n            {shown(result)}")
    result = gostage.run(patiently, {"opens_at": 4})
    print(f"second run: {result.status}\n            {shown(result)}")
    result = gostage.run(careful, {"opens_at": 99})
    print(f"third run:  {result.status}, {result.store['note']}")
