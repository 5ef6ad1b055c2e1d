"""Shows resources, what fixtures are to pytest: made on first use, torn down with their scope.

Output:

    connect to db://orders
      begin
        insert 1
        insert 2
      commit
      begin
        insert 3
      rollback
    disconnect
    failed: 3 is not welcome
"""

from __future__ import annotations

from collections.abc import Iterator

import gostage
from gostage import Workflow, action, resource


@resource
def connection(dsn: str) -> Iterator[str]:
    """Live as long as the run; its own parameters come from the store."""
    print(f"connect to {dsn}")
    yield f"connection to {dsn}"
    print("disconnect")


@resource(scope="stage")
def transaction(connection: str) -> Iterator[list[str]]:
    """Live as long as a stage, on top of the connection."""
    print("  begin")
    failures: list[str] = []
    yield failures
    print("  rollback" if failures else "  commit")


@action
def insert(transaction: list[str], number: int) -> None:
    """Ask for the resource by name."""
    print(f"    insert {number}")
    if number == 3:
        transaction.append("3 is not welcome")
        raise ValueError("3 is not welcome")


orders = (
    Workflow("orders", initial={"dsn": "db://orders"})
    .stage("first", insert.bind(number=1), insert.bind(number=2))
    .stage("second", insert.bind(number=3))
)

if __name__ == "__main__":
    result = gostage.run(orders)
    print(f"{result.status}: {result.error}")
