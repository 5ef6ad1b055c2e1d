"""The modules that hold workflows: which, and under which name; it imports none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from gostage._author.reference import module_for_all
from gostage._author.script import MAIN
from gostage._run.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Place = tuple[str, str]

_MOST: Final = 1000


class Holders:
    """Where workflows are held.

    A program may make a workflow for every run, and a look through all that all modules hold takes
    a millisecond. So modules without any are remembered, for as long as they stay as large.
    """

    __slots__ = ("_places", "_without")

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}
        self._without: dict[str, tuple[int, int]] = {}

    def place_of(self, workflow: Workflow) -> Place | None:
        """The module and the name of this very workflow, for this process and for others."""
        place = self._places.get(id(workflow))
        if place is not None and _at(*place) is workflow:
            return place
        for module, name in self._held():
            if _at(module, name) is workflow and module_for_all(module, name) is not None:
                if len(self._places) == _MOST:
                    self._places.clear()  # of some that are no more
                self._places[id(workflow)] = module, name
                return module, name
        return None

    def _held(self) -> Iterator[Place]:
        """Every workflow that a module holds, the script's last, and under public names first."""
        for module in sorted(sys.modules, key=MAIN.__eq__):
            space = getattr(sys.modules.get(module), "__dict__", {})
            mark = id(space), len(space)
            if self._without.get(module) == mark:
                continue
            names = _workflows_in(space)
            if not names:
                self._without[module] = mark
            yield from ((module, name) for name in names)


def _workflows_in(space: Mapping[str, object]) -> list[str]:
    # By their type: an object may pretend to be of another class, or fail when it is asked.
    names = [name for name, each in list(space.items()) if issubclass(type(each), Workflow)]
    return sorted(names, key=lambda name: name.startswith("_"))


def _at(module: str, name: str) -> object:
    return getattr(sys.modules.get(module), "__dict__", {}).get(name)


# As global as the modules that it tells of.
HOLDERS: Final = Holders()
