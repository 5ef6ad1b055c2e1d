"""Effects and outcomes: what the machine asks for, and what it is told.

An effect says what a branch needs next; the driver carries it out and feeds the outcome back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from gostage._engine.value import Value

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


class CallApart(Call):
    """Call the action in a child."""

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
    """Run a part in a child: all that is inside the op."""

    __slots__ = ()


class Done(Value):
    """It worked; the value is the action's, the signal's or the resume data."""

    __slots__ = ("value",)

    def __init__(self, value: object = None) -> None:
        self.value: Final = value


DONE = Done()


class Answer(Value):
    """What a condition said, and when."""

    __slots__ = ("at", "holds")

    def __init__(self, holds: bool, at: float = 0.0) -> None:
        self.holds: Final = holds
        self.at: Final = at


class Failed(Value):
    """An ordinary error: retries and scopes may deal with it."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error: Final = error


class Stopped(Value):
    """An interrupt: it unwinds everything and nothing can hold it."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error: Final = error


class Suspend(Value):
    """The action asked to be called again when the run is resumed."""

    __slots__ = ("data", "reason")

    def __init__(self, reason: str, data: Mapping[str, object]) -> None:
        self.reason: Final = reason
        self.data: Final = data


class Again(Value):
    """Another attempt, after so many seconds."""

    __slots__ = ("after",)

    def __init__(self, after: float = 0.0) -> None:
        self.after: Final = after


class GiveUp(Value):
    """No other attempt; the error is the original one or the handler's own."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error: Final = error


class Opened(Value):
    """The scope is open, until the deadline if it has one."""

    __slots__ = ("deadline",)

    def __init__(self, deadline: float | None = None) -> None:
        self.deadline: Final = deadline


class Skipped(Value):
    """A middleware came back without yielding: nothing inside runs."""

    __slots__ = ()


class Closed(Value):
    """The scope is closed and swallowed whatever error there was."""

    __slots__ = ()


class Reopened(Value):
    """A middleware yielded again: the inside starts over.

    `passes` holds, per layer, how each earlier pass ended, so that a resumed run can bring fresh
    generators to the same point.
    """

    __slots__ = ("passes",)

    def __init__(self, passes: tuple[tuple[BaseException | None, ...], ...]) -> None:
        self.passes: Final = passes


class Listed(Value):
    """The items of a for-each."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[object]) -> None:
        self.items: Final = items


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
