"""Reading: the effects of a function's code, found by following the context through it."""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from gostage._app.check.effects import ADDING, Call, Effects, Touch
from gostage._app.check.following import Follower
from gostage._app.check.guess import guess
from gostage._store.keys import MISSING, Key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gostage._app.check.effects import Role
    from gostage._app.check.source import Code

_PLAN: Final = ADDING | {
    *("remove_action", "remove_actions", "remove_stage", "disable", "enable", "is_enabled"),
    *("find_actions", "find_stages", "suspend", "bail"),
}
_PLAIN_ATTRIBUTES: Final[dict[Role, frozenset[str]]] = {
    "ctx": frozenset(
        {
            *("log", "workflow", "stage", "action", "params", "path", "where", "attempt"),
            *("action_index", "is_last_action", "item", "item_index", "step_key"),
            *("resuming", "resume_data", "deadline", "cancelled", "check"),
        }
    ),
    "run": frozenset({"id", "workflow", "log", "cancelled", "cancel", "deadline"}),
    "store": frozenset({"get", "keys", "values", "items", "types", "export", "clone"}),
}
_TIME: Final = frozenset({"deadline", "cancelled", "check"})
_LOOKS: Final = frozenset({"meta", "has_tag", "get_prop", "schema", "add_tag", "remove_tag"})
_HARMLESS: Final = frozenset({"keys", "values", "items", "types", "export", "clone", "collisions"})
_READERS: Final = frozenset(
    vars(builtins)[name]
    for name in ("len", "list", "dict", "sorted", "set", "tuple", "iter", "print", "repr", "str")
)
_OPENERS: Final = frozenset(vars(builtins)[name] for name in ("locals", "vars", "exec", "eval"))


def effects_of(code: Code, roles: Mapping[str, Role]) -> Effects:
    """Read what a function does with its parameters that are the context, the store or the run."""
    reader = _Reader(code, roles)
    if code.is_wrapped and roles:
        reader.effects.open()
    try:
        reader.read()
    except RecursionError:  # code that nobody has written by hand
        reader.effects.open()
    return reader.effects


