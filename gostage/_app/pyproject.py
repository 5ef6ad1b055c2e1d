"""The project's file: finds the root of a project and reads its table; it checks no setting."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gostage.errors import ConfigError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE: Final = "pyproject.toml"
TABLE: Final = "[tool.gostage]"

_NAME: Final = r"""[\w-]+|"[^"]*"|'[^']*'"""
_PATH: Final = rf"\s*((?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)\s*"
_HEADER: Final = rf"\s*\[\[?{_PATH}\]\]?\s*(?:#.*)?$"
_KEY: Final = rf"{_PATH}="


class Root(NamedTuple):
    """The folder of a project, and what its `pyproject.toml` says about gostage."""

    folder: Path
    pyproject: Path | None
    # Any: what TOML holds.
    table: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int]
    """Where each key of the table stands, as far as can be told."""

    @classmethod
    def bare(cls, folder: Path, pyproject: Path | None = None) -> Root:
        """Make a root about which nothing is said."""
        return cls(folder, pyproject, {}, {})

    def where(self, *keys: str) -> Where:
        """The line of a key, or of the nearest table around it that has one."""
        file = None if self.pyproject is None else str(self.pyproject)
        path = ("tool", "gostage", *keys)
        ends = range(len(path), 0, -1)
        line = next((self.lines[path[:end]] for end in ends if path[:end] in self.lines), None)
        return Where(file=file, line=line)


def find_root(start: Path) -> Root:
    """Find the nearest folder upward with `[tool.gostage]`, else with a `pyproject.toml`.

    Without either, the start is the root, or its folder if it is a file.
    """
    # Unlike resolve(), this keeps the links that the user went through.
    folder = Path(os.path.abspath(start))  # noqa: PTH100
    folder = folder.parent if folder.is_file() else folder
    nearest: _File | None = None
    for each in (folder, *folder.parents):
        file = _File.look(each / FILE)
        if file is not None and file.is_ours:
            return file.root()
        nearest = nearest or file
    return Root.bare(folder) if nearest is None else nearest.root()


class _File(NamedTuple):
    """A `pyproject.toml` that is there; whether it can be read counts only if it is the root's."""

    path: Path
    text: str = ""
    # Any: what TOML holds.
    table: Any = None
    error: ConfigError | None = None

    @classmethod
    def look(cls, path: Path) -> _File | None:
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            return cls(path, error=_unreadable(path, str(error.strerror)))
        if b"gostage" not in content:
            return cls(path)
        text = content.decode("utf-8-sig", "replace")
        try:
            return cls(path, text, _table(content.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            return cls(path, text, error=_unreadable(path, f"it is not UTF-8: {error}"))
        except ValueError as error:
            return cls(path, text, error=_no_toml(path, text, error))

    @property
    def is_ours(self) -> bool:
        """Whether it has the table, or is so broken that only its text can tell."""
        return self.table is not None or (self.error is not None and "tool.gostage" in self.text)

    def root(self) -> Root:
        if self.error is not None:
            raise self.error
        if not self.table:
            return Root.bare(self.path.parent, self.path)
        root = Root(self.path.parent, self.path, self.table, _lines(self.text))
        if not isinstance(self.table, dict):
            raise ConfigError(
                f"'tool.gostage' is {self.table!r}",
                hint=f"it has to be a table: {TABLE}, and below it one setting in each line",
                where=root.where(),
            )
        return root


# Any: what TOML holds.
def _table(text: str) -> Any:  # noqa: ANN401
    """What stands under `[tool.gostage]`; `None` if nothing does."""
    if sys.version_info >= (3, 11):
        import tomllib  # 4 ms, for whoever has such a file
    else:
        import tomli as tomllib  # the same
    tool = tomllib.loads(text).get("tool")
    return tool.get("gostage") if isinstance(tool, dict) else None


def _unreadable(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"{FILE} cannot be read: {reason}",
        hint="the configuration is in it, so nothing is run without it",
        where=Where(file=str(path)),
    )


def _no_toml(path: Path, text: str, error: ValueError) -> ConfigError:
    place = re.search(r"\(at line (\d+), column \d+\)", str(error))
    line = int(place[1]) if place else text.count("\n") + 1
    return ConfigError(
        f"{FILE} is not TOML: {error}",
        hint=f"mend it; {_shown(text, line)}",
        where=Where(file=str(path), line=line),
    )


def _shown(text: str, line: int) -> str:
    lines = text.splitlines()
    found = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return f"line {line} is {found!r}" if found else f"line {line} is empty"


# -------------------------------------------------------------------- lines


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Find the line of every key; what only a whole parser sees is left out."""
    found: dict[tuple[str, ...], int] = {}
    for number, path in _keys(text):
        for end in range(1, len(path) + 1):
            found.setdefault(path[:end], number)
    return found


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(_HEADER, line)
        if header:
            table = _split(header[1])
            yield number, table
        elif key := re.match(_KEY, line):
            yield number, (*table, *_split(key[1]))


def _split(path: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, path))
