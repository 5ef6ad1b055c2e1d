"""The nodes of a definition: the tree an author builds, as frozen values.

What a node carries for the run (actions, conditions, policies, stages) is opaque here: the engine
passes it on and never looks inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

from gostage._engine.value import Value

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


class Do(Value):
    """One action. A name the author gave must be unique; any other is numbered when repeated."""

    __slots__ = ("action", "isolate", "name", "named", "retry", "when")

    def __init__(
        self,
        name: str,
        action: object,
        named: bool = False,
        when: object = None,
        retry: object = None,
        *,
        isolate: object = False,
    ) -> None:
        self.name: Final = name
        self.action: Final = action
        self.isolate: Final = isolate
        self.named: Final = named
        self.when: Final = when
        self.retry: Final = retry


class Group(Value):
    """A named group of steps."""

    __slots__ = ("body", "name")

    def __init__(self, name: str, body: Body) -> None:
        self.name: Final = name
        self.body: Final = body


class Stage(Value):
    """A stage: its items, inside the middleware of the workflow and of the stage itself."""

    __slots__ = ("isolate", "name", "retry", "stage", "timeout", "when")

    def __init__(
        self,
        name: str,
        stage: Body,
        *,
        when: object = None,
        retry: object = None,
        timeout: float | None = None,
        isolate: object = False,
    ) -> None:
        self.name: Final = name
        self.stage: Final = stage
        self.when: Final = when
        self.retry: Final = retry
        self.timeout: Final = timeout
        self.isolate: Final = isolate


class Wait(Value):
    """Ask until the condition holds."""

    __slots__ = ("condition", "every", "name", "timeout")

    def __init__(
        self, name: str, condition: object, every: float = 1.0, timeout: float | None = None
    ) -> None:
        self.name: Final = name
        self.condition: Final = condition
        self.every: Final = every
        self.timeout: Final = timeout


class Choice(Value):
    """The first arm whose condition holds, else `otherwise`."""

    __slots__ = ("arms", "name", "otherwise")

    def __init__(
        self, name: str, arms: tuple[tuple[object, Body], ...], otherwise: Body | None = None
    ) -> None:
        self.name: Final = name
        self.arms: Final = arms
        self.otherwise: Final = otherwise


class Retry(Value):
    """Restart the body from its beginning when it fails and the policy says so."""

    __slots__ = ("body", "name", "policy")

    def __init__(self, name: str, body: Body, policy: object) -> None:
        self.name: Final = name
        self.body: Final = body
        self.policy: Final = policy


class Loop(Value):
    """Repeat the body; ends when the condition answers `ends_on`."""

    __slots__ = ("asks_first", "body", "condition", "ends_on", "max_passes", "name")

    def __init__(  # noqa: PLR0917 - in the order in which a loop is read
        self,
        name: str,
        condition: object,
        body: Body,
        ends_on: bool,
        asks_first: bool,
        max_passes: int | None = None,
    ) -> None:
        self.name: Final = name
        self.condition: Final = condition
        self.body: Final = body
        self.ends_on: Final = ends_on
        self.asks_first: Final = asks_first
        self.max_passes: Final = max_passes


class Parallel(Value):
    """Named branches, side by side."""

    __slots__ = ("branches", "name")

    def __init__(self, name: str, branches: tuple[tuple[str, Body], ...]) -> None:
        self.name: Final = name
        self.branches: Final = branches


class ForEach(Value):
    """The body once per item; `over` is opaque (a store key or a function)."""

    __slots__ = ("body", "concurrency", "into", "isolate", "name", "on_error", "over")

    def __init__(
        self,
        *,
        name: str,
        over: object,
        body: Body,
        into: object = None,
        concurrency: int = 1,
        on_error: OnError = "stop",
        isolate: object = False,
    ) -> None:
        self.name: Final = name
        self.over: Final = over
        self.body: Final = body
        self.into: Final = into
        self.concurrency: Final = concurrency
        self.on_error: Final = on_error
        self.isolate: Final = isolate


class Sleep(Value):
    """A timer."""

    __slots__ = ("name", "seconds")

    def __init__(self, name: str, seconds: float) -> None:
        self.name: Final = name
        self.seconds: Final = seconds


class Receive(Value):
    """Wait for a signal of this name."""

    __slots__ = ("into", "name", "timeout")

    def __init__(self, name: str, into: object = None, timeout: float | None = None) -> None:
        self.name: Final = name
        self.into: Final = into
        self.timeout: Final = timeout


class Sub(Value):
    """Another workflow, on the same store."""

    __slots__ = ("name", "workflow")

    def __init__(self, name: str, workflow: Body) -> None:
        self.name: Final = name
        self.workflow: Final = workflow


class Spawn(Value):
    """A body that runs in a child."""

    __slots__ = ("backend", "body", "is_workflow", "name", "timeout")

    def __init__(
        self,
        name: str,
        body: Body,
        backend: object = None,
        timeout: float | None = None,
        *,
        is_workflow: bool = False,
    ) -> None:
        self.is_workflow: Final = is_workflow
        self.name: Final = name
        self.body: Final = body
        self.backend: Final = backend
        self.timeout: Final = timeout


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
