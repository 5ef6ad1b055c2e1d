"""The script that is run: what other processes find in it, by its file; it runs nothing.

Another process imports the file. What is defined under `if __name__ == "__main__":` is not there
then, and neither is what was typed at a prompt or stands in a notebook.
"""

from __future__ import annotations

import ast
import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

MAIN: Final = "__main__"


def script() -> ModuleType | None:
    """The script, if it has a file that can be imported."""
    main = sys.modules.get(MAIN)
    return None if main is None or file_of(main) is None else main


def file_of(main: ModuleType) -> str | None:
    """The file of the script, as other processes find it."""
    file = getattr(main, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    return os.path.abspath(file)  # noqa: PTH100 - 3 ms for pathlib


def script_at(file: str) -> ModuleType | None:
    """The script, if this is its file."""
    main = script()
    own = None if main is None else file_of(main)
    return main if own is not None and (own == file or _is_same(own, file)) else None


def is_beside(folder: str) -> bool:
    """Whether modules are found in this folder only because the script stands there."""
    main = sys.modules.get(MAIN)
    file = getattr(main, "__file__", None)
    if not isinstance(file, str) or _folder(file) != folder:
        return False
    # With -m it is not the script's folder that Python puts on the path, but the current one.
    return getattr(main, "__spec__", None) is None and sys.path.count(folder) <= 1


def is_found(name: str) -> bool:
    """Whether importing the script gives it this name, too."""
    main = script()
    file = None if main is None else file_of(main)
    return file is not None and name.partition(".")[0] not in _guarded(file)


def is_guarded() -> bool:
    """Whether there is a script that may be imported: what it runs stands under its guard."""
    main = script()
    file = None if main is None else file_of(main)
    return file is not None and _has_guard(file)


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)  # noqa: PTH121 - as above
    except OSError:
        return False


@lru_cache(maxsize=8)
def _folder(file: str) -> str:
    """The folder of a script as it stands on the import path."""
    return os.path.dirname(os.path.realpath(file))  # noqa: PTH120 - as above


@lru_cache(maxsize=8)
def _has_guard(file: str) -> bool:
    return any(isinstance(node, ast.If) and _is_guard(node.test) for node in _body(file))


def _body(file: str) -> list[ast.stmt]:
    try:
        with open(file, "rb") as text:  # noqa: PTH123 - as above
            return ast.parse(text.read()).body
    except (OSError, SyntaxError, ValueError):
        return []


@lru_cache(maxsize=8)
def _guarded(file: str) -> frozenset[str]:
    """The names that a script has only when it is run."""
    body = _body(file)
    guards = [node for node in body if isinstance(node, ast.If) and _is_guard(node.test)]
    inside = {name for guard in guards for name in _bound(guard.body)}
    others = [node for node in body if node not in guards]
    others += [node for guard in guards for node in guard.orelse]
    return frozenset(inside - set(_bound(others)))


def _is_guard(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, *test.comparators)
    names = [each.id for each in sides if isinstance(each, ast.Name)]
    texts = [each.value for each in sides if isinstance(each, ast.Constant)]
    return names == ["__name__"] and texts == [MAIN]


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that these statements bind, those inside functions and classes excepted."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        else:
            todo.extend(ast.iter_child_nodes(node))
