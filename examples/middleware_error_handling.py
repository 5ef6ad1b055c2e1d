"""Shows middleware that swallows some errors, translates others and lets the rest through.

Output:

    optional: completed, the error is kept: no newsletter today
    required: failed with PermissionError: this account may not pay
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import gostage
from gostage import Context, Stage, Store, Workflow, action


def forgive(stage: Stage, store: Store) -> Generator[None, Any, Any]:
    """Let a stage fail that is tagged optional, and note why."""
    try:
        return (yield)
    except Exception as error:
        if not stage.has_tag("optional"):
            raise
        store[f"error.{stage.id}"] = str(error)


def translate(ctx: Context) -> Generator[None, Any, Any]:
    """Say in the caller's words what went wrong; the original is the cause."""
    try:
        return (yield)
    except KeyError as error:
        raise PermissionError("this account may not pay") from error


@action
def newsletter() -> None:
    """Fail, which is not so bad."""
    raise ValueError("no newsletter today")


@action(use=[translate])
def pay(rights: dict[str, bool], user: str) -> None:
    """Fail, which is."""
    if not rights[user]:
        raise PermissionError("ask for the right")


optional = Workflow("optional").use(forgive).add(Stage("mail", newsletter, tags=["optional"]))
required = Workflow("required", initial={"rights": {}, "user": "ada"}).use(forgive)
required.stage("payment", pay)

if __name__ == "__main__":
    result = gostage.run(optional)
    print(f"optional: {result.status}, the error is kept: {result.store['error.mail']}")
    result = gostage.run(required)
    print(f"required: {result.status} with {type(result.error).__name__}: {result.error}")