class _Reader(Follower):
    """Reads one function from top to bottom."""

    def __init__(self, code: Code, roles: Mapping[str, Role]) -> None:
        super().__init__()
        self.effects = Effects()
        self._code = code
        self._roles = dict(roles)
        self._values: dict[int, ast.expr] = {}
        self._minded: set[str] = set()
        """Keys that it looks for before it takes them."""

    def read(self) -> None:
        self._find_aliases()
        for statement in self._code.body:
            self.visit(statement)
        touches = self.effects.touches
        touches[:] = [
            replace(each, is_sure=False)
            if each.kind == "read" and each.key in self._minded
            else each
            for each in touches
        ]

    def _find_aliases(self) -> None:
        """Follow `store = ctx.store`, where the name is bound nowhere else."""
        bound: dict[str, int] = {}
        for node in ast.walk(self._code.node):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                bound[node.id] = bound.get(node.id, 0) + 1
            elif isinstance(node, ast.arg):
                bound[node.arg] = bound.get(node.arg, 0) + 1
        for name in [name for name in self._roles if bound.get(name, 0) > 1]:
            del self._roles[name]  # it is something else now and then
            self.effects.is_open = True
        for node in ast.walk(self._code.node):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                (target,), role = node.targets, self._role(node.value)
                if isinstance(target, ast.Name) and role and bound[target.id] == 1:
                    self._roles[target.id] = role

    def _role(self, node: ast.AST) -> Role | None:
        if isinstance(node, ast.Name):
            return self._roles.get(node.id)
        if isinstance(node, ast.Attribute):
            holder = self._role(node.value)
            if holder in ("ctx", "run") and node.attr == "store":
                return "store"
            if holder == "ctx" and node.attr == "run":
                return "run"
        return None

    # ---------------------------------------------------------------- what is touched

    def visit(self, node: ast.AST) -> None:
        """Look at a node; the context itself, as a value of its own, is handed on to somebody."""
        if isinstance(node, ast.expr) and self._role(node) is not None:
            self.effects.open()
            return
        super().visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        names = [each for each in node.targets if isinstance(each, ast.Name)]
        if len(names) == len(node.targets) == 1 and self._roles.get(names[0].id):
            return  # an alias
        self.visit(node.value)
        for target in node.targets:
            self._values[id(target)] = node.value
            self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802
        if node.value is not None:
            self.visit(node.value)
            self._values[id(node.target)] = node.value
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:  # noqa: N802
        target = node.target
        if isinstance(target, ast.Subscript) and self._role(target.value) == "store":
            self._read(target.slice, target.lineno, is_required=True)
        self.visit(node.value)
        self.visit(target)

    def visit_Subscript(self, node: ast.Subscript) -> None:  # noqa: N802
        if self._role(node.value) != "store":
            self.generic_visit(node)
            return
        if isinstance(node.ctx, ast.Load):
            self._read(node.slice, node.lineno, is_required=True)
        elif isinstance(node.ctx, ast.Store):
            self._write(node.slice, node.lineno, self._values.get(id(node)))
        else:
            self._drop(node.slice, node.lineno)
        self.visit(node.slice)

    def visit_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        role = self._role(node.value)
        if role is None:
            self.generic_visit(node)
        elif node.attr not in _PLAIN_ATTRIBUTES[role]:
            self.effects.is_open = True
        elif role == "ctx" and node.attr in _TIME:
            self.effects.looks_at_time = True

    def visit_Compare(self, node: ast.Compare) -> None:  # noqa: N802
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if self._role(right) != "store":
                self.visit(right)
            elif isinstance(operator, ast.In | ast.NotIn):
                name, _ = self._key(node.left)
                self._minded.update([name] if name else ())
        self.visit(node.left)

    def visit_source(self, node: ast.expr) -> None:
        if self._role(node) != "store":
            self.visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue | ast.Starred) -> None:  # noqa: N802
        self.visit_source(node.value)

    visit_Starred = visit_FormattedValue  # noqa: N815

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg is not None or self._role(node.value) != "store":
            self.visit(node.value)

    def visit_Dict(self, node: ast.Dict) -> None:  # noqa: N802
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                self.visit(key)
                self.visit(value)
            else:
                self.visit_source(value)

    # ---------------------------------------------------------------- calls

    def visit_Call(self, node: ast.Call) -> None:  # noqa: N802
        function = node.func
        role = self._role(function.value) if isinstance(function, ast.Attribute) else None
        arguments: list[ast.AST] = [*node.args, *node.keywords]
        if isinstance(function, ast.Attribute) and role == "store":
            self._call_store(function.attr, node)
        elif isinstance(function, ast.Attribute) and role is not None:
            self._call_context(role, function.attr, node)
        else:
            called = self._code.value_of(function)
            if any(called is each for each in _READERS):
                arguments = [each for each in arguments if self._role(each) != "store"]
            elif any(called is each for each in _OPENERS) and self._roles:
                self.effects.open()
            self.visit(function)
        for each in arguments:
            self.visit(each)

    def _call_context(self, role: Role, name: str, node: ast.Call) -> None:
        if role == "ctx" and name in _PLAN:
            self.effects.calls.append(Call(name, node, self.is_sure))
        elif role == "ctx" and name == "send":
            type_ = self._code.value_of(node.args[0]) if node.args else None
            # Messages of these types change the store where they arrive.
            if not isinstance(type_, str) or type_.startswith("store_"):
                self.effects.is_open = True
        elif name not in _PLAIN_ATTRIBUTES[role]:
            self.effects.is_open = True
        elif role == "ctx" and name in _TIME:
            self.effects.looks_at_time = True

    def _call_store(self, name: str, node: ast.Call) -> None:
        key = node.args[0] if node.args else None
        if name == "update":
            self._update(node)
        elif key is None or isinstance(key, ast.Starred):
            self._call_without_key(name, node.lineno)
        elif name in {"put", "setdefault"}:
            value = node.args[1] if len(node.args) > 1 else None
            self._write(key, node.lineno, value, replaces=name == "put")
        elif name == "get":
            self._get(key, node)
        elif name in {"pop", "delete"}:
            has_default = len(node.args) > 1 or bool(node.keywords)
            if name == "pop":
                self._read(key, node.lineno, is_required=not has_default)
            self._drop(key, node.lineno)
        elif name in _LOOKS or name == "set_prop":
            self._read(key, node.lineno, is_required=False)
        elif name not in _HARMLESS:
            self.effects.is_open = True

    def _call_without_key(self, name: str, line: int) -> None:
        if name == "clear":
            if self.is_sure:
                self.effects.touches.append(Touch("clear", "", line, is_sure=True))
        elif name not in _HARMLESS and name != "popitem":
            self.effects.is_open = True

    def _get(self, key: ast.expr, node: ast.Call) -> None:
        has_default = any(each.arg in (None, "default") for each in node.keywords)
        wanted = node.args[1] if len(node.args) > 1 else None
        wanted = next((each.value for each in node.keywords if each.arg == "type"), wanted)
        annotation = Any if wanted is None else annotation_of(self._code, wanted)
        _, found = self._key(key)
        if isinstance(found, Key) and found.default is not MISSING:
            has_default = True
        self._read(key, node.lineno, is_required=not has_default, annotation=annotation)

    def _update(self, node: ast.Call) -> None:
        first = node.args[0] if node.args else None
        if first is not None and len(node.args) > 1:
            self._read(first, node.lineno, is_required=True)
            return
        if isinstance(first, ast.Dict) and all(first.keys):
            for key, value in zip(first.keys, first.values, strict=True):
                if key is not None:
                    self._write(key, node.lineno, value)
        elif first is not None:
            self.effects.is_open = True
        for each in node.keywords:
            if each.arg is None:
                self.effects.is_open = True
            else:
                self._write(ast.Constant(each.arg), node.lineno, each.value)

    # ---------------------------------------------------------------- keys

    def _key(self, node: ast.expr) -> tuple[str | None, object]:
        """The name of a key, and the `Key` if it is one."""
        value = self._code.value_of(node)
        if isinstance(value, Key):
            return value.name, value
        return (value if isinstance(value, str) else None), None

    def _read(
        self,
        node: ast.expr,
        line: int,
        *,
        is_required: bool,
        annotation: Any = Any,  # noqa: ANN401  # Any: as in Touch
    ) -> None:
        name, key = self._key(node)
        if name is None:
            return
        if not is_required:
            self._minded.add(name)
        if isinstance(key, Key) and annotation is Any:
            annotation = key.type
        own = any(each.key == name for each in self.effects.writes)
        is_sure = is_required and self.is_sure and not own
        kind = Any if own else annotation
        self.effects.touches.append(Touch("read", name, line, is_sure, kind))

    def _write(
        self, node: ast.expr, line: int, value: ast.expr | None, *, replaces: bool = True
    ) -> None:
        name, key = self._key(node)
        if name is None:
            self._write_unknown(node)
            return
        kind = guess(self._code, value)
        if isinstance(key, Key) and key.type is not Any:
            kind = key.type
        if isinstance(key, Key) and key.merge is not None:
            kind = Any  # what several branches write is folded into something else
        is_sure = replaces and self.is_sure
        self.effects.touches.append(Touch("write", name, line, is_sure, kind))

    def _write_unknown(self, node: ast.expr) -> None:
        if isinstance(node, ast.JoinedStr) and node.values:
            first, last = node.values[0], node.values[-1]
            begin = first.value if isinstance(first, ast.Constant) else ""
            end = last.value if isinstance(last, ast.Constant) and last is not first else ""
            self.effects.patterns.append((str(begin), str(end)))
        else:
            self.effects.is_open = True

    def _drop(self, node: ast.expr, line: int) -> None:
        name, _ = self._key(node)
        if name is not None:
            self.effects.touches.append(Touch("drop", name, line, self.is_sure))


_GENERIC: Final = (list, dict, set, frozenset, tuple)


def annotation_of(code: Code, node: ast.expr) -> Any:  # noqa: ANN401  # Any: as in Touch
    """The annotation that an expression is, where it is a class or a container of such."""
    if isinstance(node, ast.Subscript):
        outer = annotation_of(code, node.value)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        inner = tuple(annotation_of(code, each) for each in parts)
        return outer[inner if len(inner) > 1 else inner[0]] if outer in _GENERIC else Any
    value = code.value_of(node)
    return value if isinstance(value, type) or value is None else Any
