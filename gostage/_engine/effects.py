"""Effects and outcomes: what the machine asks for, and what it is told.

An effect says what a branch needs next; the driver carries it out and feeds the outcome back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gostage._engine.ops import Op

Why = Literal["sleep", "wait", "backoff"]


class Effect:
    """What one branch needs next, at one op."""

    __slots__ = ("op",)

    def __init__(self, op: Op) -> None:
        self.op = op

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.op.id!r})"


class Call(Effect):
    """Call the action."""

    __slots__ = ()


class Ask(Effect):
    """Evaluate a condition; `arm` tells which one, `None` is the op's own `when`."""

    __slots__ = ("arm",)

    def __init__(self, op: Op, arm: int | None = None) -> None:
        super().__init__(op)
        self.arm = arm


class Open(Effect):
    """Open a scope: enter its middleware."""

    __slots__ = ()


class Close(Effect):
    """Close a scope with what happened inside (the branch's error, if there is one)."""

    __slots__ = ()


class Judge(Effect):
    """Say whether the branch's error is worth another attempt."""

    __slots__ = ()


class Pause(Effect):
    """Wait some seconds; `until` is settled by the driver when it first sees the pause."""

    __slots__ = ("seconds", "until", "why")

    def __init__(self, op: Op, seconds: float, why: Why, until: float | None = None) -> None:
        super().__init__(op)
        self.seconds = seconds
        self.why = why
        self.until = until


class Items(Effect):
    """List the items of a for-each."""

    __slots__ = ()


class Fork(Effect):
    """Drive the branch's children; the branch itself has nothing to do until they have ended."""

    __slots__ = ()


class Join(Effect):
    """Put together what the children left."""

    __slots__ = ()


class Listen(Effect):
    """Wait for a signal; `until` is settled by the driver when the step has a timeout."""

    __slots__ = ("until",)

    def __init__(self, op: Op, until: float | None = None) -> None:
        super().__init__(op)
        self.until = until


class Hold(Effect):
    """Wait to be resumed: the action suspended the run."""

    __slots__ = ("data", "reason")

    def __init__(self, op: Op, reason: str, data: Mapping[str, object]) -> None:
        super().__init__(op)
        self.reason = reason
        self.data = data


class Start(Effect):
    """Run the body in a child."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Done:
    """It worked; the value is the action's, the signal's or the resume data."""

    value: object = None


DONE = Done()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a condition said, and when."""

    holds: bool
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """An ordinary error: retries and scopes may deal with it."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Stopped:
    """An interrupt: it unwinds everything and nothing can hold it."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Suspend:
    """The action asked to be called again when the run is resumed."""

    reason: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Again:
    """Another attempt, after so many seconds."""

    after: float = 0.0


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No other attempt; the error is the original one or the handler's own."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Opened:
    """The scope is open, until the deadline if it has one."""

    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A middleware came back without yielding: nothing inside runs."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The scope is closed and swallowed whatever error there was."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """A middleware yielded again: the inside starts over.

    `passes` holds, per layer, how each earlier pass ended, so that a resumed run can bring fresh
    generators to the same point.
    """

    passes: tuple[tuple[BaseException | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """The items of a for-each."""

    items: Sequence[object]


Outcome = (
    Done
    | Answer
    | Failed
    | Stopped
    | Suspend
    | Again
    | GiveUp
    | Opened
    | Skipped
    | Closed
    | Reopened
    | Listed
)
