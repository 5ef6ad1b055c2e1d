"""Shows actions that add actions while they run: each lands right behind the one that adds it.

Output:

    scan -> page 1 -> page 2 -> page 2 again -> summary
    the definition still has 2 actions
"""

from __future__ import annotations

import gostage
from gostage import Context, Workflow, action


@action
def fetch(ctx: Context, label: str, seen: list[str]) -> None:
    """Fetch one page; a page that asks for it is fetched again at once."""
    seen.append(label)
    if label == "page 2":
        ctx.add_action(fetch.bind(label="page 2 again"))


@action
def scan(ctx: Context, pages: int, seen: list[str]) -> None:
    """Find out how many pages there are, and add an action for each."""
    seen.append("scan")
    for number in range(1, pages + 1):
        ctx.add_action(fetch.bind(label=f"page {number}"))


@action
def summary(seen: list[str]) -> None:
    """Come last, however many pages there were."""
    seen.append("summary")


crawl = Workflow("crawl", initial={"pages": 2, "seen": []}).stage("pages", scan, summary)

if __name__ == "__main__":
    result = gostage.run(crawl).raise_for_error()
    print(" -> ".join(result.store.get("seen", list[str])))
    print("the definition still has", len(crawl.find_actions()), "actions")
