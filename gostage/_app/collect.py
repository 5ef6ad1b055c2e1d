"""Collecting: what a target names becomes a workflow; plugins take part, and nothing runs.

It goes in two phases, since configuration and plugins are read between them: `locate` finds the
place without importing it, `collect` imports it.
"""

from __future__ import annotations

from pathlib import Path

from gostage._app.collected import NO_HOOKS, Collected, Hooks, NothingHere
from gostage._app.folder import of_folder, stages_from
from gostage._app.modules import module_at, of_module
from gostage._app.place import Place, locate
from gostage._author.members import own_workflows
from gostage._run.workflow import Workflow
from gostage.errors import NotFound

__all__ = [
    "NO_HOOKS",
    "Collected",
    "Hooks",
    "NothingHere",
    "Place",
    "collect",
    "locate",
    "workflow_names",
]


def collect(place: Place, hooks: Hooks = NO_HOOKS) -> Collected:
    """Import what stands at a place and make a workflow of it, a copy that may be changed."""
    if place.kind == "folder":
        found = of_folder(place, hooks)
    elif place.kind == "file" and place.path is not None and place.path.suffix != ".py":
        found = _of_other_file(place, place.path, hooks)
    else:
        found = of_module(place, module_at(place))
    hooks.modify(found.workflow)
    return found


def workflow_names(place: Place) -> list[str]:
    """The workflows that a module makes itself, other than empty ones, by their attributes."""
    if place.kind == "folder" or (place.path is not None and place.path.suffix != ".py"):
        return []
    found = own_workflows(module_at(place))
    return [name for name, workflow in found.items() if workflow.items]


def _of_other_file(place: Place, path: Path, hooks: Hooks) -> Collected:
    stages = list(stages_from(hooks, path))
    if not stages or place.target.attribute is not None:
        raise NotFound(
            f"target {place.target.text!r}: {str(Path(place.target.base))!r} is no Python file",
            hint="workflows are read from files that end in .py",
        )
    return Collected(Workflow(path.stem, *stages), str(path), (path,))
