"""The tour: every item of a definition in the order of a run, with what it stands in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gostage._author.action import Action
from gostage._author.tree import arms_of, as_node
from gostage._author.workflow import WorkflowDefinition
from gostage._engine import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._author.flow import Stage
    from gostage._author.tree import Flow
    from gostage._engine.nodes import Node


@dataclass(slots=True, eq=False)
class Stop:
    """One item: an action, a stage or a step."""

    path: str
    name: str
    node: Node
    stage: Stage | None
    """The stage it stands in."""
    arm: Arm
    number: int
    """Its place in the order of the whole definition."""
    is_off: bool = False
    """Whether it, or something it stands in, is switched off."""
    is_turned_off: bool = False
    """Whether it is switched off itself."""
    arms: list[Arm] = field(default_factory=list)
    written: tuple[str, int] | None = None
    """Where the code of an action is, if that can be read."""

    @property
    def parent(self) -> Stop | None:
        """The item it stands in."""
        return self.arm.owner

    @property
    def what(self) -> str:
        """What it is called in messages: `action 'load'`."""
        return f"{_WORDS.get(type(self.node), 'step')} {self.name!r}"

    @property
    def action(self) -> Action[..., object] | None:
        """The action, if it is one."""
        if isinstance(self.node, nodes.Do) and isinstance(self.node.action, Action):
            return self.node.action
        return None

    @property
    def place(self) -> tuple[str | None, int | None]:
        """The line that put it where it is; of an action without a name, where its code is."""
        for stop in self.way():
            known = stop.arm.body.place_of(stop.name)
            if known is not None and known.file is not None:
                return known.file, known.line
            if stop.written is not None:
                return stop.written
            if stop.action is not None:
                return stop.action.function.file, stop.action.function.line
        return None, None

    def way(self) -> Iterator[Stop]:
        """The item and all that it stands in, innermost first."""
        stop: Stop | None = self
        while stop is not None:
            yield stop
            stop = stop.parent


@dataclass(slots=True, eq=False)
class Arm:
    """One body, and the items in it; the workflow's own has no owner."""

    owner: Stop | None
    body: Flow
    label: str = ""
    """The name of a branch of a parallel step."""
    condition: object = None
    """What decides whether it runs, if it is an arm of a choice."""
    stops: list[Stop] = field(default_factory=list)


_WORDS: Final[dict[type, str]] = {nodes.Do: "action", nodes.Stage: "stage"}


def tour(workflow: WorkflowDefinition) -> Arm:
    """Visit everything once; gives the workflow's own body, from which all can be reached."""
    root = Arm(None, workflow)
    off = {f"/{path}" for path in workflow.disabled}
    levels = [_Level(root, "", {}, None)]
    count = 0
    while levels:
        level = levels[-1]
        stop = level.step(count, off)
        if stop is None:
            levels.pop()
            continue
        count += 1
        level.arm.stops.append(stop)
        stop.arms = list(_arms(stop))
        if isinstance(stop.node, (nodes.Sub, nodes.Spawn)):
            for arm in stop.arms:
                off.update(_off(arm.body, stop.path))
        levels.extend(reversed(list(_levels(stop))))
    return root


def every(root: Arm) -> Iterator[Stop]:
    """All items below, what holds others first, in the order of the definition."""
    todo = [iter(root.stops)]
    while todo:
        stop = next(todo[-1], None)
        if stop is None:
            todo.pop()
            continue
        yield stop
        todo.extend(iter(arm.stops) for arm in reversed(stop.arms))


def below(stop: Stop) -> Iterator[Stop]:
    """All that stands in an item."""
    for arm in stop.arms:
        yield from every(arm)


def parting(one: Stop, other: Stop) -> tuple[Stop | None, Arm, Arm]:
    """Where the ways to two items part: the item, and the arm of it that leads to each."""
    way = {id(stop.arm): stop.arm for stop in one.way()}
    theirs = next(stop.arm for stop in other.way() if _shares(stop.arm, way))
    if id(theirs) in way:
        return theirs.owner, theirs, theirs
    mine = next(arm for arm in way.values() if arm.owner is theirs.owner)
    return theirs.owner, mine, theirs


def _shares(arm: Arm, way: dict[int, Arm]) -> bool:
    if id(arm) in way or arm.owner is None:
        return True
    return any(each.owner is arm.owner for each in way.values())


@dataclass(slots=True)
class _Level:
    """One body on the way down; the arms of a choice share their names."""

    arm: Arm
    prefix: str
    names: dict[str, int]
    stage: Stage | None
    position: int = 0

    def step(self, number: int, off: set[str]) -> Stop | None:
        items = self.arm.body.items
        if self.position == len(items):
            return None
        node = as_node(items[self.position])
        self.position += 1
        count = self.names[node.name] = self.names.get(node.name, 0) + 1
        name = node.name if count == 1 else f"{node.name}#{count}"
        path = f"{self.prefix}/{name}" if self.prefix else name
        stop = Stop(path, name, node, self.stage, self.arm, number)
        stop.is_turned_off = f"/{path}" in off
        owner = self.arm.owner
        stop.is_off = stop.is_turned_off or (owner is not None and owner.is_off)
        return stop


def _arms(stop: Stop) -> Iterator[Arm]:
    node = stop.node
    asked = [each for each, _ in node.arms] if isinstance(node, nodes.Choice) else []
    for place, (label, body) in enumerate(arms_of(node)):
        yield Arm(stop, body, label, asked[place] if place < len(asked) else None)


def _levels(stop: Stop) -> Iterator[_Level]:
    shared: dict[str, int] = {}
    is_choice = isinstance(stop.node, nodes.Choice)
    # Any other body in a stage's place would have been refused when the workflow was compiled.
    stage: Stage | None = stop.node.stage if isinstance(stop.node, nodes.Stage) else stop.stage  # type: ignore[assignment]
    for arm in stop.arms:
        prefix = f"{stop.path}/{arm.label}" if arm.label else stop.path
        yield _Level(arm, prefix, shared if is_choice else {}, stage)


def _off(body: Flow, prefix: str) -> Iterator[str]:
    if isinstance(body, WorkflowDefinition):
        yield from (f"/{prefix}/{path}" for path in body.disabled)
