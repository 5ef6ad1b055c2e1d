"""The machine: told how each effect of a branch went, it says what the branch needs next.

Pure: no input or output, no clock, no thread, no await. Every live branch has exactly one
outstanding effect; the whole position of a run is its branches and its plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._engine import effects as fx
from gostage._engine.branch import ENTER, FAIL, LEAVE, Branch
from gostage._engine.forks import ForEach
from gostage._engine.ops import Do
from gostage._engine.value import Value

if TYPE_CHECKING:
    from gostage._engine.forks import Forking
    from gostage._engine.ops import Op
    from gostage._engine.plan import Plan


class Note(Value):
    """How one op stands now."""

    __slots__ = ("error", "op", "status")

    def __init__(self, op: Op, status: str, error: BaseException | None = None) -> None:
        self.op: Final = op
        self.status: Final = status
        self.error: Final = error


class End(Value):
    """How the run ended: the pending error and where it came from, if there is one."""

    __slots__ = ("error", "failed_at", "interrupted")

    def __init__(
        self, error: BaseException | None, failed_at: Op | None, interrupted: bool
    ) -> None:
        self.error: Final = error
        self.failed_at: Final = failed_at
        self.interrupted: Final = interrupted


class Machine:
    """What a run does next."""

    __slots__ = ("branches", "end", "exit_first", "home", "keys", "notes", "plan", "root")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.notes: list[Note] = []
        self.end: End | None = None
        self.exit_first = False
        """Whether the first failure is the last: a for-each goes on past none."""
        self.keys = 0
        self.home: Op | None = None
        """In a child: the op that it carries out, with all that is inside."""
        self.root = Branch(0, plan.program.root)
        self.branches: dict[int, Branch] = {0: self.root}

    def settle_at(self, home: Op, zone: int = 0) -> None:
        """Carry out this op alone, with all that is inside."""
        self.home = home
        self.root = Branch(0, home)
        self.branches = {0: self.root}

    def begin(self, branch: Branch) -> Branch | None:
        """Give a fresh branch its first effect; what comes back goes on in its place."""
        return self._advance(branch)

    def feed(self, branch: Branch, outcome: fx.Outcome) -> Branch | None:
        """Take an outcome; give the branch to go on with here, or None when this line ended."""
        effect = branch.effect
        if effect is None:
            return self.begin(branch)
        op = branch.op = effect.op
        if type(outcome) is fx.Done and type(effect) is fx.Call and not self.plan.edited:
            following = op.next
            if type(following) is Do and following.ask is None:  # by far the commonest step
                branch.value = outcome.value
                branch.frames.pop(op.id, None)
                branch.effect = following.call
                return branch
        return self._weigh(branch, op, outcome)

    def _weigh(self, branch: Branch, op: Op, outcome: fx.Outcome) -> Branch | None:
        if isinstance(outcome, (fx.Failed, fx.GiveUp)):
            self._pend(branch, op, outcome.error)
            following = op.broke(self, branch)
        elif isinstance(outcome, fx.Stopped):
            branch.interrupted = True
            self._pend(branch, op, outcome.error)
            following = op.broke(self, branch)
        elif branch.interrupted:  # it only unwinds, whatever a scope makes of that
            following = op.broke(self, branch)
        else:
            following = op.fed(self, branch, outcome)
        if following is not None:
            branch.effect = following
            return branch
        return self._advance(branch)

    def fail(self, branch: Branch, error: BaseException) -> None:
        """Fail at the branch's op with an error of the engine's own."""
        self._pend(branch, branch.op, error)
        branch.turn = FAIL

    def fork(self, branch: Branch, root: Op, index: int) -> Branch:
        """Make a child that begins at the root op."""
        self.keys = 1 if len(self.branches) == 1 else self.keys + 1
        child = Branch(self.keys, root, branch, index)
        child.cancelled = branch.cancelled
        child.zone = child.key if isinstance(root.parent, ForEach) else branch.zone
        branch.children[index] = child
        self.branches[child.key] = child
        return child

    @staticmethod
    def forked(branch: Branch, op: Forking) -> fx.Effect:
        """Say what the forking branch does: drive its children, if there are any."""
        return op.fork if branch.children else op.join

    def note(self, op: Op, status: str, error: BaseException | None = None) -> None:
        """Tell whoever keeps records how an op stands."""
        self.notes.append(Note(op, status, error))

    def note_inside(self, op: Op, status: str) -> None:
        """The same, for what the op holds."""
        for child in self.plan.children(op):
            self.note(child, status)

    def _advance(self, branch: Branch) -> Branch | None:
        while True:
            following: fx.Effect | None
            if branch.turn == ENTER:
                following = self._enter(branch)
            else:
                op = branch.op
                if branch.frames:
                    branch.frames.pop(op.id, None)
                if op.keeps_record and not op.hidden:
                    self._settle(op, branch)
                if op is branch.root:
                    return self._ended(branch)
                following = self._leave(branch, op)
            if following is not None:
                branch.effect = following
                return branch

    def _enter(self, branch: Branch) -> fx.Effect | None:
        op = branch.op
        if self.plan.edited and op.id in self.plan.disabled:
            self.note(op, "skipped")
            branch.turn = LEAVE
            # It has not run, so nothing is settled.
            return None if op is branch.root else self._leave(branch, op)
        if op.keeps_record and not op.hidden:
            self.note(op, "running")
        return op.enter(self, branch)

    def _leave(self, branch: Branch, op: Op) -> fx.Effect | None:
        parent = op.parent
        if parent is None:
            return None
        if branch.turn == FAIL:
            branch.op = parent
            return parent.broke(self, branch)
        following = self.plan.next(op, branch.zone)
        if following is not None:
            branch.op = following
            branch.turn = ENTER
            return None
        branch.op = parent
        return parent.after(self, branch)

    def _settle(self, op: Op, branch: Branch) -> None:
        if branch.turn == LEAVE:
            self.note(op, "completed")
        else:
            self.note(op, "stopped" if branch.interrupted else "failed", branch.error)

    def _pend(self, branch: Branch, op: Op, error: BaseException) -> None:
        if error is not branch.error:
            branch.error = error
            branch.failed_at = op

    def _ended(self, branch: Branch) -> Branch | None:
        branch.effect = None
        del self.branches[branch.key]
        parent = branch.parent
        if parent is None:
            self.end = End(branch.error, branch.failed_at, branch.interrupted)
            return None
        if branch.zone != parent.zone:
            self.plan.forget(branch.zone)
        effect = parent.effect
        if effect is None:
            return None
        fork: Forking = effect.op  # type: ignore[assignment]  # a parent's effect is its Fork
        return fork.child_ended(self, parent, branch)
