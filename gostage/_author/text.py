"""The text of a module: what it imports and where it binds its names; read, never executed."""

from __future__ import annotations

import ast
import sys
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType


class Text:
    """The source of a module: what it imports, and where it binds its names; read when needed."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def imports(self, value: object) -> bool:
        """Whether a module that this one imports holds this very value."""
        spaces = (vars(each).values() for each in self._sources)
        return any(held is value for space in spaces for held in list(space))

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Sort names by where they are bound first, other than by an import."""
        lines = self._lines
        last = 0
        order = []
        for position, name in enumerate(names):
            last = lines.get(name, last)  # one that is bound by magic stays behind its neighbour
            order.append((last, position, name))
        return [name for _, _, name in sorted(order)]

    @cached_property
    def _sources(self) -> list[ModuleType]:
        """The modules that import statements name; without a source to read, all there are."""
        tree = self._tree
        own = self._module
        names = list(sys.modules) if tree is None else list(self._imported(tree))
        found = (sys.modules.get(name) for name in names)
        return [each for each in found if each is not None and each is not own]

    @cached_property
    def _lines(self) -> dict[str, int]:
        lines: dict[str, int] = {}
        for name, line in [] if self._tree is None else _bindings(self._tree):
            lines[name] = min(line, lines.get(name, line))
        return lines

    @cached_property
    def _tree(self) -> ast.Module | None:
        try:
            with open(self._module.__file__ or "", "rb") as file:  # noqa: PTH123 - no path is made
                return ast.parse(file.read())
        except (OSError, SyntaxError, ValueError, AttributeError):
            return None

    def _imported(self, tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    parts = alias.name.split(".")
                    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        package = (getattr(self._module, "__package__", None) or "").split(".")
        above = package[: len(package) - node.level + 1] if node.level else []
        return ".".join([*above, *([node.module] if node.module else [])])


def _bindings(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The names that statements of the module itself bind, each with its line."""
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        else:
            todo.extend(ast.iter_child_nodes(node))
