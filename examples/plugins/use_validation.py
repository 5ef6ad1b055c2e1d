"""Shows the plugin `validation`: what stages need in the store, and what they leave there.

Output:

    completed: mean 2.0
    stage 'extract' needs 'source', and the store does not have it
      hint: did you mean 'sources'?
    key 'source' holds int, not str
"""

from __future__ import annotations

from typing import Any

from gostage import Runner, Workflow, action, errors


@action(provides="rows")
def read(source: str) -> list[int]:
    """Read as many rows as the name is long."""
    return list(range(1, len(source) + 1))


@action(provides="mean")
def mean(rows: list[int]) -> float:
    """Work out the mean."""
    return sum(rows) / len(rows)


report = Workflow("report").stage("extract", read).stage("transform", mean)
SETTINGS: dict[str, Any] = {
    "validation": {
        "require": {"extract": {"source": "str"}, "transform": ["rows"]},
        "ensure": {"transform": {"mean": "float"}},
    }
}

if __name__ == "__main__":
    with Runner(plugins=["gostage_plugins.validation"], config=SETTINGS) as runner:
        good = runner.run(report, {"source": "abc"})
        print(f"{good.status}: mean {good.store['mean']}")
        for initial in ({"sources": "abc"}, {"source": 3}):
            error = runner.run(report, initial).error
            print(error)
            if isinstance(error, errors.MissingInput):
                print(f"  hint: {error.hint}")
