"""Targets: the workflow that `module:attr` or `path/file.py:attr` names; it runs nothing of it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from binascii import crc32
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gostage._app.trace import last_place
from gostage._run.workflow import Workflow
from gostage.errors import CollectionError, GostageError, NotFound, Where, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

_MOST: Final = 6  # names in one hint


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it was typed, and its two parts; without an attribute it is a whole module."""

    text: str
    place: str
    attribute: str | None

    @classmethod
    def of(cls, text: str) -> Target:
        """Split the text at its last colon, unless what follows is a path."""
        place, colon, attribute = text.rpartition(":")
        if not colon or _is_path(attribute):
            return cls(text, text, None)
        if not place or not attribute:
            raise NotFound(
                f"target {text!r} lacks the part {'after' if place else 'before'} the colon",
                hint="a target is module:attr or path/file.py:attr",
            )
        return cls(text, place, attribute)


def find_workflow(text: str) -> Workflow:
    """Import what a target names and give the workflow in it."""
    target = Target.of(text)
    _make_importable(Path.cwd())
    module = _module_of(target)
    if target.attribute is None:
        return _only_workflow(target, module)
    return _attribute(target, module)


def workflows_of(module: ModuleType) -> dict[str, Workflow]:
    """Every workflow of a module by the first name it has there."""
    found: dict[int, tuple[str, Workflow]] = {}
    for name, value in list(vars(module).items()):
        if isinstance(value, Workflow):
            found.setdefault(id(value), (name, value))
    return dict(found.values())


# -------------------------------------------------------------------- finding the module


def _is_path(text: str) -> bool:
    return text.endswith(".py") or text.startswith((".", "~")) or "/" in text or os.sep in text


def _module_of(target: Target) -> ModuleType:
    path = Path(target.place).expanduser()
    if _is_path(target.place):
        if path.is_dir():
            raise _is_directory(target, path)
        return _imported(target, lambda: load_file(_checked_file(target, path)))
    try:
        module = _imported(target, lambda: importlib.import_module(target.place))
    except NotFound:
        if path.is_dir():
            raise _is_directory(target, path) from None
        raise
    if getattr(module, "__file__", None) is None and path.is_dir():  # a folder without __init__
        raise _is_directory(target, path)
    return module


def _checked_file(target: Target, path: Path) -> Path:
    if not path.is_file():
        folder = path.parent
        names = [each.name for each in folder.glob("*.py")] if folder.is_dir() else []
        close = did_you_mean(path.name, names)
        raise NotFound(
            f"target {target.text!r}: there is no file {str(path)!r}",
            hint=close or f"paths are looked up from {str(Path.cwd())!r}",
        )
    if path.suffix != ".py":
        raise NotFound(
            f"target {target.text!r}: {str(path)!r} is no Python file",
            hint="workflows are read from files that end in .py",
        )
    return path.resolve()


def _is_directory(target: Target, path: Path) -> NotFound:
    files = sorted(each.as_posix() for each in path.glob("*.py") if each.stem != "__init__")
    example = files[0] if files else (path / "flow.py").as_posix()
    return NotFound(
        f"target {target.text!r} is a directory, and a workflow is run from a file or a module",
        hint=f"name the file, as in `gostage run {example}`",
    )


def _imported(target: Target, load: Callable[[], ModuleType]) -> ModuleType:
    """Import; say whether the target itself is missing or something in it is wrong."""
    try:
        return load()
    except NotFound:
        raise
    except ModuleNotFoundError as error:
        if _names(target.place, error.name):
            raise _no_module(target, error.name or target.place) from error
        raise _not_imported(target, error) from error
    except (Exception, SystemExit) as error:  # a module may raise anything while it is imported
        raise _not_imported(target, error) from error


def _names(place: str, missing: str | None) -> bool:
    return not _is_path(place) and f"{place}.".startswith(f"{missing}.")


