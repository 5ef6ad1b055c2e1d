"""Sources of plugins: a name, who asks for it, and how to get the plugin; nothing is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from gostage._plugins.installed import GROUP, OPTIONAL, announced
from gostage.errors import PluginError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


BUILT_IN: Final = "built in"
"""The origin of the plugins of the command line, which are of use in its own process only."""


@dataclass(frozen=True, slots=True)
class Source:
    """One plugin that can be loaded."""

    name: str
    origin: str
    load: Callable[[], object]
    may_be_empty: bool = False
    """Whether it is there for more than hooks, as a `stageconf.py` is."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One plugin that is there: what its source gave, and what that made of itself."""

    name: str
    origin: str
    holder: object
    plugin: object


def installed(taken: Iterable[str] = ()) -> list[Source]:
    """The plugins that are loaded by being installed, by name.

    Where a name is taken, as by another distribution, the own distribution is added to it.
    """
    names, found = list(taken), []
    for each in announced():
        if each.group == GROUP:
            name = f"{each.name}@{each.distribution}" if contains(names, each.name) else each.name
            origin = f"installed with {each.distribution} {each.version}".rstrip()
            names.append(name)
            found.append(Source(name, origin, each.load))
    return found


def optional() -> list[Source]:
    """The installed plugins that wait to be asked for, by name."""
    return [
        Source(each.name, f"installed with {each.distribution} {each.version}".rstrip(), each.load)
        for each in announced()
        if each.group == OPTIONAL
    ]


def named(name: str, origin: str) -> Source:
    """The plugin somebody asks for: an installed one, or any module that can be imported."""
    known = _announced_as(name)
    for each in (*installed(), *optional()):
        if same_name(each.name, known):
            return Source(each.name, f"{origin}, {each.origin}", each.load)
    if is_module(name):
        return Source(name, origin, lambda: import_module(name))
    if name.endswith(".py"):
        hint = f"a plugin is the name of a module: {name.rpartition('/')[2].removesuffix('.py')}"
    else:
        hint = did_you_mean(name, known_names())
    raise PluginError(
        f"there is no plugin {name!r}, which {origin} asks for",
        hint=hint
        or "a plugin is the name of an installed one, or of a module that can be imported",
    )


def given(thing: object, origin: str) -> Source:
    """A plugin that is there already: an object or a module; or the name of one."""
    if isinstance(thing, str):
        return named(thing, origin)
    return Source(name_of(thing), origin, lambda: thing)


def known_names() -> list[str]:
    """Every name that `-p` knows without importing anything."""
    return [each.name for each in (*installed(), *optional())]


def same_name(one: str, other: str) -> bool:
    """Whether two names mean one plugin: `time-limit` is `time_limit`."""
    return _plain(one) == _plain(other)


def contains(names: Iterable[str], name: str) -> bool:
    """Whether a name is among these."""
    return any(same_name(each, name) for each in names)


def name_of(thing: object) -> str:
    """What a plugin is called when nobody gave it a name: its module, or its class.

    An installed module is called what it is installed as, so that it is not loaded twice.
    """
    name = getattr(thing, "__name__", None)
    return _announced_as(name) if isinstance(name, str) else type(thing).__name__


def is_module(name: str) -> bool:
    """Whether a module of this name can be found; its packages are imported for that."""
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _announced_as(module: str) -> str:
    """The name under which a module is installed as a plugin; if it is not, its own."""
    return next((each.name for each in announced() if each.value == module), module)


def _plain(name: str) -> str:
    return name.replace("-", "_").lower()
