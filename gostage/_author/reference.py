"""References: `module:name`, how another process finds the same code again.

Where no import statement of another process would find the module, its file takes the place of its
name: `/folder/file.py:name`.
"""

from __future__ import annotations

import importlib
import os
import sys
from contextvars import ContextVar
from itertools import chain
from types import MethodType
from typing import TYPE_CHECKING, Final

from gostage._author.loading import address_of, load_file, loaded
from gostage._author.script import MAIN, is_found, script, script_at
from gostage._author.signature import name_of_function
from gostage.errors import NotFound, NotImportable, Where, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

_OTHERS: Final = frozenset((*sys.stdlib_module_names, "gostage", MAIN))
"""Where nothing of the user's is held."""
HELD_BY: Final = "?"
"""What names begin with of code that is only found together with what holds it."""


class Held:
    """Code without a reference of its own, in a workflow that is found again as a whole."""

    def __init__(self) -> None:
        self.things: dict[str, object] = {}
        """By the names they have in the definition."""

    def name(self, thing: object) -> str:
        """Name it, the same thing always alike."""
        for name, known in self.things.items():
            if known is thing:
                return name
        code = _code_of(thing)
        where = (
            getattr(code, "__module__", None),
            getattr(code, "__qualname__", type(code).__name__),
        )
        name = base = f"{HELD_BY}{where[0]}:{where[1]}"
        count = 1
        while name in self.things:
            count += 1
            name = f"{base}#{count}"
        self.things[name] = thing
        return name


HELD: Final[ContextVar[Held | None]] = ContextVar("gostage held", default=None)
"""Set while a workflow is written down that is found again as a whole."""


def reference_of(thing: object) -> str | None:
    """Give `module:name` if importing that gives this very thing back; else `None`.

    For a function that `@action` decorates, the action is what is found; and for an action, the
    function it was made from will do.
    """
    for module_name, path in _candidates(thing):
        found = _lookup(module_name, path)
        if found is not None and _is_same(found, thing):
            return f"{address_of(module_name)}:{path}"
    return None


def place_of(thing: object) -> str | None:
    """Give `module:name` if a module holds this very thing, whatever it is; else `None`."""
    for module_name, path in _holders_of(thing, [type(thing).__module__]):
        if _lookup(module_name, path) is thing:
            return f"{address_of(module_name)}:{path}"
    return None


def require_reference(thing: object, what: str) -> str:
    """Give the reference, or raise an error that names the thing and says how to fix it."""
    reference = reference_of(thing)
    if reference is not None:
        return reference
    held = HELD.get()
    if held is not None:
        return held.name(thing)
    code = getattr(_code_of(thing), "__code__", None)
    raise NotImportable(
        f"{what} cannot be found again by another process: {_why(thing)}",
        hint="define it at the top level of a module that can be imported",
        where=Where(
            file=getattr(code, "co_filename", None), line=getattr(code, "co_firstlineno", None)
        ),
    )


def find(reference: str) -> object:
    """Import what a reference names; the error says which part of it cannot be found."""
    if reference.startswith(HELD_BY):
        raise NotImportable(
            f"{reference[len(HELD_BY) :]!r} is nowhere but in a workflow that a module holds",
            hint="put the workflow back where it was; it is found there, and all that is in it",
        )
    home, _, path = reference.rpartition(":")
    if not (home and path) or "<" in path:
        raise NotImportable(
            f"{reference!r} does not say where code is found",
            hint='a reference is "package.module:name"',
        )
    thing: object = _load(home, reference) if _is_file(home) else _import(home, reference)
    for name in path.split("."):
        if not hasattr(thing, name):
            known = [each for each in dir(thing) if not each.startswith("__")]
            raise NotFound(
                f"there is no {name!r} in {home!r}, which {reference!r} names",
                hint=did_you_mean(name, known) or "it was renamed, moved or removed",
            )
        thing = getattr(thing, name)
    return thing