def _no_module(target: Target, missing: str) -> NotFound:
    head, _, tail = target.text.rpartition(".")
    if missing == target.text and target.attribute is None and hasattr(sys.modules.get(head), tail):
        hint = f"did you mean '{head}:{tail}'?"
    else:
        names = [each.stem for each in Path.cwd().glob("*.py")]
        hint = did_you_mean(missing, names)
    return NotFound(
        f"target {target.text!r}: there is no module {missing!r}",
        hint=hint
        or "modules are looked up in the current directory and on the import path; "
        "a file is given by its path, as in path/file.py:attr",
    )


def _not_imported(target: Target, error: BaseException) -> CollectionError:
    file, line = last_place(error)
    reason = error.msg if isinstance(error, SyntaxError) else str(error)
    hint = error.hint if isinstance(error, GostageError) else ""
    return CollectionError(
        f"{target.place!r} cannot be imported: {type(error).__name__}: {reason}",
        hint=hint or "`-v` shows the whole traceback",
        where=Where(file=file, line=line),
    )


# -------------------------------------------------------------------- loading a file


def load_file(path: Path) -> ModuleType:
    """Import a file under the name that finds it again: the one an import statement would use.

    Where that name belongs to another module already, the file gets one of its own.
    """
    root, name = _name_of(path)
    _make_importable(root)
    spec = None if "." in path.stem else importlib.util.find_spec(name)
    if spec is not None and spec.origin is not None and Path(spec.origin).resolve() == path:
        return importlib.import_module(name)
    return _load_under_own_name(path)


def _name_of(path: Path) -> tuple[Path, str]:
    """Give the folder to import from and the dotted name of a file seen from there."""
    folder, names = path.parent, [] if path.stem == "__init__" else [path.stem]
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def _load_under_own_name(path: Path) -> ModuleType:
    name = f"{re.sub(r'[^0-9A-Za-z_]', '_', path.stem)}_{crc32(str(path).encode()):08x}"
    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no loader for {str(path)!r}")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _make_importable(folder: Path) -> None:
    """Put a folder first on the import path, as Python does for a script's."""
    text = str(folder)
    if text in sys.path:
        return
    sys.path.insert(0, text)
    importlib.invalidate_caches()


# -------------------------------------------------------------------- finding the workflow


def _only_workflow(target: Target, module: ModuleType) -> Workflow:
    found = workflows_of(module)
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise CollectionError(
            f"{target.text!r} holds no workflow",
            hint="make one at the top level: flow = Workflow('id').do('step', function)",
            where=Where(file=getattr(module, "__file__", None)),
        )
    raise NotFound(
        f"{target.text!r} holds {len(found)} workflows, and a run is of one",
        hint=f"name one of them: {_listed(target, found)}",
    )


def _attribute(target: Target, module: ModuleType) -> Workflow:
    value: object = module
    for name in (target.attribute or "").split("."):
        if not hasattr(value, name):
            raise _no_attribute(target, module, value, name)
        value = getattr(value, name)
    if isinstance(value, Workflow):
        return value
    raise CollectionError(
        f"{target.text!r} is no workflow but {_kind(value)}",
        hint=_candidates(target, module) or "put it into one: Workflow('id').do('step', …)",
        where=Where(file=getattr(module, "__file__", None)),
    )


def _no_attribute(target: Target, module: ModuleType, value: object, name: str) -> NotFound:
    known = [each for each in dir(value) if not each.startswith("_")]
    return NotFound(
        f"target {target.text!r}: there is no {name!r} in {target.place!r}",
        hint=did_you_mean(name, known) or _candidates(target, module) or "it holds no workflow",
        where=Where(file=getattr(module, "__file__", None)),
    )


def _candidates(target: Target, module: ModuleType) -> str:
    found = workflows_of(module)
    return f"its workflows are {_listed(target, found)}" if found else ""


def _listed(target: Target, found: Iterable[str]) -> str:
    names = [repr(f"{target.place}:{name}") for name in found]
    return ", ".join(names if len(names) <= _MOST else [*names[:_MOST], "…"])


def _kind(value: object) -> str:
    word = type(value).__name__.lower()
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
