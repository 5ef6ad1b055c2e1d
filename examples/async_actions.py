"""Shows async and plain actions in one workflow, run with `run` and inside a running event loop.

Output:

    ['page of a', 'page of b', 'page of c']
    from a loop: ['page of a', 'page of b', 'page of c']
"""

from __future__ import annotations

import asyncio

import gostage
from gostage import Workflow, action


@action
async def fetch(item: str) -> str:
    """Wait without keeping anybody from working."""
    await asyncio.sleep(0)
    return f"page of {item}"


@action(provides="shown")
def show(pages: list[str]) -> str:
    """Be a plain function; in a running loop it is called in a thread."""
    return str(pages)


pages = Workflow("pages", initial={"sites": ["a", "b", "c"]})
pages.for_each("fetch", "sites", fetch, into="pages", concurrency=3).do(show)


async def main() -> None:
    """Await a run as anything else."""
    result = await gostage.arun(pages)
    print("from a loop:", result.raise_for_error().store["shown"])


if __name__ == "__main__":
    print(gostage.run(pages).raise_for_error().store["shown"])
    asyncio.run(main())
