"""The program: a definition compiled into linked ops, each with a stable id; frozen once built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gostage._engine import forks, guards, nodes, ops
from gostage.errors import DuplicateName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._engine.nodes import Body, Item, Node
    from gostage._engine.ops import Op


class Definition(Protocol):
    """What can be compiled: a body with an id of its own."""

    @property
    def id(self) -> str:
        """Its name, for messages."""

    @property
    def items(self) -> list[Item]:
        """Its items, in order."""


class Program:
    """The ops of one definition, by id."""

    __slots__ = ("id", "ops", "root", "subs")

    def __init__(self, id_: str, root: Op, by_id: dict[str, Op], subs: list[guards.Sub]) -> None:
        self.id = id_
        self.root = root
        self.ops = by_id
        self.subs = subs
        """The other workflows inside."""


def compile_definition(definition: Definition) -> Program:
    """Link the whole tree; a name that stands twice among siblings is refused."""
    root = guards.Scope("", definition.id, None, "run", definition)
    linker = Linker(definition.id)
    linker.register(root)
    linker.link_body(root, definition)
    linker.run()
    return Program(definition.id, root, linker.by_id, linker.subs)


class Names:
    """The names in use below one parent, and how often each stands there."""

    __slots__ = ("counts", "own")

    def __init__(self, shared: dict[str, int] | None = None) -> None:
        self.counts: dict[str, int] = {} if shared is None else shared
        self.own: dict[str, int] = {} if shared is not None else self.counts
        """What counts as taken; the arms of a choice count together, but may repeat names."""

    def number(self, name: str) -> str:
        """Count the name; from the second time on it carries its number."""
        count = self.counts[name] = self.counts.get(name, 0) + 1
        if self.own is not self.counts:
            self.own[name] = 1
        return name if count == 1 else f"{name}#{count}"

    def forget(self, name: str) -> None:
        """Take back the last count of a name."""
        self.counts[name] -= 1
        if not self.counts[name]:
            del self.counts[name]


class Linker:
    """Turns nodes into linked ops; keeps what is still to do, so that depth costs no recursion."""

    def __init__(self, owner: str, is_taken: Callable[[str], bool] | None = None) -> None:
        self.by_id: dict[str, Op] = {}
        self.subs: list[guards.Sub] = []
        self._is_taken = is_taken
        self._owner = owner
        self._todo: list[tuple[Op, Body, Names]] = []

    def link_body(self, parent: Op, body: Body, names: Names | None = None) -> None:
        """Remember to link a body's items below a parent."""
        self._todo.append((parent, body, names or Names()))

    def run(self) -> None:
        """Link everything that was remembered, parents before children."""
        while self._todo:
            todo, self._todo = self._todo, []
            for parent, body, names in todo:
                prefix = _prefix(parent)
                for item in body.items:
                    node = as_node(item)
                    op = self._quick(parent, prefix, node, names)
                    append(parent, op or self._link(parent, prefix, node, names))

    def link(self, parent: Op, item: Item, names: Names) -> Op:
        """Make the op for one item; its place among the siblings is the caller's business."""
        return self._link(parent, _prefix(parent), as_node(item), names)

    def _quick(self, parent: Op, prefix: str, node: Node, names: Names) -> Op | None:
        """The same as `_link` for an action without a name of its own; most steps are such."""
        if type(node) is not nodes.Do or node.named or names.own is not names.counts:
            return None
        name = node.name
        count = names.counts[name] = names.counts.get(name, 0) + 1
        if count > 1:
            name = f"{name}#{count}"
        return self.register(ops.Do(prefix + name, name, parent, node))

    def _link(self, parent: Op, prefix: str, node: Node, names: Names) -> Op:
        name = node.name
        if name in names.own and (type(node) is not nodes.Do or node.named):
            raise DuplicateName(
                f"two steps under {parent.name or self._owner!r} are called {name!r}"
            )
        name = names.number(name)
        if type(node) is nodes.Do:
            return self.register(ops.Do(prefix + name, name, parent, node))
        return self.register(_BUILDERS[type(node)](self, prefix + name, name, parent, node))

    def register(self, op: Op) -> Op:
        """Give the op its place in the index; a place is taken once."""
        is_taken = self._is_taken is not None and self._is_taken(op.id)
        if is_taken or self.by_id.setdefault(op.id, op) is not op:
            raise DuplicateName(
                f"two steps of {self._owner!r} have the path {op.id!r}",
                hint="rename one of them; a slash in a name can make two paths meet",
            )
        return op

    def wire(
        self, make: Callable[[str], Op], parent: Op, suffix: str, namesake: Op | None = None
    ) -> Op:
        """Put a hidden op below its parent, with an id that is made from that of its namesake."""
        op = self.register(make(f"{(namesake or parent).id}//{suffix}"))
        append(parent, op)
        return op


