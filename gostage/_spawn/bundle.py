"""The bundle: how each thing of a run crosses to a child, by reference or as it is.

It packs; nothing here loads anything.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gostage._author.dump import dump_workflow
from gostage._author.flow import Stage, Steps
from gostage._author.loading import address_of
from gostage._author.reference import find, place_of, reference_of
from gostage._author.resource import Resource
from gostage._author.script import MAIN, file_of, is_guarded
from gostage._author.walk import walk
from gostage._author.workflow import WorkflowDefinition
from gostage._run.compiled import compiled
from gostage._run.structure import structure_of
from gostage._run.workflow import Workflow
from gostage._spawn.thing import Thing
from gostage.errors import DefinitionError, NotImportable, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from gostage._store.codec import Codec

    # Any: JSON-able data.
    Json = Any


class Bundle:
    """What one child is to be given: references, and what none leads to."""

    def __init__(self, *, by_value: bool) -> None:
        self._by_value = by_value
        self._things: list[Thing] = []
        self._names: dict[str, None] = {}
        main = sys.modules[MAIN]
        self._script = None if is_guarded() else file_of(main)
        """The file of a script that a child cannot import: it would run once more."""
        self._classes = not is_guarded() and any(map(_is_of_script, vars(main).values()))

    def values(self) -> Json:
        """What is sent as it is, packed; `None` if there is nothing of it."""
        if not (self._things or self._names or (self._classes and self._by_value)):
            return None
        from gostage._spawn.values import pack_values  # 30 ms for dill: where it is needed

        return pack_values(self._things, self._names)

    # ---------------------------------------------------------------- things

    def refer(self, thing: object, what: str) -> str | int:
        """Say where a child finds a thing: a reference, or its place among what is sent."""
        found = _reference(thing)
        return self.send(thing, what) if found is None else self._see_to(found, what)

    def send(self, thing: object, what: str, parts: tuple[tuple[str, object], ...] = ()) -> int:
        """Send a thing as it is, if that is possible; gives its place."""
        self._check_sendable(what)
        self._things.append(Thing(what, thing, parts))
        return len(self._things) - 1

    def module(self, module: ModuleType, what: str) -> str:
        """Say where a child finds a module."""
        if sys.modules.get(module.__name__) is not module:
            raise NotImportable(
                f"{what} is a module that cannot be imported, so no child process finds it",
                hint="give an object with the hooks, or a module that has a file",
            )
        if module.__name__ == MAIN and not is_guarded():
            for name, value in vars(module).items():
                if name.startswith("gostage_") or isinstance(value, Resource):
                    self._names[name] = None
            self._check_sendable(what)
        return address_of(module.__name__)

    def _see_to(self, reference: str, what: str) -> str:
        """Send the name with a reference to a script that a child cannot import."""
        home, _, path = reference.rpartition(":")
        if home == self._script:
            self._check_sendable(what)
            self._names[path.partition(".")[0]] = None
        return reference

    def _check_sendable(self, what: str) -> None:
        if not self._by_value:
            raise NotImportable(
                f"{what} cannot be found again by a child of this backend, which takes only what "
                "can be imported",
                hint="keep it at the top level of a module, under a name; of a script, put what "
                'it runs under `if __name__ == "__main__":`',
            )

    # ---------------------------------------------------------------- workflows

    def workflow(self, workflow: WorkflowDefinition, codec: Codec) -> Json:
        """A workflow: its definition with references if it has one, else as it is."""
        structure = structure_of(compiled(workflow).program).to_data()
        try:
            definition = _definition(workflow, codec)
        except (DefinitionError, StoreError):
            if not self._by_value:
                raise
            index = self.send(workflow, f"workflow {workflow.id!r}", tuple(_parts(workflow)))
            return {"sent": index, "structure": structure}
        for text in _texts(definition):
            self._see_to(text, f"{text!r} of workflow {workflow.id!r}")
        if self._script is not None:
            self._names.update(dict.fromkeys(_asked(definition)))
        return {"definition": definition, "structure": structure}


def _definition(workflow: WorkflowDefinition, codec: Codec) -> Json:
    for flow in compiled(workflow).flows():
        if type(flow) not in (Workflow, WorkflowDefinition, Stage, Steps):
            raise NotImportable(
                f"{flow!r} is a {type(flow).__name__}, and a definition would not say so",
                hint="use the class of gostage, or a backend that takes code as it is",
            )
    return dump_workflow(workflow, codec)


def _parts(workflow: WorkflowDefinition) -> Iterator[tuple[str, object]]:
    """The steps of a workflow, the smallest first in what is said of them."""
    found = sorted(walk(workflow), key=lambda each: -each.path.count("/"))
    for each in found:
        yield f"{each.kind} {each.path!r} of workflow {workflow.id!r}", each.item


def _texts(data: Json) -> Iterator[str]:
    """Every text in a definition."""
    return (each for each in _all(data) if isinstance(each, str))


def _all(data: Json) -> Iterator[Json]:
    todo = [data]
    while todo:
        each = todo.pop()
        yield each
        if isinstance(each, dict):
            todo.extend(each.values())
        elif isinstance(each, list):
            todo.extend(each)


def _asked(data: Json) -> Iterator[str]:
    """The resources of the script that a definition asks for by another name than a parameter's."""
    space = vars(sys.modules[MAIN])
    renamed = (each.get("inputs") for each in _all(data) if isinstance(each, dict))
    for inputs in renamed:
        # A value of the store may have such a key too, and hold anything.
        names = inputs.values() if isinstance(inputs, dict) else ()
        for name in names:
            if isinstance(name, str) and isinstance(space.get(name), Resource):
                yield name


def _reference(thing: object) -> str | None:
    """The reference that leads to this very thing, and to nothing like it."""
    found = reference_of(thing)
    if found is not None and _is(find(found), thing):
        return found
    return place_of(thing)


def _is(found: object, thing: object) -> bool:
    is_method = callable(thing) and hasattr(thing, "__self__")
    return found is thing or (is_method and found == thing)


def _is_of_script(value: object) -> bool:
    return isinstance(value, type) and value.__module__ == MAIN
