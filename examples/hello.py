"""The smallest workflow: one action in one stage.

    gostage run examples/hello.py:hello -s name=Ada

Output:
    Hello, Ada!
"""

from __future__ import annotations

import gostage
from gostage import Context, Workflow, action


@action(tags=["demo"])
def greet(ctx: Context, name: str = "World") -> None:
    """Say hello."""
    ctx.log.info("Hello, %s!", name)
    ctx.store["greeting"] = f"Hello, {name}!"


hello = Workflow("hello").stage("greeting", greet)


if __name__ == "__main__":
    result = gostage.run(hello, initial={"name": "Ada"})
    print(result.raise_for_error().store["greeting"])
