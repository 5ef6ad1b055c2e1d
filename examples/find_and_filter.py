"""Shows how to find actions and stages: by name, text, tags, type, or a function of one's own.

Output:

    tag            ['dump', 'prune']
    expression     ['dump']
    contains       ['upload']
    description    ['dump', 'upload']
    type           ['upload']
    stage          ['prune']
    where          ['upload']
    stages         ['backup']
    in the run     ['dump', 'upload', 'prune', 'added']
"""

from __future__ import annotations

import gostage
from gostage import Action, Context, Stage, Workflow, action


@action(tags=["db", "critical"])
def dump() -> None:
    """Copy the database to a file."""


@action(tags=["db"])
def prune(ctx: Context) -> None:
    """Remove old files; what an action adds is visible at once."""
    ctx.add_action(dump.options(name="added"))
    ctx.store["found"] = [each.name for each in ctx.find_actions()]


class Upload(Action):
    """Copy a file to the other site."""

    name = "upload"
    tags = ("net",)
    timeout = 30

    def run(self, ctx: Context) -> None:
        """Send it."""


backup = Workflow("backup").add(
    Stage("backup", dump, Upload(), tags=["nightly"]), Stage("clean", prune)
)
FOUND = {
    "tag": backup.find_actions(tag="db"),
    "expression": backup.find_actions("db and critical"),
    "contains": backup.find_actions(contains="LOAD"),
    "description": backup.find_actions(description="copy"),
    "type": backup.find_actions(type=Upload),
    "stage": backup.find_actions(stage="clean"),
    "where": backup.find_actions(where=lambda each: each.timeout is not None),
}

if __name__ == "__main__":
    for how, actions in FOUND.items():
        print(f"{how:14} {[each.name for each in actions]}")
    print(f"{'stages':14} {[stage.id for stage in backup.find_stages(tag='nightly')]}")
    print(f"{'in the run':14} {gostage.run(backup).raise_for_error().store['found']}")
