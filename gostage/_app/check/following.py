"""Paths through code: what surely happens in a function, and what only may; it only follows."""

# ruff: noqa: N815 - the names are those that ast.NodeVisitor looks for
from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Follower(ast.NodeVisitor):
    """Visits code from top to bottom, and knows whether it stands where all calls come by."""

    def __init__(self) -> None:
        self._depth = 0
        self._may_have_left = False

    @property
    def is_sure(self) -> bool:
        """Whether what is visited happens in every call that completes."""
        return not self._depth and not self._may_have_left

    def visit_source(self, node: ast.expr) -> None:
        """Visit what items are taken from; nothing but its items is used."""
        self.visit(node)

    @contextmanager
    def _perhaps(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def _maybe(self, nodes: Iterable[ast.AST]) -> None:
        with self._perhaps():
            for node in nodes:
                self.visit(node)

    def visit_If(self, node: ast.If | ast.IfExp) -> None:
        self.visit(node.test)
        both = (node.body, node.orelse)
        self._maybe(each for part in both for each in (part if isinstance(part, list) else [part]))

    visit_IfExp = visit_If

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit_source(node.iter)
        self._maybe([node.target, *node.body, *node.orelse])

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._maybe([*node.body, *node.orelse])

    def visit_Try(self, node: ast.Try) -> None:
        self._maybe([*node.body, *node.handlers, *node.orelse])
        for each in node.finalbody:
            self.visit(each)

    visit_TryStar = visit_Try

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for each in node.items:
            self.visit(each)
        self._maybe(node.body)  # what is around it may hold an error

    visit_AsyncWith = visit_With

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self._maybe(node.cases)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self._maybe(node.values[1:])

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.visit_source(node.iter)
        self._maybe([node.target, *node.ifs])

    def _visit_inside(self, node: ast.AST) -> None:
        with self._perhaps():
            self.generic_visit(node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_inside

    def _visit_function(self, node: ast.AST) -> None:
        was = self._may_have_left
        self._visit_inside(node)
        self._may_have_left = was

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = _visit_function

    def _visit_leaving(self, node: ast.AST) -> None:
        self.generic_visit(node)
        self._may_have_left = True

    # Behind a yield it may be that what is inside has failed.
    visit_Return = visit_Yield = visit_YieldFrom = _visit_leaving
