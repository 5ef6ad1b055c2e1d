"""References: `module:name`, how another process finds the same code again.

Where no import statement of another process would find the module, its file takes the place of its
name: `/folder/file.py:name`.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import MethodType
from typing import TYPE_CHECKING

from gostage._author.loading import address_of, load_file, loaded
from gostage._author.signature import name_of_function
from gostage.errors import NotFound, NotImportable, Where, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


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


def require_reference(thing: object, what: str) -> str:
    """Give the reference, or raise an error that names the thing and says how to fix it."""
    reference = reference_of(thing)
    if reference is not None:
        return reference
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
    if not path.is_absolute() or not path.is_file():
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
    """Where the thing may be found: under its own name, or as an attribute of its module."""
    code = _code_of(thing)
    module, name = getattr(code, "__module__", None), getattr(code, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str) and "<" not in name:
        yield module, name
    holders = [each for each in (module, type(thing).__module__) if isinstance(each, str)]
    if code is not thing:  # an action or a resource stands where it was made, not where its code is
        holders += loaded()
    for holder in holders:
        space = vars(sys.modules[holder]) if holder in sys.modules else {}
        yield from ((holder, name) for name, value in list(space.items()) if value is thing)


def _code_of(thing: object) -> object:
    """The function, class or method that an action, resource or condition is made from."""
    function = getattr(thing, "function", None)
    return getattr(function, "fn", thing)


def _lookup(module_name: str, path: str) -> object:
    found: object = None if module_name == "__main__" else sys.modules.get(module_name)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


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
    if module == "__main__":
        return "it is defined in the script that is run, or in a notebook"
    if name.endswith("<lambda>"):
        return "it is a lambda"
    if "<locals>" in name:
        return f"it is defined inside the function {name.split('.<locals>')[0]!r}"
    if not name:
        return f"{type(code).__name__} objects have no name of their own"
    return f"{module}:{name} is something else than {name_of_function(code)!r} there"
