"""Installed plugins: what packages announce under an entry-point group; it imports none of them.

The files that pip writes are read directly: importing `importlib.metadata` alone takes longer than
everything else that a command does before it runs something.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP: Final = "gostage"
"""The group of plugins that are loaded by being installed."""

OPTIONAL: Final = "gostage.optional"
"""The group of plugins that are installed, and loaded when they are asked for by name."""

_SUFFIXES: Final = (".dist-info", ".egg-info")


@dataclass(frozen=True, slots=True)
class Announced:
    """One line under an entry-point group, and the distribution it comes from."""

    name: str
    value: str
    group: str
    distribution: str
    version: str

    def load(self) -> object:
        """Import what it names."""
        module, _, path = self.value.partition(":")
        thing: object = import_module(module.strip())
        for name in path.split(".") if path.strip() else ():
            thing = getattr(thing, name.strip())
        return thing


def announced() -> tuple[Announced, ...]:
    """Everything that is announced on the import path, by name; an earlier folder hides a later."""
    return _announced(tuple(sys.path))


# A cache, since nothing is installed while a process runs that would want to use it at once.
@cache
def _announced(path: tuple[str, ...]) -> tuple[Announced, ...]:
    seen: dict[str, list[Announced]] = {}
    for folder in path:
        for distribution, version, info in _distributions(folder or "."):
            if distribution not in seen:
                seen[distribution] = list(_read(info, distribution, version))
    return tuple(sorted((each for lines in seen.values() for each in lines), key=_by_name))


def _by_name(each: Announced) -> tuple[str, str]:
    return each.name, each.distribution


def _distributions(folder: str) -> Iterator[tuple[str, str, str]]:
    try:
        names = os.listdir(folder)  # noqa: PTH208  # a Path for each of hundreds of names is slow
    except OSError:  # a zip file, or a folder that is not there
        return
    for name in names:
        if name.endswith(_SUFFIXES):
            stem = name.rpartition(".")[0]
            distribution, _, version = stem.partition("-")
            yield _normal(distribution), version.partition("-")[0], f"{folder}/{name}"


def _read(info: str, distribution: str, version: str) -> Iterator[Announced]:
    try:
        with open(f"{info}/entry_points.txt", encoding="utf-8") as file:  # noqa: PTH123  # as above
            lines = file.read().splitlines()
    except OSError:
        return
    group = ""
    for line in map(str.strip, lines):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group in (GROUP, OPTIONAL) and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            value = value.partition("[")[0].strip()  # extras, which nobody writes any more
            yield Announced(name.strip(), value, group, distribution, version)


def _normal(distribution: str) -> str:
    return distribution.replace("_", "-").replace(".", "-").lower()
