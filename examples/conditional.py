"""Shows what runs and what does not: enable and disable at run time, and `when=`.

Output:

    small  check completed, thumbnails completed, resize skipped, backup completed, notify skipped
    large  check completed, thumbnails skipped, resize completed, backup skipped, notify skipped
"""

from __future__ import annotations

import gostage
from gostage import Context, Stage, Workflow, action


def is_large(size: int) -> bool:
    """Decide whether an action runs; a condition gets its parameters like an action."""
    return size > 100


@action
def check(ctx: Context, size: int) -> None:
    """Switch off, for this run only, what makes no sense."""
    if size > 100:
        ctx.disable(tag="optional")
        ctx.disable(stage="backup")


@action(tags=["optional"])
def thumbnails() -> None:
    """Make small pictures."""


@action(when=is_large)
def resize() -> None:
    """Make large pictures smaller."""


@action
def backup() -> None:
    """Copy everything."""


@action
def notify() -> None:
    """Tell somebody."""


images = Workflow("images").add(
    Stage("images", check, thumbnails, resize), Stage("backup", backup), Stage("end", notify)
)
images.disable(action="notify")  # for every run of this definition

if __name__ == "__main__":
    for word, size in (("small", 10), ("large", 1000)):
        result = gostage.run(images, initial={"size": size}).raise_for_error()
        steps = [step for step in result.steps if step.kind == "action"]
        shown = (f"{step.path.split('/')[-1]} {step.status}" for step in steps)
        print(f"{word:6} {', '.join(shown)}")