def _import(module_name: str, reference: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # a module may raise anything while it is imported
        raise NotImportable(
            f"module {module_name!r}, which {reference!r} names, cannot be imported: "
            f"{type(error).__name__}: {error}",
            hint="is it installed here, or its folder on sys.path?",
        ) from error


def _is_file(home: str) -> bool:
    return os.sep in home or "/" in home


def _load(home: str, reference: str) -> ModuleType:
    from pathlib import Path  # 3 ms, where a reference is a file's

    path = Path(home)
    if not path.is_absolute() or not (path.is_file() or script_at(home)):
        raise NotImportable(
            f"there is no file {home!r}, which {reference!r} names",
            hint="was it moved or removed? a file stands in a reference with its whole path",
        )
    try:
        return load_file(path)
    except (Exception, SystemExit) as error:  # as above
        raise NotImportable(
            f"file {home!r}, which {reference!r} names, cannot be imported: "
            f"{type(error).__name__}: {error}",
            hint="is everything that it imports installed here?",
        ) from error


def _candidates(thing: object) -> Iterator[tuple[str, str]]:
    """Where the thing may be found: under its own name, or as what a module holds."""
    code = _code_of(thing)
    module, name = getattr(code, "__module__", None), getattr(code, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str) and "<" not in name:
        yield module, name
    if not callable(code):  # any module may hold a number of this value
        return
    likely = [each for each in (module, type(thing).__module__) if isinstance(each, str)]
    yield from _holders_of(thing, likely)
    if code is not thing:
        yield from _holders_of(code, likely)
    owner = getattr(code, "__self__", None)
    if isinstance(code, MethodType) and owner is not thing:
        for holder, path in _holders_of(owner, [type(owner).__module__]):
            yield holder, f"{path}.{code.__name__}"


def _holders_of(thing: object, likely: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The modules that hold this very thing, and under which names, the likeliest first."""
    others = (name for name in list(sys.modules) if name.partition(".")[0] not in _OTHERS)
    for name in chain(likely, loaded(), others, (MAIN,)):
        space = getattr(sys.modules.get(name), "__dict__", {})
        names = [key for key, value in list(space.items()) if value is thing]
        yield from ((name, key) for key in sorted(names, key=lambda key: key.startswith("_")))


def _code_of(thing: object) -> object:
    """The function, class or method that an action, resource or condition is made from."""
    function = getattr(thing, "function", None)
    return getattr(function, "fn", thing)


def _lookup(module_name: str, path: str) -> object:
    found: object = module_for_all(module_name, path)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def module_for_all(name: str, path: str) -> ModuleType | None:
    """A module, if what it holds there is in it in another process, too."""
    if name == MAIN:
        return script() if is_found(path) else None
    module = sys.modules.get(name)
    return None if getattr(module, "__spec__", None) is None else module


def _is_same(found: object, thing: object) -> bool:
    if found is thing:
        return True
    mine, its = _code_of(found), _code_of(thing)
    if isinstance(mine, MethodType):  # made anew for every access
        return mine == its
    return mine is its


def _why(thing: object) -> str:
    code = _code_of(thing)
    name = getattr(code, "__qualname__", "")
    module = getattr(code, "__module__", None)
    owner = getattr(code, "__self__", None)
    is_method = isinstance(code, MethodType) and not isinstance(owner, type)
    reasons = {
        "it is a lambda": name.endswith("<lambda>"),
        f"it is defined inside the function {name.split('.<locals>')[0]!r}": "<locals>" in name,
        f"{type(code).__name__} objects have no name of their own": not name,
        f"it is a method of a {type(owner).__name__} that no module holds": is_method,
        "it is defined in a notebook, at a prompt, or in code without a file": module == MAIN
        and script() is None,
        'it is defined under `if __name__ == "__main__":`, where other processes do not see it': (
            module == MAIN and not is_found(name)
        ),
    }
    other = f"{module}:{name} is something else than {name_of_function(code)!r} there"
    return next((reason for reason, holds in reasons.items() if holds), other)
