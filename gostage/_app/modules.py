"""Collecting a module: its workflow, or what an attribute of it is; a workflow in any case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gostage._app.collected import Collected
from gostage._app.importing import importing
from gostage._app.place import listed
from gostage._author.action import Action
from gostage._author.discover import INIT, action_classes, copy_of, stage_of
from gostage._author.flow import Stage
from gostage._author.loading import address_of, load_file, load_module
from gostage._author.members import own_workflows, public
from gostage._run.workflow import Workflow
from gostage.errors import CollectionError, NotFound, Where, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from gostage._app.place import Place


def module_at(place: Place) -> ModuleType:
    """Import the module that stands at a place."""
    base, path = place.target.base, place.path
    if place.kind == "file" and path is not None:
        return importing(base, lambda: load_file(path))
    return importing(base, lambda: load_module(base))


def of_module(place: Place, module: ModuleType) -> Collected:
    """Collect what the target names in a module, or all of it."""
    attribute = place.target.attribute
    if attribute is None:
        workflow, address = only_workflow(place, module), ""
    else:
        workflow, address = _attribute(place, module, attribute), f":{attribute}"
    target = f"{address_of(module.__name__)}{address}"
    return Collected(workflow, target, _file_of(module))


def only_workflow(place: Place, module: ModuleType) -> Workflow:
    """Give the one workflow of a module, else one with the stage that the module is."""
    found = public(module, Workflow)
    if len(found) > 1:  # those that are imported may be parts of the one that is made here
        own = own_workflows(module)
        found = {name: each for name, each in found.items() if name in own} or found
    if len(found) == 1:
        return own_copy(next(iter(found.values())))
    if found:
        raise NotFound(
            f"{place.target.text!r} holds {len(found)} workflows, and a run is of one",
            hint=f"name one of them: {_names(place, found)}",
        )
    name = _name_of(place, module)
    stage = importing(place.target.base, lambda: stage_of(module, name))
    if stage is None:
        raise nothing_in(place.target.base, module)
    return _around(name, stage, module)


def _around(name: str, stage: Stage, module: ModuleType) -> Workflow:
    made = Workflow(name, stage)
    for file in _file_of(module):
        made.note_place(stage.id, str(file))
    return made


def _name_of(place: Place, module: ModuleType) -> str:
    if place.path is None:
        return module.__name__.rpartition(".")[2]
    return place.folder.name if place.path.name == INIT else place.path.stem


def _attribute(place: Place, module: ModuleType, path: str) -> Workflow:
    value: object = module
    for name in path.split("."):
        if not _has(place, value, name):
            raise _no_attribute(place, module, value, name)
        value = getattr(value, name)
    if isinstance(value, Workflow):
        return own_copy(value)
    if isinstance(value, Stage):
        return _around(value.id, copy_of(value), module)
    if isinstance(value, Action):
        return Workflow(value.name, value)
    raise CollectionError(
        f"{place.target.text!r} is no workflow, stage or action but {_kind(value)}",
        hint=_candidates(place, module) or "put it into one: Workflow('id').do('step', …)",
        where=_where(module),
    )


def _has(place: Place, holder: object, name: str) -> bool:
    return importing(place.target.base, lambda: hasattr(holder, name))


def _no_attribute(place: Place, module: ModuleType, value: object, name: str) -> NotFound:
    known = [each for each in dir(value) if not each.startswith("_")]
    return NotFound(
        f"target {place.target.text!r}: there is no {name!r} in {place.target.base!r}",
        hint=did_you_mean(name, known) or _candidates(place, module) or "it holds no workflow",
        where=_where(module),
    )


def nothing_in(
    what: str, module: ModuleType, kind: type[CollectionError] = CollectionError
) -> CollectionError:
    """The error for a module that has nothing to run."""
    classes = action_classes(module)
    return kind(
        f"{what!r} holds no workflow, stage or action",
        hint=f"an action is an instance: {classes[0].lower()} = {classes[0]}()"
        if classes
        else "at its top level, mark functions with @action, or make a workflow: "
        "flow = Workflow('id').do('step', function)",
        where=_where(module),
    )


def _candidates(place: Place, module: ModuleType) -> str:
    found = public(module, Workflow)
    return f"its workflows are {_names(place, found)}" if found else ""


def _names(place: Place, found: Iterable[str]) -> str:
    return listed(f"{place.target.base}:{name}" for name in found)


def _kind(value: object) -> str:
    word = type(value).__name__.lower()
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _where(module: ModuleType) -> Where:
    return Where(file=getattr(module, "__file__", None))


def _file_of(module: ModuleType) -> tuple[Path, ...]:
    file = getattr(module, "__file__", None)
    return () if file is None else (Path(file),)


def own_copy(workflow: Workflow) -> Workflow:
    """Copy a workflow of the user's, so that plugins may change it."""
    made = copy_of(workflow)
    made._compiled = None  # noqa: SLF001 - what was made of the original is not of the copy
    return made
