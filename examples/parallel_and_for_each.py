"""Shows work side by side: named branches, items of a list, and a key that adds up.

Output:

    prices in input order: [10, 20, 40]
    total: 70
    users and orders: 2 3
    failed: key 'winner' …
"""

from __future__ import annotations

import operator

import gostage
from gostage import Context, Key, Workflow, action

TOTAL = Key("total", int, merge=operator.add)


@action
def look_up(ctx: Context, item: str, prices: dict[str, int]) -> int:
    """Look one item up; what side by side items add to TOTAL is added up at the end."""
    ctx.store[TOTAL] = prices[item]
    return prices[item]


@action(provides="users")
def count_users() -> int:
    """Be one branch."""
    return 2


@action(provides="orders")
def count_orders() -> int:
    """Be the other one."""
    return 3


@action
def win(ctx: Context) -> None:
    """Write a key that another branch writes as well."""
    ctx.store["winner"] = ctx.path


shopping = (
    Workflow("shopping", initial={"prices": {"tea": 10, "jam": 20, "oil": 40}})
    .for_each("prices", "items", look_up, into="found", concurrency=2)
    .parallel("counts", users=count_users, orders=count_orders)
)
race = Workflow("race").parallel("race", left=win, right=win)

if __name__ == "__main__":
    store = gostage.run(shopping, {"items": ["tea", "jam", "oil"]}).raise_for_error().store
    print("prices in input order:", store["found"])
    print("total:", store[TOTAL])
    print("users and orders:", store["users"], store["orders"])
    result = gostage.run(race)
    print(f"{result.status}: {result.error}")
