"""Loading: files become modules under names that find them again; it never says what they hold."""

from __future__ import annotations

import _thread
import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Final

from gostage._author.script import MAIN, file_of, is_beside, script_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

# As global as `sys.path` and `sys.modules`, of which they tell.
_OUR_FOLDERS: Final[set[str]] = set()
"""What is on the import path only because somebody asked for it here."""
_APART: Final[set[str]] = set()
"""The names that were made up for files whose own name another module has."""
_LOADED: Final[dict[str, None]] = {}
"""The names of what was loaded here, in order."""
_ONE_AT_A_TIME: Final = _thread.RLock()  # as threading has it, whose import takes 2 ms
"""A module that another thread has begun to import is known, and does not hold everything yet."""
_LOADING: Final[ContextVar[str | None]] = ContextVar("gostage loading", default=None)


def load_file(path: Path) -> ModuleType:
    """Import a file under the name that an import statement would use, once.

    Where that name belongs to another module already, the file, or the package it is in, gets one
    of its own. What the file raises while it is imported is raised as it is. The script that is
    run is there already.
    """
    path = path.parent.resolve() / path.name  # not the file itself: a link keeps its own name
    with _while_loading(str(path)):
        module = script_at(str(path)) or _known(path) or _load(path)
    _LOADED[module.__name__] = None
    return module


def loaded_file(file: str) -> ModuleType | None:
    """Find the module of a file that was imported already; nothing is imported here."""
    from pathlib import Path as MakePath  # 3 ms, where a file is named

    return script_at(file) or _known(MakePath(file))


def load_module(name: str) -> ModuleType:
    """Import a module by its name, as an import statement would."""
    with _while_loading(name):
        module = import_module(name)
    _LOADED[name] = None
    return module


def being_loaded() -> str | None:
    """What is imported here at this moment: a file, or a module's name."""
    return _LOADING.get()


@contextmanager
def _while_loading(what: str) -> Iterator[None]:
    with _ONE_AT_A_TIME:
        token = _LOADING.set(what)
        try:
            yield
        finally:
            _LOADING.reset(token)


def loaded() -> Iterator[str]:
    """The modules that were loaded here, the last one first."""
    return reversed(_LOADED)


def hiding() -> tuple[str, str] | None:
    """A module of the standard library, and the file that was imported in its place."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in sys.stdlib_module_names and file and os.path.dirname(file) in _OUR_FOLDERS:  # noqa: PTH120  # as it is on the path
            return name, file
    return None


def make_importable(folder: Path) -> None:
    """Put a folder first on the import path, as Python does for a script's."""
    text = str(folder)
    if text in sys.path[1:] and text not in _OUR_FOLDERS:
        return  # installed there, so that every process has it
    # The first entry belongs to how this process was started; another one may not have it.
    _OUR_FOLDERS.add(text)
    if text not in sys.path:
        sys.path.insert(0, text)
        import_module("importlib").invalidate_caches()


def address_of(name: str) -> str:
    """How another process finds a module: by its name, or else by its file."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return name
    if name == MAIN:
        return file_of(sys.modules[name]) or name
    if name in _APART or name.partition(".")[0] in _APART:
        return file
    tail = name.replace(".", os.sep)
    for ending in (f"{os.sep}{tail}.py", f"{os.sep}{tail}{os.sep}__init__.py"):
        if file.endswith(ending):
            folder = file.removesuffix(ending)
            return file if folder in _OUR_FOLDERS or is_beside(folder) else name
    return name


def _load(path: Path) -> ModuleType:
    root, names = _name_of(path)
    make_importable(root)
    top = path if root == path.parent else root / names[0] / "__init__.py"
    package = names[0] if _finds(names[0], top) else _load_as(_own_name(top), top).__name__
    if len(names) == 1:
        return import_module(package)
    if "." in names[-1]:
        parent = import_module(".".join([package, *names[1:-1]]))
        return _load_as(f"{parent.__name__}.{_own_name(path)}", path)
    return import_module(".".join([package, *names[1:]]))


def _known(path: Path) -> ModuleType | None:
    """Find the module of a file that was imported already, under whatever name."""
    file = str(path)
    likely = sys.modules.get(path.stem)
    if likely is not None and getattr(likely, "__file__", None) == file:
        return likely
    for name, module in list(sys.modules.items()):
        # Not by getattr, which makes lazy modules import what they stand for.
        if getattr(module, "__dict__", {}).get("__file__") == file and "__main__" not in name:
            return module
    return None


def _name_of(path: Path) -> tuple[Path, list[str]]:
    """Give the folder to import from, and the parts of a file's name as seen from there."""
    folder, names = path.parent, [] if path.stem == "__init__" else [path.stem]
    while (folder / "__init__.py").is_file() and "." not in folder.name and folder.name:
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, names or [path.stem]


def _finds(name: str, path: Path) -> bool:
    """Whether an import of this name gives that file."""
    from importlib.util import find_spec  # 2 ms, where a file is loaded
    from pathlib import Path as MakePath  # 3 ms, as above

    if "." in name or name == "__init__":
        return False
    try:
        spec = find_spec(name)
    except ValueError:  # a module that says nothing about itself
        return False
    if spec is None or spec.origin is None:
        return False
    origin = MakePath(spec.origin)
    return origin.parent.resolve() / origin.name == path


def _own_name(path: Path) -> str:
    from binascii import crc32  # 1 ms, where two files have one name

    stem = path.parent.name if path.stem == "__init__" else path.stem
    plain = "".join(each if each.isalnum() else "_" for each in stem)
    return f"{plain}_{crc32(os.fsencode(path)):08x}"


def _load_as(name: str, path: Path) -> ModuleType:
    from importlib.util import module_from_spec, spec_from_file_location  # 2 ms, as above

    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no loader for {str(path)!r}")
    module = sys.modules[name] = module_from_spec(spec)
    _APART.add(name)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
