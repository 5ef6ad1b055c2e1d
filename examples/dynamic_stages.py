"""Shows stages that are made at run time: one for each kind of resource that was found.

Output:

    discover              completed
    discover/look_around  completed
    provision-disk        completed
    provision-disk/make   completed
    provision-host        completed
    provision-host/make   completed
    report                completed
    report/tell           completed
    2 disks, 1 host
"""

from __future__ import annotations

import gostage
from gostage import Context, Stage, Workflow, action


@action
def make(ctx: Context, kind: str, names: list[str]) -> None:
    """Make the resources of one kind."""
    made = ctx.store.get("made", dict[str, int], default={})
    ctx.store["made"] = {**made, kind: len(names)}


@action
def look_around(ctx: Context, wanted: dict[str, list[str]]) -> None:
    """Add a stage for each kind, right behind this one."""
    for kind, names in wanted.items():
        ctx.add_stage(
            Stage(f"provision-{kind}", make.bind(kind=kind, names=names), tags=["dynamic"])
        )


@action(provides="report")
def tell(made: dict[str, int]) -> str:
    """Say what was made."""
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in made.items())


provision = Workflow("provision").stage("discover", look_around).stage("report", tell)

if __name__ == "__main__":
    wanted = {"disk": ["sda", "sdb"], "host": ["web"]}
    result = gostage.run(provision, initial={"wanted": wanted}).raise_for_error()
    for step in result.steps:
        print(f"{step.path:21} {step.status}")
    print(result.store["report"])
