"""Shows whole workflows that run in a child, with stores of their own: by reference, and from JSON.

Output:

    by reference: completed, total 6, exit code 0
    from JSON: completed, total 60
    in an action: [3, 7]
"""

from __future__ import annotations

import json
from typing import Any

from gostage import Context, Runner, Workflow, action


@action(provides="total")
def add_up(rows: list[int], factor: int = 1) -> int:
    """Add rows up."""
    return sum(rows) * factor


summing = Workflow("summing").stage("sums", add_up)

# What `to_dict` gives, or a file or another program holds. The child imports what it names.
DEFINITION = """
{
  "gostage": 1,
  "kind": "workflow",
  "id": "summing-tenfold",
  "items": [
    {"kind": "action", "action": "%s:add_up", "params": {"factor": 10}}
  ]
}
"""


def definition() -> dict[str, Any]:
    """Read the definition; it names this file, and would name a module of yours."""
    made: dict[str, Any] = json.loads(DEFINITION % __file__)
    return made


@action(provides="totals")
def add_up_in_children(ctx: Context, lists: list[list[int]]) -> list[int]:
    """Run a workflow in a child for each list, from inside an action."""
    results = [ctx.spawn(summing, initial={"rows": rows}) for rows in lists]
    return [result.raise_for_error().store["total"] for result in results]


totals = Workflow("totals", initial={"lists": [[1, 2], [3, 4]]}).do(add_up_in_children)

if __name__ == "__main__":
    with Runner() as runner:
        result = runner.spawn(summing, initial={"rows": [1, 2, 3]}, timeout=60)
        total = result.store["total"]
        print(f"by reference: {result.status}, total {total}, exit code {result.exit_code}")

        result = runner.spawn(definition(), initial={"rows": [1, 2, 3]})
        print(f"from JSON: {result.status}, total {result.store['total']}")

        print("in an action:", runner.run(totals).raise_for_error().store["totals"])
