"""The source of functions, as syntax trees; it reads files and executes nothing of them."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
from dataclasses import dataclass, field
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from gostage._author.signature import body_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class _Unknown:
    """The type of `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<not known before it runs>"


UNKNOWN: Final = _Unknown()
"""What an expression stands for that only a run can tell."""


@dataclass(frozen=True, slots=True)
class Code:
    """A function as it is written, and what its names stand for."""

    node: Definition
    file: str
    function: FunctionType
    is_wrapped: bool
    """Whether other code stands around it: a decorator's, of which nothing is known."""
    own_names: frozenset[str]
    """The names that the function binds itself."""

    @property
    def line(self) -> int:
        """The line of its `def`, or of the lambda."""
        return self.node.lineno

    @property
    def place(self) -> tuple[str, int]:
        """Its file and line."""
        return self.file, self.line

    @property
    def body(self) -> list[ast.stmt]:
        """Its statements without the docstring; a lambda has one."""
        if isinstance(self.node, ast.Lambda):
            only = ast.Return(self.node.body)
            return [ast.copy_location(only, self.node.body)]
        body = self.node.body
        first = body[0]
        value = first.value if isinstance(first, ast.Expr) else None
        is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
        return body[1:] if is_text else body

    @property
    def parameters(self) -> list[ast.arg]:
        """Its parameters, in order."""
        declared = self.node.args
        return [*declared.posonlyargs, *declared.args, *declared.kwonlyargs]

    def line_of(self, parameter: str) -> int:
        """The line of a parameter."""
        return next((each.lineno for each in self.parameters if each.arg == parameter), self.line)

    def value_of(self, node: ast.expr) -> object:
        """What an expression stands for, if that is certain without running anything."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name) and node.id not in self.own_names:
            return _global(self.function, node.id)
        if isinstance(node, ast.Attribute):
            return _member(self.value_of(node.value), node.attr)
        return UNKNOWN


def _global(function: FunctionType, name: str) -> object:
    code = function.__code__
    for free, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        if free == name:
            try:
                return cell.cell_contents
            except ValueError:  # it is not filled yet
                return UNKNOWN
    found = function.__globals__.get(name, UNKNOWN)
    return vars(builtins).get(name, UNKNOWN) if found is UNKNOWN else found


def _member(holder: object, name: str) -> object:
    """An attribute of a module or a class; anything else may run code to make one up."""
    if isinstance(holder, ModuleType):
        return vars(holder).get(name, UNKNOWN)
    if isinstance(holder, type):
        found = (vars(base)[name] for base in holder.__mro__ if name in vars(base))
        value = next(found, UNKNOWN)
        return UNKNOWN if hasattr(type(value), "__get__") else value
    return UNKNOWN


@dataclass(slots=True)
class Sources:
    """What was read so far: files are parsed once."""

    _files: dict[str, dict[int, list[Definition]]] = field(default_factory=dict)
    _codes: dict[CodeType, Code | None] = field(default_factory=dict)

    def code_of(self, fn: object) -> Code | None:
        """The function whose body runs when this is called, as it is written, where that is known.

        A function made again with other surroundings (a closure) has other values for its names.
        """
        function, is_wrapped = plain_function(fn)
        if function is None:
            return None
        key = function.__code__
        if key in self._codes and function.__closure__ is None:
            return self._codes[key]
        found = self._codes[key] = self._read(function, is_wrapped)
        return found

    def _read(self, function: FunctionType, is_wrapped: bool) -> Code | None:
        file = function.__code__.co_filename
        if file not in self._files:
            self._files[file] = _definitions(file, function.__globals__)
        at_line = self._files[file].get(function.__code__.co_firstlineno, [])
        fitting = [node for node in at_line if _fits(node, function.__code__)]
        if len(fitting) > 1:
            around = [node for node in fitting if _holds(node, function.__code__)]
            fitting = sorted(around, key=lambda node: (node.lineno, node.col_offset))[-1:]
        if len(fitting) != 1:
            return None
        names = frozenset(_bound_names(fitting[0]))
        return Code(fitting[0], file, function, is_wrapped, names)


def plain_function(fn: object) -> tuple[FunctionType | None, bool]:
    """The Python function behind a callable, and whether a decorator stands around it."""
    body: Any = body_of(fn)  # Any: a user's callable may be anything
    inner = inspect.unwrap(body)
    function = inner.__func__ if isinstance(inner, MethodType) else inner
    return (function if isinstance(function, FunctionType) else None), inner is not body


def _definitions(file: str, space: Mapping[str, Any]) -> dict[int, list[Definition]]:
    """Every function of a file, by the line that its code begins at."""
    linecache.checkcache(file)
    lines = linecache.getlines(file, dict(space))
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return {}
    found: dict[int, list[Definition]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found.setdefault(first, []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node)
    return found


def _fits(node: Definition, code: CodeType) -> bool:
    """Whether a definition can be that of some code; the file may have changed meanwhile."""
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    declared = node.args
    names = [each.arg for each in (*declared.posonlyargs, *declared.args, *declared.kwonlyargs)]
    count = code.co_argcount + code.co_kwonlyargcount
    return name == code.co_name and names == list(code.co_varnames[:count])


def _holds(node: Definition, code: CodeType) -> bool:
    """Whether the code stands inside a definition; needs columns, which Python 3.11 brought."""
    positions = getattr(code, "co_positions", None)
    if positions is None or node.end_lineno is None or node.end_col_offset is None:
        return False
    begin, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    known = [each for each in positions() if each[1] is not None and each[3] and each[2]]
    return bool(known) and all(
        begin <= (line, column) <= end for line, _, column, _ in known if line is not None
    )


def _bound_names(node: Definition) -> Iterator[str]:
    """The names that are something else inside: parameters, and whatever is assigned."""
    for each in ast.walk(node):
        if isinstance(each, ast.arg):
            yield each.arg
        elif isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            yield each.id
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if each is not node:
                yield each.name
        elif isinstance(each, ast.alias):
            yield (each.asname or each.name).partition(".")[0]
        elif isinstance(each, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and each.name:
            yield each.name
        elif isinstance(each, ast.MatchMapping) and each.rest:
            yield each.rest
