"""Places: where a target is, found out without importing it; nothing is collected here."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from gostage._app.importing import not_imported
from gostage._author.loading import make_importable
from gostage.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.machinery import ModuleSpec

_MOST: Final = 6  # names in one hint

Kind = Literal["file", "module", "folder"]


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it was typed, and its parts; without an attribute it is all of its base."""

    text: str
    base: str
    attribute: str | None

    @classmethod
    def of(cls, text: str) -> Target:
        """Split the text at its last colon, unless what follows is a path."""
        base, colon, attribute = text.rpartition(":")
        if not colon or _is_path(attribute):
            base, colon, attribute = text, "", ""
        if not text.strip():
            raise NotFound(f"target {text!r} is empty", hint=_FORMS)
        if not base or (colon and not attribute):
            raise NotFound(
                f"target {text!r} lacks the part {'after' if base else 'before'} the colon",
                hint=_FORMS,
            )
        return cls(text, base, attribute or None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target is."""

    target: Target
    kind: Kind
    folder: Path
    """The folder whose `stageconf.py`, and those above it, count."""
    path: Path | None
    """The file, or the folder; some modules have none."""


_FORMS: Final = "a target is module:attr or path/file.py:attr, a module, a file or a folder"


def locate(text: str, cwd: Path) -> Place:
    """Find out what a target is: paths are looked up from a folder, modules from there first.

    Of the target itself nothing is imported, only the packages that it is in.
    """
    target = Target.of(text)
    cwd = cwd.resolve()
    make_importable(cwd)
    path = cwd / os.path.expanduser(target.base)  # noqa: PTH111 - an unknown ~user is no error
    if _is_path(target.base) or _is_meant(target, path):
        return _at(target, path, cwd)
    return _module(target, cwd)


def listed(names: Iterable[str]) -> str:
    """Some names in quotes, for a hint."""
    quoted = [repr(name) for name in names]
    return ", ".join(quoted if len(quoted) <= _MOST else [*quoted[:_MOST], "…"])


def files_in(target: Target, folder: Path) -> list[str]:
    """The Python files of a folder that is a target, as they would be typed."""
    names = sorted(each.name for each in folder.glob("*.py") if each.name != "__init__.py")
    return [(Path(target.base) / name).as_posix() for name in names]


def _is_path(text: str) -> bool:
    return text.endswith(".py") or text.startswith((".", "~")) or "/" in text or os.sep in text


def _is_meant(target: Target, path: Path) -> bool:
    """Whether a base without slashes is a folder, or a file, rather than a module."""
    if not path.is_dir():
        return "." in path.name and path.is_file()
    is_package = (path / "__init__.py").is_file()
    is_module = path.with_name(f"{path.name}.py").is_file()
    return is_package or not (is_module or target.attribute)


# -------------------------------------------------------------------- files and folders


def _at(target: Target, path: Path, cwd: Path) -> Place:
    if path.is_dir():
        return _folder(target, path.resolve())
    if not path.is_file():
        raise _no_file(target, path, cwd)
    folder = path.parent.resolve()
    return Place(target, "file", folder, folder / path.name)  # a link keeps its own name


def _folder(target: Target, folder: Path) -> Place:
    if target.attribute is None:
        return Place(target, "folder", folder, folder)
    file = folder / "__init__.py"
    if file.is_file():
        return Place(target, "file", folder, file)
    names = [f"{file}:{target.attribute}" for file in files_in(target, folder)]
    raise NotFound(
        f"target {target.text!r}: {target.base!r} is a folder, and no package with attributes",
        hint=f"name the file: {listed(names)}" if names else "there is no Python file in it",
    )


def _no_file(target: Target, path: Path, cwd: Path) -> NotFound:
    folder = path.parent
    names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
    what = "file" if path.suffix else "file or folder"
    return NotFound(
        f"target {target.text!r}: there is no {what} {str(Path(target.base))!r}",
        hint=did_you_mean(path.name, names) or f"paths are looked up from {str(cwd)!r}",
    )


# -------------------------------------------------------------------- modules


def _module(target: Target, cwd: Path) -> Place:
    spec = _spec(target, cwd)
    folders = spec.submodule_search_locations
    if folders is not None and (spec.origin is None or target.attribute is None):
        return _folder(target, Path(next(iter(folders))).resolve())
    if not spec.has_location or spec.origin is None:
        return Place(target, "module", cwd, None)
    path = Path(spec.origin)
    return Place(target, "module", path.parent.resolve(), path)


def _spec(target: Target, cwd: Path) -> ModuleSpec:
    missing = target.base
    try:
        spec = find_spec(target.base)
    except ModuleNotFoundError as error:
        if not f"{target.base}.".startswith(f"{error.name}."):
            raise not_imported(target.base, error) from error
        spec, missing = None, error.name or missing
    except ValueError:  # a module that says nothing about itself, as the script that is run
        spec = None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a package may raise anything while it is imported
        raise not_imported(target.base, error) from error
    if spec is None:
        raise _no_module(target, missing, cwd)
    return spec


def _no_module(target: Target, missing: str, cwd: Path) -> NotFound:
    head, _, tail = target.text.rpartition(".")
    if missing == target.text and target.attribute is None and hasattr(sys.modules.get(head), tail):
        hint = f"did you mean '{head}:{tail}'?"
    else:
        hint = did_you_mean(missing, _modules_beside(missing, cwd))
    return NotFound(
        f"target {target.text!r}: there is no module {missing!r}",
        hint=hint
        or "modules are looked up in the current directory and on the import path; "
        "a file is given by its path, as in path/file.py:attr",
    )


def _modules_beside(missing: str, cwd: Path) -> list[str]:
    """The modules of the package, or else the folder, in which one is missing."""
    package, dot, _ = missing.rpartition(".")
    folders = getattr(sys.modules.get(package), "__path__", ()) if package else [cwd]
    files = [each for folder in folders for each in Path(folder).iterdir()]
    stems = [each.stem for each in files if each.suffix == ".py" or each.is_dir()]
    return [f"{package}{dot}{stem}" for stem in stems if not stem.startswith("_")]
