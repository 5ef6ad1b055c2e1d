"""Ops that stand around others: scopes, stages, retries, choices and loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gostage._engine import effects as fx
from gostage._engine.branch import ENTER, FAIL, LEAVE
from gostage._engine.ops import Op, descend
from gostage.errors import TooManyPasses

if TYPE_CHECKING:
    from gostage._engine import nodes
    from gostage._engine.branch import Branch
    from gostage._engine.machine import Machine

Level = Literal["run", "sub", "workflow", "stage"]


class Scope(Op):
    """Middleware of one level around everything inside.

    The levels: `run` around the whole run, `sub` around another workflow's items, `workflow`
    around one stage, `stage` around all the items of a stage.
    """

    __slots__ = ("close", "level", "open")
    kind = "scope"
    hidden = True

    def __init__(self, id_: str, name: str, parent: Op | None, level: Level, what: object) -> None:
        super().__init__(id_, name, parent, what)
        self.level = level
        self.open = fx.Open(self)
        self.close = fx.Close(self)

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        return self.open

    def after(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        return self.close

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        if branch.effect is self.open or branch.effect is self.close:
            branch.turn = FAIL  # the middleware itself failed; the driver has closed the rest
            return None
        return self.close

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if isinstance(outcome, fx.Opened):
            branch.frames[self.id] = {"deadline": outcome.deadline}
            return descend(machine, branch, self)
        if isinstance(outcome, fx.Reopened):
            branch.error = branch.failed_at = None
            branch.frames[self.id]["passes"] = outcome.passes
            machine.plan.restart(self, branch.zone)
            return descend(machine, branch, self)
        if isinstance(outcome, fx.Skipped):
            machine.note(self, "skipped")
        branch.error = branch.failed_at = None
        branch.turn = LEAVE
        return None


class Around(Scope):
    """The workflow's middleware around one stage; it settles how the stage itself ended."""

    __slots__ = ()

    def after(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        self._settle(machine, "completed")
        return self.close

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        self._settle(machine, "stopped" if branch.interrupted else "failed", branch.error)
        machine.plan.forget_elsewhere(self, branch.zone)
        return super().broke(machine, branch)

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if isinstance(outcome, fx.Skipped):
            self._settle(machine, "skipped")
        elif isinstance(outcome, fx.Reopened):
            self._settle(machine, "running")
        return super().fed(machine, branch, outcome)

    def _settle(self, machine: Machine, status: str, error: BaseException | None = None) -> None:
        if self.parent is not None:
            machine.note(self.parent, status, error)


class Sub(Scope):
    """Another workflow's items."""

    __slots__ = ()
    kind = "sub"
    hidden = False


class Whole(Sub):
    """Another workflow that runs as a whole in a child: wiring inside its spawn."""

    __slots__ = ()
    hidden = True


class Stage(Op):
    """A stage: its condition, then the scopes around its items."""

    __slots__ = ("ask", "inside", "when")
    kind = "stage"
    keeps_record = False
    inside: Op
    """The innermost scope, whose children are the stage's items."""

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.Stage) -> None:
        super().__init__(id_, name, parent, node.stage)
        self.when = node.when
        self.ask = None if node.when is None else fx.Ask(self)

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        if self.ask is not None:
            return self.ask
        machine.note(self, "running")
        return descend(machine, branch, self)

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if isinstance(outcome, fx.Answer) and outcome.holds:
            machine.note(self, "running")
            return descend(machine, branch, self)
        machine.note(self, "skipped")
        branch.turn = LEAVE
        return None

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        if branch.effect is self.ask:
            machine.note(self, "failed", branch.error)
        branch.turn = FAIL
        return None


class Retry(Op):
    """Restart the body from its beginning while the policy says so."""

    __slots__ = ("judge", "policy")
    kind = "retry"

    def __init__(self, id_: str, name: str, parent: Op | None, policy: object) -> None:
        super().__init__(id_, name, parent, policy)
        self.policy = policy
        self.judge = fx.Judge(self)

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        if branch.interrupted or branch.effect is self.judge:
            branch.turn = FAIL
            return None
        return self.judge

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if isinstance(outcome, fx.Again):
            frame = branch.frames.setdefault(self.id, {})
            frame["attempt"] = frame.get("attempt", 1) + 1
            branch.error = branch.failed_at = None
            machine.plan.restart(self, branch.zone)
            machine.note(self.counted, "again")
            if outcome.after > 0:
                return fx.Pause(self, outcome.after, "backoff")
        return descend(machine, branch, self)

    @property
    def counted(self) -> Op:
        """The op whose attempts these are."""
        return self


class StageRetry(Retry):
    """The retry of a stage: wiring between the stage's scopes."""

    __slots__ = ()
    hidden = True

    @property
    def counted(self) -> Op:
        """The stage."""
        op: Op = self
        while op.hidden and op.parent is not None:
            op = op.parent
        return op


class Choice(Op):
    """The first arm whose condition holds; the arms are its children, in order."""

    __slots__ = ("arms", "asks", "conditions", "otherwise")
    kind = "case"

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.Choice) -> None:
        super().__init__(id_, name, parent, node)
        self.conditions = tuple(condition for condition, _ in node.arms)
        self.asks = tuple(fx.Ask(self, arm) for arm in range(len(node.arms)))
        self.arms: list[Op] = []
        self.otherwise: Op | None = None

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        return self.asks[0]

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        effect = branch.effect
        arm = effect.arm if isinstance(effect, fx.Ask) and effect.arm is not None else 0
        if isinstance(outcome, fx.Answer) and outcome.holds:
            return self._take(machine, branch, self.arms[arm])
        if arm + 1 < len(self.asks):
            return self.asks[arm + 1]
        return self._take(machine, branch, self.otherwise)

    def _take(self, machine: Machine, branch: Branch, chosen: Op | None) -> fx.Effect | None:
        for arm in (*self.arms, self.otherwise):
            if arm is not None and arm is not chosen:
                machine.note(arm, "skipped")
        if chosen is None:
            branch.turn = LEAVE
        else:
            machine.note(chosen, "running")  # an earlier pass may have left it out
            branch.op = chosen
            branch.turn = ENTER
        return None


class Loop(Op):
    """Repeat the body; passes are counted in the frame."""

    __slots__ = ("ask", "asks_first", "condition", "ends_on", "max_passes")
    kind = "loop"
    repeats = True

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.Loop) -> None:
        super().__init__(id_, name, parent, node)
        self.condition = node.condition
        self.ends_on = node.ends_on
        self.asks_first = node.asks_first
        self.max_passes = node.max_passes
        self.ask = fx.Ask(self, 0)

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        branch.frames[self.id] = {"pass": 0}
        return self.ask if self.asks_first else descend(machine, branch, self)

    def after(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        branch.frames[self.id]["pass"] += 1
        return self.ask

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        passes = branch.frames[self.id]["pass"]
        if isinstance(outcome, fx.Answer) and outcome.holds == self.ends_on:
            if not passes:
                machine.note_inside(self, "skipped")
            branch.turn = LEAVE
            return None
        if self.max_passes is not None and passes >= self.max_passes:
            machine.fail(branch, self._too_many())
            return None
        machine.plan.restart(self, branch.zone)
        return descend(machine, branch, self)

    def _too_many(self) -> TooManyPasses:
        return TooManyPasses(
            f"loop {self.name!r} is not done after {self.max_passes} passes",
            hint="give it more with max_passes=, or look at what its condition waits for",
        )
