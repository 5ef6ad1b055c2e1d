"""Shows an ETL pipeline: three stages that hand data on through the store by parameter name.

Output:

    extract/read_rows      completed
    transform/drop_broken  completed
    transform/add_totals   completed
    load/write_report      completed
    2 orders worth 35.0, 1 dropped
"""

from __future__ import annotations

import gostage
from gostage import Stage, Workflow, action

RAW = ["A-1,2,10.0", "A-2,three,4.0", "A-3,1,15.0"]
Row = dict[str, float | str]


@action(provides="raw", tags=["io"])
def read_rows(source: list[str]) -> list[str]:
    """Read the lines of the source."""
    return list(source)


@action(provides=("rows", "dropped"))
def drop_broken(raw: list[str]) -> tuple[list[Row], int]:
    """Parse the lines, and count those that cannot be parsed."""
    rows: list[Row] = []
    for line in raw:
        order, count, price = line.split(",")
        if count.isdigit():
            rows.append({"order": order, "count": float(count), "price": float(price)})
    return rows, len(raw) - len(rows)


@action
def add_totals(rows: list[Row]) -> None:
    """Add a total to each row; a value changed in place is saved like an assigned one."""
    for row in rows:
        row["total"] = float(row["count"]) * float(row["price"])


@action(provides="report", tags=["io"])
def write_report(rows: list[Row], dropped: int) -> str:
    """Say what came of it."""
    worth = sum(float(row["total"]) for row in rows)
    return f"{len(rows)} orders worth {worth}, {dropped} dropped"


pipeline = Workflow("pipeline", initial={"source": RAW}, tags=["etl"]).add(
    Stage("extract", read_rows),
    Stage("transform", drop_broken, add_totals),
    Stage("load", write_report),
)

if __name__ == "__main__":
    result = gostage.run(pipeline).raise_for_error()
    for step in result.steps:
        if "/" in step.path:
            print(f"{step.path:22} {step.status}")
    print(result.store["report"])
