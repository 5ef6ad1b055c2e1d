"""Shows the plugin `stage_filter`: what does not fit an expression is skipped.

Output:

    completed extract
    completed extract/read
    completed extract/count
    completed extract/extra
    skipped   publish
    skipped   publish/upload
"""

from __future__ import annotations

from gostage import Context, Runner, Stage, Workflow, action


@action(tags=["io"])
def read(ctx: Context) -> None:
    """Add an action; the filter looks at that one too."""
    ctx.add_action_to("extract", action(lambda: None, name="extra", tags=["io"]))


@action
def count() -> None:
    """Run, because no action here is filtered."""


@action(tags=["io"])
def upload() -> None:
    """Be skipped with the stage."""


nightly = Workflow("nightly", Stage("extract", read, count))
nightly.add(Stage("publish", upload, tags=["production"]))

if __name__ == "__main__":
    settings = {"stage_filter": {"stages": "not production"}}
    with Runner(plugins=["gostage_plugins.stage_filter"], config=settings) as runner:
        for step in runner.run(nightly).steps:
            print(f"{step.status:9} {step.path}")
