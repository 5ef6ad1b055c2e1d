"""Who imports whom: the import statements of a source tree; it may not import what it reads."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module (or name of a module) and where the statement stands."""

    importer: str
    target: str
    name: str | None
    line: int
    is_for_types: bool

    def __str__(self) -> str:
        """The statement as a reader would look for it."""
        what = self.target if self.name is None else f"{self.target}.{self.name}"
        return f"{self.importer}:{self.line} imports {what}"


class Tree:
    """The modules under some packages of a folder, and every import statement in them."""

    def __init__(self, root: Path, packages: Sequence[str]) -> None:
        self.files = {
            _module_name(file.relative_to(root)): file
            for package in packages
            for file in sorted((root / package).rglob("*.py"))
        }
        self.imports = [each for name in self.files for each in self._read(name)]

    def cycles(self) -> list[str]:
        """Name the modules of a cycle, if there is one; imports for types alone do not count."""
        graph: dict[str, set[str]] = defaultdict(set)
        for each in self.imports:
            if not each.is_for_types and each.target in self.files:
                graph[each.importer].add(each.target)
        return _cycle(graph)

    def _read(self, name: str) -> Iterator[Import]:
        source = ast.parse(self.files[name].read_text(encoding="utf-8"))
        for node, is_for_types in _statements(source, is_for_types=False):
            for target, member in self._targets(node):
                yield Import(name, target, member, node.lineno, is_for_types)

    def _targets(self, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str | None]]:
        for alias in node.names:
            if isinstance(node, ast.Import):
                yield alias.name, None
            elif f"{node.module}.{alias.name}" in self.files:  # `from package import module`
                yield f"{node.module}.{alias.name}", None
            else:
                yield node.module or "", alias.name


def _module_name(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _statements(
    node: ast.AST, *, is_for_types: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, is_for_types
    elif isinstance(node, ast.If) and _asks_for_types(node.test):
        for statement in node.body:
            yield from _statements(statement, is_for_types=True)
        for statement in node.orelse:
            yield from _statements(statement, is_for_types=is_for_types)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _statements(child, is_for_types=is_for_types)


def _asks_for_types(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _cycle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
