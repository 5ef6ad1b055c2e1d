"""What is present: code that somebody names who must not have anything imported, or called at will.

A child says which actions it adds to the run of its parent. Found are actions, and functions that
stand beside actions, of modules that are there already; looking for them runs nobody's code.
"""

from __future__ import annotations

import os
import sys
from itertools import chain
from operator import add, and_, concat, iadd, iand, ior, ixor, mul, or_, sub, xor
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Final

from gostage._author.action import Action
from gostage._author.loading import loaded_file
from gostage.errors import NotImportable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gostage._author.coding import Use

_MERGES: Final = (max, min, add, and_, concat, iadd, iand, ior, ixor, mul, or_, sub, xor)
"""What folds values without doing anything else, whatever they are."""
_SHARED: Final = ("site-packages", "dist-packages")
"""Folders whose modules have nothing to do with each other."""
_NOT_THEIRS: Final = frozenset((*sys.stdlib_module_names, "gostage"))


class Present:
    """Finds what is there; `homes` gives the modules that code of the definition stands in."""

    __slots__ = ("_homes",)

    def __init__(self, homes: Callable[[], Iterable[str]]) -> None:
        self._homes = homes

    def __call__(self, reference: str, use: Use) -> object:
        """Find what a reference names, if it is there and may be used so."""
        home, _, path = reference.rpartition(":")
        module = _module(home)
        if module is None:
            raise NotImportable(
                f"{home!r}, which {reference!r} names, is not imported in this process",
                hint="import it where the workflow is defined",
            )
        found = _inside(module, path.split("."))
        if not self._may_be(found, module, use):
            raise NotImportable(
                f"{reference!r} is nothing that a child may name as {use}",
                hint="actions, and functions that stand beside actions, may be added to a run",
            )
        return found

    def _may_be(self, found: object, module: ModuleType, use: Use) -> bool:
        if use == "a type":
            return isinstance(found, type) or type(found).__module__ == "typing"
        if use == "an error":
            return isinstance(found, type) and issubclass(found, BaseException)
        if isinstance(found, Action):
            return True
        if isinstance(found, type):
            return use == "an action" and issubclass(found, Action)
        if use == "a merge" and any(found is each for each in _MERGES):
            return True
        return found is not None and self._stands_beside_actions(found, module)

    def _stands_beside_actions(self, found: object, module: ModuleType) -> bool:
        """Whether it is code of who wrote actions, and not of some library that is there."""
        is_function = isinstance(found, (FunctionType, MethodType))
        owner = (found if is_function else type(found)).__module__
        if owner != module.__name__ or owner.partition(".")[0] in _NOT_THEIRS:
            return False
        known = (sys.modules.get(name) for name in self._homes())
        mine = (each for each in known if each is not None)
        return any(_is_near(each, module) for each in chain(mine, _homes_of_actions()))


def _module(home: str) -> ModuleType | None:
    module = loaded_file(home) if os.sep in home or "/" in home else sys.modules.get(home)
    return module if isinstance(module, ModuleType) else None


def _inside(module: ModuleType, names: list[str]) -> object:
    """What stands there; nobody is asked who could make it up."""
    found: object = vars(module).get(names[0])
    for name in names[1:]:
        if isinstance(found, ModuleType):
            return None
        cls = found if isinstance(found, type) else type(found)
        member = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
        if isinstance(member, (staticmethod, classmethod)):
            member = member.__get__(None, cls)
        elif found is not cls and isinstance(member, FunctionType):
            member = MethodType(member, found)
        found = member
    return found


def _homes_of_actions() -> Iterator[ModuleType]:
    for module in list(sys.modules.values()):
        if not isinstance(module, ModuleType):
            continue
        name = module.__name__
        if any(_is_own(each, name) for each in list(vars(module).values())):
            yield module


def _is_own(thing: object, module: str) -> bool:
    if not isinstance(thing, Action):
        return False
    return getattr(thing.function.fn, "__module__", None) == module


def _is_near(one: ModuleType, other: ModuleType) -> bool:
    if one is other:
        return True
    tops = [each.__name__.partition(".")[0] for each in (one, other)]
    if tops[0] == tops[1]:
        return True
    files = [vars(each).get("__file__") for each in (one, other)]
    folders = {os.path.dirname(each) for each in files if isinstance(each, str)}  # noqa: PTH120 - 3 ms for pathlib
    folder = next(iter(folders)) if None not in files and len(folders) == 1 else ""
    return bool(folder) and os.path.basename(folder) not in _SHARED  # noqa: PTH119 - as above
