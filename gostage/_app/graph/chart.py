"""The chart: which ways control can take through a definition; it knows no language of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from gostage._app.items import items_of
from gostage._engine.program import compile_definition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gostage._app.items import Item
    from gostage._author.workflow import WorkflowDefinition

Role = Literal["start", "end", "step", "ask", "again", "fork", "join"]
"""What happens at a node: a step, a decision, a new attempt, branches that part or meet."""

Way = Literal["enter", "inside", "close", "leave"]

_HOLDS: Final = frozenset(
    {"stage", "group", "retry", "loop", "parallel", "branch", "for_each", "sub", "spawn"}
)
_CALLS: Final = frozenset({"action", "spawn", "wait"})
_FAILS: Final = _CALLS | {"stage", "receive", "case", "loop", "for_each", "retry"}


@dataclass(frozen=True, slots=True)
class Node:
    """One place that control comes through: of an item, or the start or the end of all."""

    role: Role
    item: int | None = None


START: Final = Node("start")
END: Final = Node("end")


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a node to another; an exclusive one is taken after calling user code."""

    source: Node
    target: Node
    reason: str
    label: str = ""
    is_exclusive: bool = False
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Items, the nodes where control comes through, and the ways between them."""

    id: str
    items: Sequence[Item]
    edges: Sequence[Edge]

    def pieces(self) -> Iterator[Node | Item | None]:
        """List what is drawn, in order: nodes; an item that holds what follows; None as its end."""
        yield START
        open_: list[_Open] = []
        for number, item in enumerate(self.items):
            while open_ and open_[-1].depth >= item.depth:
                yield from (*open_.pop().last, None)
            nodes = [Node(role, number) for role in roles_of(self.items, number)]
            if item.kind not in _HOLDS or nodes == [Node("step", number)]:
                yield from nodes
                continue
            is_outside = item.kind == "stage" and item.fact("when") is not None
            if is_outside:  # it decides whether the stage is entered
                yield nodes.pop(0)
            yield item
            is_asked_last = item.kind == "loop" and not item.fact("asks_first")
            yield from nodes[: 0 if is_asked_last else 1]
            open_.append(_Open(item.depth, nodes[0 if is_asked_last else 1 :]))
        for each in reversed(open_):
            yield from (*each.last, None)
        yield END


@dataclass(frozen=True, slots=True)
class _Open:
    """A group that is being listed: how deep it stands, and what comes last in it."""

    depth: int
    last: Sequence[Node]


def chart(workflow: WorkflowDefinition, skipped: Collection[str] = ()) -> Chart:
    """Find all the ways through a workflow; one whose paths meet is refused, as by a run."""
    compile_definition(workflow)
    items = items_of(workflow, skipped)
    return Chart(workflow.id, items, tuple(dict.fromkeys(_Ways(items).edges())))


def roles_of(items: Sequence[Item], number: int) -> tuple[Role, ...]:
    """The nodes of an item, in the order in which control comes to them first."""
    item = items[number]
    if item.kind in {"case", "loop", "for_each"}:
        return ("ask",)
    if item.kind == "parallel":
        return ("fork", "join")
    if item.kind == "retry":
        return ("again",)
    is_empty = number + 1 == len(items) or items[number + 1].parent != number
    if is_empty and item.kind != "arm":
        return ("step",)
    if item.kind == "stage":
        asks: tuple[Role, ...] = () if item.fact("when") is None else ("ask",)
        return asks if item.fact("retry") is None else (*asks, "again")
    return ()


class _Ways:
    """Follows control from item to item; without recursion, so that depth is no matter."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._roles = [roles_of(items, number) for number in range(len(items))]
        self._inside: list[list[int]] = [[] for _ in items]
        self._top: list[int] = []
        self._following: list[int | None] = [None] * len(items)
        for number, item in enumerate(items):
            siblings = self._top if item.parent is None else self._inside[item.parent]
            if siblings and item.kind not in {"arm", "branch"}:
                self._following[siblings[-1]] = number
            siblings.append(number)

    def edges(self) -> Iterator[Edge]:
        """Every way, in the order of the definition."""
        first = self._go(self._top[0], "enter") if self._top else END
        yield Edge(START, first, "static")
        for number, item in enumerate(self._items):
            for role in self._roles[number]:
                node = Node(role, number)
                if role == "step":
                    yield from self._of_step(node, number)
                elif role == "ask":
                    yield from self._of_question(node, number)
                elif role == "again":
                    yield Edge(node, self._go(number, "inside"), "static")
                elif role == "fork":
                    for branch in self._inside[number]:
                        yield Edge(node, self._go(branch, "enter"), "branch")
                else:
                    yield Edge(node, self._go(number, "leave"), "completed")
                can_fail = item.kind in _FAILS and not item.is_skipped
                if can_fail and role in {"step", "ask", "again"}:
                    yield from self._of_failure(node, number)

    def _go(self, number: int, way: Way) -> Node:
        """Find the next node on the way into an item, into its body, out of that, or past it."""
        while True:
            item, roles, inside = self._items[number], self._roles[number], self._inside[number]
            if way == "enter":
                asks_later = item.kind == "loop" and not item.fact("asks_first")
                if roles and not asks_later:
                    return Node(roles[0], number)
                way = "inside"
            elif way == "inside":
                number, way = (inside[0], "enter") if inside else (number, "close")
            elif way == "close":
                if item.kind in {"loop", "for_each"}:
                    return Node("ask", number)
                if item.kind == "parallel":
                    return Node("join", number)
                way = "leave"
            else:
                following = self._following[number]
                if following is not None:
                    number, way = following, "enter"
                elif item.parent is not None:
                    number, way = item.parent, "close"
                else:
                    return END

    def _of_step(self, node: Node, number: int) -> Iterator[Edge]:
        item, calls = self._items[number], self._items[number].kind in _CALLS
        after = self._go(number, "leave")
        if item.kind == "wait":
            yield Edge(node, after, "condition is met", "", calls)
            yield Edge(node, node, "condition is not met", "not yet", calls)
        else:
            yield Edge(node, after, "completed", "", calls)
        if item.fact("retry") is not None and not item.is_skipped:
            yield Edge(node, node, "retry", "again", calls, is_failure=True)

    def _of_question(self, node: Node, number: int) -> Iterator[Edge]:
        kind = self._items[number].kind
        after = self._go(number, "leave")
        if kind == "case":
            yield from self._of_case(node, number)
        elif kind == "loop":
            yield from self._of_loop(node, number)
        elif kind == "for_each":
            yield Edge(node, self._go(number, "inside"), "item", "next item")
            yield Edge(node, after, "no item is left", "done")
        else:
            inside = Node("again", number) if "again" in self._roles[number] else None
            to = inside or self._go(number, "inside")
            yield Edge(node, to, "condition is met", "yes", is_exclusive=True)
            yield Edge(node, after, "skipped", "no", is_exclusive=True)

    def _of_case(self, node: Node, number: int) -> Iterator[Edge]:
        arms = self._inside[number]
        conditions = [self._items[arm].fact("condition") for arm in arms]
        is_one = len([each for each in conditions if each is not None]) == 1
        rest = self._go(number, "leave")
        for place, (arm, condition) in enumerate(zip(arms, conditions, strict=True), 1):
            to = self._go(arm, "inside")
            if condition is None:
                rest = to
            elif is_one:
                yield Edge(node, to, "condition is met", "yes", is_exclusive=True)
            else:
                reason = f"condition {place} is met"
                yield Edge(node, to, reason, condition, is_exclusive=True)
        reason, label = (
            ("condition is not met", "no") if is_one else ("no condition is met", "else")
        )
        yield Edge(node, rest, reason, label, is_exclusive=True)

    def _of_loop(self, node: Node, number: int) -> Iterator[Edge]:
        ends_on = self._items[number].fact("ends_on")
        met, not_met = ("condition is met", "yes"), ("condition is not met", "no")
        ends, goes_on = (met, not_met) if ends_on else (not_met, met)
        inside = self._go(number, "inside")
        yield Edge(node, inside, goes_on[0], f"{goes_on[1]}, again", is_exclusive=True)
        yield Edge(node, self._go(number, "leave"), *ends, is_exclusive=True)

    def _of_failure(self, node: Node, number: int) -> Iterator[Edge]:
        """Where a failure leads, if not to the end of the run: the innermost that takes it."""
        parent = self._items[number].parent
        while parent is not None:
            item = self._items[parent]
            label = "gives up" if node.role == "again" else "fails"
            if "again" in self._roles[parent]:
                yield Edge(node, Node("again", parent), "retry", label, is_failure=True)
                return
            if item.fact("on_error") == "continue":
                yield Edge(node, Node("ask", parent), "item", label, is_failure=True)
                return
            parent = item.parent
