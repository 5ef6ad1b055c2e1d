"""The nodes of a definition: the tree an author builds, as frozen values.

What a node carries for the run (actions, conditions, policies, stages) is opaque here: the engine
passes it on and never looks inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

OnError = Literal["stop", "continue"]


class Body(Protocol):
    """What can stand inside a node: anything that lists its items in order."""

    @property
    def items(self) -> Sequence[Item]:
        """The items, in order."""


class AsNode(Protocol):
    """An authoring object (an action, a stage) that stands in a body as itself."""

    def as_node(self) -> Node:
        """Make the node for what the object says now."""


@dataclass(slots=True)  # not frozen: one is made for every action, and freezing triples the cost
class Do:
    """One action. A name the author gave must be unique; any other is numbered when repeated."""

    name: str
    action: object
    named: bool = False
    when: object = None
    retry: object = None


@dataclass(frozen=True, slots=True)
class Group:
    """A named group of steps."""

    name: str
    body: Body


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its items, inside the middleware of the workflow and of the stage itself."""

    name: str
    stage: Body
    when: object = None
    retry: object = None
    timeout: float | None = None
    isolate: object = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask until the condition holds."""

    name: str
    condition: object
    every: float = 1.0
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The first arm whose condition holds, else `otherwise`."""

    name: str
    arms: tuple[tuple[object, Body], ...]
    otherwise: Body | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Restart the body from its beginning when it fails and the policy says so."""

    name: str
    body: Body
    policy: object


@dataclass(frozen=True, slots=True)
class Loop:
    """Repeat the body; ends when the condition answers `ends_on`."""

    name: str
    condition: object
    body: Body
    ends_on: bool
    asks_first: bool
    max_passes: int | None = None


@dataclass(frozen=True, slots=True)
class Parallel:
    """Named branches, side by side."""

    name: str
    branches: tuple[tuple[str, Body], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """The body once per item; `over` is opaque (a store key or a function)."""

    name: str
    over: object
    body: Body
    into: object = None
    concurrency: int = 1
    on_error: OnError = "stop"
    isolate: object = False


@dataclass(frozen=True, slots=True)
class Sleep:
    """A timer."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for a signal of this name."""

    name: str
    into: object = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Sub:
    """Another workflow, on the same store."""

    name: str
    workflow: Body


@dataclass(frozen=True, slots=True)
class Spawn:
    """A body that runs in a child."""

    name: str
    body: Body
    backend: object = None
    timeout: float | None = None


Node = (
    Do
    | Group
    | Stage
    | Wait
    | Choice
    | Retry
    | Loop
    | Parallel
    | ForEach
    | Sleep
    | Receive
    | Sub
    | Spawn
)
Item = Node | AsNode