def as_node(item: Item) -> Node:
    """The node an item stands for."""
    if type(item) in _BUILDERS:
        return item  # type: ignore[return-value]  # the table's keys are the kinds of node
    return item.as_node()  # type: ignore[union-attr]  # as above


def append(parent: Op, child: Op) -> None:
    """Link the child as the parent's last."""
    if parent.last is None:
        parent.first = child
    else:
        parent.last.next = child
    parent.last = child


def children(op: Op) -> Iterator[Op]:
    """The op's children as declared."""
    child = op.first
    while child is not None:
        yield child
        child = child.next


def _prefix(parent: Op) -> str:
    while parent.hidden and parent.parent is not None:
        parent = parent.parent
    return f"{parent.id}/" if parent.id else ""


def _group(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Group) -> Op:
    op = ops.Group(id_, name, parent, node)
    linker.link_body(op, node.body)
    return op


def _stage(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Stage) -> Op:
    op = guards.Stage(id_, name, parent, node)
    outer: Op = linker.wire(lambda i: guards.Around(i, name, op, "workflow", node), op, "around")
    last = outer
    if node.retry is not None:
        last = linker.wire(lambda i: guards.StageRetry(i, name, outer, node.retry), outer, "retry")
    # Named alike with and without a retry: a run that failed finds its place when it gets one.
    if node.isolate:
        around = last
        part = ops.Part(f"{outer.id}//part", name, around, node, node.isolate)
        append(around, linker.register(part))
        last = part
    scope = linker.wire(lambda i: guards.Scope(i, name, last, "stage", node), last, "inside", outer)
    linker.link_body(scope, node.stage)
    op.inside = scope
    return op


def _wait(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Wait) -> Op:
    return ops.Wait(id_, name, parent, node)


def _choice(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Choice) -> Op:
    op = guards.Choice(id_, name, parent, node)
    counts: dict[str, int] = {}  # shared: the arms' steps have paths side by side

    def arm(suffix: str, body: Body) -> Op:
        made = linker.register(ops.Arm(f"{id_}//{suffix}", name, op))
        linker.link_body(made, body, Names(counts))
        return made

    op.arms.extend(arm(str(number), body) for number, (_, body) in enumerate(node.arms))
    if node.otherwise is not None:
        op.otherwise = arm("otherwise", node.otherwise)
    return op


def _retry(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Retry) -> Op:
    op = guards.Retry(id_, name, parent, node.policy)
    linker.link_body(op, node.body)
    return op


def _loop(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Loop) -> Op:
    op = guards.Loop(id_, name, parent, node)
    linker.link_body(op, node.body)
    return op


def _parallel(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Parallel) -> Op:
    op = forks.Parallel(id_, name, parent, node)
    for branch_name, body in node.branches:
        made = linker.register(ops.BranchOp(f"{id_}/{branch_name}", branch_name, op))
        linker.link_body(made, body)
        op.branches.append(made)
    return op


def _for_each(linker: Linker, id_: str, name: str, parent: Op, node: nodes.ForEach) -> Op:
    op = forks.ForEach(id_, name, parent, node)
    body = f"{id_}//item"
    op.body = linker.register(
        ops.Part(body, name, op, node, node.isolate) if node.isolate else ops.Arm(body, name, op)
    )
    linker.link_body(op.body, node.body)
    return op


def _sleep(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Sleep) -> Op:
    return ops.Sleep(id_, name, parent, node)


def _receive(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Receive) -> Op:
    return ops.Receive(id_, name, parent, node)


def _sub(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Sub) -> Op:
    op = guards.Sub(id_, name, parent, "sub", node.workflow)
    linker.subs.append(op)
    linker.link_body(op, node.workflow)
    return op


def _spawn(linker: Linker, id_: str, name: str, parent: Op, node: nodes.Spawn) -> Op:
    op = ops.Spawn(id_, name, parent, node)
    if node.is_workflow:
        scope = guards.Whole(f"{id_}//workflow", name, op, "sub", node.body)
        append(op, linker.register(scope))
        linker.subs.append(scope)
        linker.link_body(scope, node.body)
    else:
        linker.link_body(op, node.body)
    return op


# Any builder takes its own kind of node; the table keeps them together by type.
_BUILDERS: dict[type, Callable[..., Op]] = {
    nodes.Do: lambda _, *given: ops.Do(*given),
    nodes.Group: _group,
    nodes.Stage: _stage,
    nodes.Wait: _wait,
    nodes.Choice: _choice,
    nodes.Retry: _retry,
    nodes.Loop: _loop,
    nodes.Parallel: _parallel,
    nodes.ForEach: _for_each,
    nodes.Sleep: _sleep,
    nodes.Receive: _receive,
    nodes.Sub: _sub,
    nodes.Spawn: _spawn,
}
