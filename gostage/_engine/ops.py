"""The ops of a program: one class per kind of step, which says what comes next at that step.

An op never changes once it is linked; what a run remembers of it stands in the branch's frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gostage._engine import effects as fx
from gostage._engine.branch import ENTER, FAIL, LEAVE
from gostage.errors import WaitTimeout

if TYPE_CHECKING:
    from gostage._engine import nodes
    from gostage._engine.branch import Branch
    from gostage._engine.machine import Machine


class Op:
    """One place in a program, linked to its parent, its first child and its next sibling."""

    __slots__ = ("first", "id", "is_repeated", "last", "name", "next", "parent", "source")

    kind: ClassVar[str] = "group"
    hidden: ClassVar[bool] = False
    """Hidden ops are wiring: they have no record and are in no listing."""
    keeps_record: ClassVar[bool] = True
    """The machine notes when such an op starts and ends; actions are timed by the driver."""
    repeats: ClassVar[bool] = False
    """Whether what stands below may run several times, each time as a step of its own."""

    def __init__(self, id_: str, name: str, parent: Op | None, source: object = None) -> None:
        self.id = id_
        self.name = name
        self.parent = parent
        self.source = source
        self.first: Op | None = None
        self.last: Op | None = None
        self.next: Op | None = None
        self.is_repeated: bool = parent is not None and (parent.repeats or parent.is_repeated)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id!r}>"

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        """Begin; the plain group begins with its first child."""
        first = machine.plan.first(self, branch.zone)
        if first is None:
            branch.turn = LEAVE
        else:
            branch.op = first
        return None

    def after(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        """Go on after the last child."""
        branch.turn = LEAVE
        return None

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        """Deal with an error: of a child, or of an effect of this op."""
        branch.turn = FAIL
        return None

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        """Go on after an effect of this op worked."""
        branch.turn = LEAVE
        return None


class Group(Op):
    """A named group."""

    __slots__ = ()


class Arm(Op):
    """The body of a choice's arm, of a for-each, or of a branch: wiring."""

    __slots__ = ()
    kind = "arm"
    hidden = True


class BranchOp(Op):
    """One named branch of a parallel step."""

    __slots__ = ()
    kind = "branch"


class Do(Op):
    """One action."""

    __slots__ = ("action", "ask", "call", "retry", "when")
    kind = "action"
    keeps_record = False

    def __init__(self, id_: str, name: str, parent: Op, node: nodes.Do) -> None:
        # Written out instead of calling Op.__init__: by far the most ops are actions.
        self.id = id_
        self.name = name
        self.parent = parent
        self.first = self.last = self.next = None
        self.is_repeated = parent.is_repeated or parent.repeats
        self.source = self.action = node.action
        self.when = node.when
        self.retry = node.retry
        self.call = fx.CallApart(self) if node.isolate else fx.Call(self)
        self.ask = None if node.when is None else fx.Ask(self)

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        return self.call if self.ask is None else self.ask

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        effect = branch.effect
        if effect is self.call:
            return self._called(branch, outcome)
        if isinstance(outcome, fx.Answer) and not outcome.holds:
            machine.note(self, "skipped")
            branch.turn = LEAVE
            return None
        if isinstance(outcome, fx.Again):
            frame = branch.frames.setdefault(self.id, {})
            frame["attempt"] = frame.get("attempt", 1) + 1
            branch.error = None
            return fx.Pause(self, outcome.after, "backoff") if outcome.after > 0 else self.call
        if isinstance(effect, fx.Hold) and isinstance(outcome, fx.Done):
            branch.frames.setdefault(self.id, {})["resume"] = outcome.value
        return self.call

    def _called(self, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if isinstance(outcome, fx.Suspend):
            return fx.Hold(self, outcome.reason, outcome.data)
        if isinstance(outcome, fx.Done):
            branch.value = outcome.value
        branch.turn = LEAVE
        return None

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        if self.retry is not None and not branch.interrupted and branch.effect is self.call:
            return fx.Judge(self)
        branch.turn = FAIL
        return None


class Wait(Op):
    """Ask until the condition holds."""

    __slots__ = ("ask", "condition", "every", "timeout")
    kind = "wait"

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.Wait) -> None:
        super().__init__(id_, name, parent, node)
        self.condition = node.condition
        self.every = node.every
        self.timeout = node.timeout
        self.ask = fx.Ask(self, 0)

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        return self.ask

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if not isinstance(outcome, fx.Answer):
            return self.ask
        if outcome.holds:
            branch.turn = LEAVE
            return None
        return self._not_yet(machine, branch, outcome.at)

    def _not_yet(self, machine: Machine, branch: Branch, now: float) -> fx.Effect | None:
        if self.timeout is None:
            return fx.Pause(self, self.every, "wait")
        since = branch.frames.setdefault(self.id, {}).setdefault("since", now)
        left = since + self.timeout - now
        if left > 0:
            return fx.Pause(self, min(self.every, left), "wait")
        error = WaitTimeout(
            f"step {self.name!r} still waits after {self.timeout:g} seconds",
            hint="give it a longer timeout=, or look at what its condition waits for",
        )
        machine.fail(branch, error)
        return None


class Sleep(Op):
    """A timer."""

    __slots__ = ("seconds",)
    kind = "sleep"

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.Sleep) -> None:
        super().__init__(id_, name, parent, node)
        self.seconds = node.seconds

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        return fx.Pause(self, self.seconds, "sleep")


class Receive(Op):
    """Wait for a signal."""

    __slots__ = ("into", "timeout")
    kind = "receive"

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.Receive) -> None:
        super().__init__(id_, name, parent, node)
        self.into = node.into
        self.timeout = node.timeout

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        return fx.Listen(self)

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if isinstance(outcome, fx.Done):
            branch.value = outcome.value
        branch.turn = LEAVE
        return None


class Part(Op):
    """The border of what runs in a child: its ops are linked, so that the child can find them."""

    __slots__ = ("isolate", "start")
    kind = "part"
    hidden = True

    def __init__(
        self, id_: str, name: str, parent: Op | None, source: object, isolate: object
    ) -> None:
        super().__init__(id_, name, parent, source)
        self.isolate = isolate
        self.start = fx.Start(self)

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        if machine.home is self:  # this is the child
            return descend(machine, branch, self)
        branch.frames.pop(self.id, None)
        return self.start

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        frame = branch.frames.get(self.id)
        if frame is not None and branch.effect is self.start and "at" in frame:
            branch.failed_at = machine.plan.find(frame["at"], branch.zone) or self
        branch.turn = FAIL
        return None

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if isinstance(outcome, fx.Done):
            branch.value = outcome.value
        branch.turn = LEAVE
        return None


class Spawn(Part):
    """A named body that runs in a child."""

    __slots__ = ("is_workflow", "timeout")
    kind = "spawn"
    hidden = False

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.Spawn) -> None:
        isolate = True if node.backend is None else node.backend
        super().__init__(id_, name, parent, node, isolate)
        self.timeout = node.timeout
        self.is_workflow = node.is_workflow


def descend(machine: Machine, branch: Branch, op: Op) -> fx.Effect | None:
    """Begin with the op's first child, or go on after it if it has none."""
    first = machine.plan.first(op, branch.zone)
    if first is None:
        return op.after(machine, branch)
    branch.op = first
    branch.turn = ENTER
    return None
