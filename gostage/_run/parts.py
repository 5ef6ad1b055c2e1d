"""Parts: what of a run is carried out in a child; which child, and how, is its carrier's business.

A part is one op with all that is inside. The child does it with the same engine, and tells of each
step what it did; here that becomes what the run did, as if it had happened in this process.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from gostage._author.present import Present
from gostage._engine import effects as fx
from gostage._engine import ops
from gostage._engine.forks import ForEach
from gostage._run import calls, claims
from gostage._run.carrying import NO_CARRIER
from gostage._run.endings import TERMINATED, crashed, explain, is_of_process
from gostage._run.functions import is_users_own
from gostage._run.homes import homes_of
from gostage._run.kept import Kept
from gostage._run.packing import StorePacking
from gostage._run.pauses import outside
from gostage._run.requests import Carry
from gostage._store import border
from gostage.errors import Bailed, UnknownState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._run.execution import Execution
    from gostage._run.records import Row
    from gostage._run.requests import Flow
    from gostage.errors import ChildCrashed

    # Any: JSON-able data.
    Json = Any

EDITS: Final = -1  # the branch of what a child did to the plan


def start(run: Execution, branch: Branch, effect: fx.Start | fx.CallApart) -> Flow:
    """Have a part carried out; nothing comes of it yet if it waits for the outside world."""
    op: Any = effect.op  # Any: an action is opaque to the engine
    if op is run.machine.home:  # this process is the child
        called = yield from calls.call(run, branch, effect)  # type: ignore[arg-type]  # no Start
        return called
    part = Part(run, branch, effect)
    outcome: fx.Outcome | None = None
    started = time.time()
    while outcome is None:
        if part.is_waiting:
            yield from outside(run, part.wakes, part.seconds_to_wait() if run.waits else None)
            if not part.can_go_on():
                return None
        outcome, error = yield Carry(run.around.carrier or NO_CARRIER, (part,))
        part.give_back()
        if error is not None:
            outcome = fx.Failed(error) if isinstance(error, Exception) else fx.Stopped(error)
        if outcome is None and branch.cancelled:
            outcome = part.stopped()
        if outcome is None and (run.left is not None or not part.is_waiting):
            return None
    part.finish(outcome, started)
    return outcome


class Part:
    """One piece of work for a child, and what becomes of it in the run."""

    def __init__(self, run: Execution, branch: Branch, effect: fx.Start | fx.CallApart) -> None:
        self.run = run
        self.branch = branch
        self.op = effect.op
        self.is_call = isinstance(effect, fx.CallApart)
        """Whether it is one call of an action, and not whatever an op holds."""
        self.packing = StorePacking(run.around.codec, Present(lambda: homes_of(run.plan)))
        kept = run.parts.get(branch.key)
        if kept is None or kept.op is not self.op:
            kept = run.parts[branch.key] = Kept(self.op)
        self.kept = kept
        self._has_row = False
        self.lent: set[int] = set()
        """The signals that its child was given, by their numbers."""
        self.errors: list[Json] = []
        """What the child has told of errors, each with what was made of it."""

    @property
    def isolate(self) -> Any:  # Any: opaque to the engine  # noqa: ANN401
        """Where it is to be carried out, as the author said."""
        op: Any = self.op  # Any: as above
        return op.action.isolate if self.is_call else op.isolate

    @property
    def is_warm(self) -> bool:
        """Whether it is one of many alike, for which a child may be used again."""
        return isinstance(self.op.parent, ForEach) and not isinstance(self.op, ops.Spawn)

    @property
    def label(self) -> str:
        """What errors call it: `action 'load'`, `stage 'eu'`, `item 3 of 'files'`."""
        parent = self.op.parent
        if isinstance(parent, ForEach) and self.is_warm:
            return f"item {self.index} of {parent.name!r}"
        word = "action" if self.is_call else "step" if self.op.kind == "spawn" else "stage"
        return f"{word} {self.op.name!r}"

    @property
    def path(self) -> str:
        """The path of the step."""
        return self.op.id.partition("//")[0]

    @property
    def names(self) -> Collection[str]:
        """What it is called itself."""
        return (self.op.id, self.path) if self.is_call else (self.op.id,)

    @property
    def prefix(self) -> str:
        """What the paths of the steps inside begin with."""
        return f"{self.path}/"

    @property
    def siblings(self) -> object:
        """The list that it is an item of, the very same for all of them."""
        parent: Any = self.op.parent  # Any: a for-each
        return self.owner.frames[parent.id]["items"]

    @property
    def owner(self) -> Branch:
        """The branch whose for-each it is an item of."""
        forked_from = self.branch.parent if self.branch.root is self.op else None
        return forked_from or self.branch

    @property
    def index(self) -> int | None:
        """Which item of a for-each it is."""
        parent = self.op.parent
        if not isinstance(parent, ForEach):
            return None
        if self.branch.root is self.op and self.branch.parent is not None:
            return self.branch.index
        index: int | None = self.branch.frames[parent.id]["index"]
        return index

    @property
    def is_kept(self) -> bool:
        """Whether a step counts only when it is kept for good."""
        return self.run.journal is not None and self.run.journal.is_for_good

    @property
    def counts(self) -> bool:
        """Whether what it does can still be written down, where that is to be."""
        return self.run.journal is None or self.run.journal.broken is None

    def limit(self) -> tuple[float, Op | None] | None:
        """Until when it may last, in seconds since the epoch, and whose time that is.

        Without one it is its own: that of a single call.
        """
        found: tuple[float, Op | None] | None = self.run.deadline(self.branch, self.op)
        timeout = self._timeout()
        if timeout is None:
            return found
        until = self.run.clock.now() + timeout
        if found is not None and found[0] <= until:
            return found
        return until, None if self.is_call else self.op

    def _timeout(self) -> float | None:
        if isinstance(self.op, ops.Spawn):
            return self.op.timeout
        action: Any = self.op.source  # Any: opaque to the engine
        timeout: float | None = action.timeout if self.is_call else None
        return timeout

    # ---------------------------------------------------------------- what comes of it

    def absorb(self, commit: Mapping[str, Json], *, is_last: bool = False) -> None:
        """Take what a step of the child did for what the run did, and write it down.

        What comes last is written with what the part itself comes to.
        """
        run, branch = self.run, self.branch
        with run.lock:
            claims.check(self, commit)
            rows = [
                (path, (*row, None if error is None else self._error(error)))
                for path, *row, error in commit["rows"]
                if path != self.op.id or self.is_call
            ]
            self._take_changes(commit, is_last=is_last)
            for path, row in rows:
                self._put_row(path, row)
            told = [(k, path, data, at) for k, at, path, data in commit["events"]]
            run.tell_of(branch, [each for each in told if each[1] != self.op.id])
            for number in commit["signals"]:
                run.use_signal(number, branch)
            if is_last:
                return
            run.tell_late(branch)
            frame = branch.frames.setdefault(self.op.id, {})
            frame["part"] = self.kept.position_data()
            if run.journal is not None:
                run.journal.take(branch, branch.effect, branch)

    def _take_changes(self, commit: Mapping[str, Json], *, is_last: bool) -> None:
        if not commit["changes"]:
            if not is_last:
                self.kept.take(self.run, self.branch, commit, ())
            return
        run, line = self.run, self.run.line(self.branch)
        rows = [row for row in commit["changes"] if row[0] >= 0]
        entries = border.read(line.store, [row[1:] for row in rows if not row[0]])
        edits = {key: data for number, key, data in commit["changes"] if number == EDITS}
        if edits:  # before anything else counts: they may not fit
            done = self.kept.take_edits(run, self.branch, edits, self.packing)
            if is_last:  # they count with what the part comes to
                run.edits[self.branch.key] = done
        border.take_over(line.store, entries)
        line.commit()
        if not is_last:  # else nobody goes on with what its own branches have left
            self.kept.take(run, self.branch, commit, [row for row in rows if row[0]])

    def outcome(self, told: Mapping[str, Json]) -> fx.Outcome | None:
        """What the machine is to know of how it ended."""
        make = _ENDS.get(told["do"])
        if make is None:
            raise UnknownState(f"it says that {told['do']!r} became of it")
        return make(self, told)

    def done(self, told: Mapping[str, Json]) -> fx.Outcome:
        """It worked."""
        value = told.get("value")
        return fx.DONE if value is None else fx.Done(self.packing.unpack_value(value))

    def suspended(self, told: Mapping[str, Json]) -> fx.Outcome:
        """The action asked to be called again when the run is resumed."""
        data: Json = self.packing.unpack_value(told["data"])
        return fx.Suspend(str(told["reason"]), data)

    def bailed(self, told: Mapping[str, Json]) -> fx.Outcome:
        """It ended early on purpose."""
        return fx.DONE if self._ends_alone() else fx.Stopped(Bailed(str(told["reason"])))

    def exited(self, told: Mapping[str, Json]) -> fx.Outcome:
        """It called `sys.exit`."""
        return self.failed(self.crashed(int(told["code"])))

    def raised(self, told: Mapping[str, Json]) -> fx.Outcome:
        """It failed with an error that it could tell."""
        error = self._error(told["error"])
        if not isinstance(error, Exception) and not is_users_own(error):
            if is_of_process(error):
                raise UnknownState(f"it failed with {type(error).__name__}, which stops a process")
            return fx.Stopped(error)  # a user's own, that stops the run here as well
        explain(error, self.isolate)
        return self.failed(error, told.get("at"))

    def _error(self, record: Mapping[str, Json]) -> BaseException:
        from gostage._run.traces import told_error  # 1 ms, and few parts fail

        return told_error(self.errors, record, self.run.around.codec)

    def parked(self, told: Mapping[str, Json]) -> None:
        """It can only go on with the outside world's help."""
        del told
        self.kept.is_waiting = True
        with self.run.lock:
            frame = self.branch.frames.setdefault(self.op.id, {})
            frame["part"] = self.kept.position_data()
            if self.run.journal is not None:
                self.run.journal.look(self.branch)
        for effect in self.waits():
            is_held = isinstance(effect, fx.Hold)
            self.run.records.stay(effect.op.id, "waiting" if is_held else "running")

    def _ends_alone(self) -> bool:
        """Whether it is a workflow of its own, that may end early within another one."""
        is_whole = isinstance(self.op, ops.Spawn) and self.op.is_workflow
        return is_whole and not getattr(self.run.workflow, "is_alone", False)

    def stopped(self, told: Mapping[str, Json] | None = None) -> fx.Outcome:
        """The run was told to stop: here, or by a step of the child."""
        del told
        return fx.Stopped(self.run.cancellation())

    def terminated(self, told: Mapping[str, Json]) -> fx.Outcome:
        """Its child was told to end: by this process, or by somebody else."""
        del told
        return self.stopped() if self.branch.cancelled else self.failed(self.crashed(-TERMINATED))

    def crashed(self, exit_code: int | None, *, is_up: bool = True) -> ChildCrashed:
        """The error of a child that ended without a word."""
        limits = getattr(self.isolate, "limits", None)
        return crashed(self.label, exit_code, self.run.run_id, limits, is_up=is_up)

    def died(self, error: BaseException, started: float) -> fx.Outcome:
        """Its child ended without a word: in the call that was next, if there was only one."""
        op = self.kept.next_call(self.run.plan, self.op, self.branch.zone)
        if op is None or self.is_call:
            return self.failed(error)
        with self.run.lock:
            row = ("failed", 1, started, time.time() - started, error)
            self.run.records.put(op.id, row)
        return self.failed(error, op.id)

    def failed(self, error: BaseException, at: str | None = None) -> fx.Outcome:
        """It failed, at a step inside if that is known."""
        if at is not None and not self.is_call:
            self.branch.frames.setdefault(self.op.id, {})["at"] = at
        return fx.Failed(error)

    def _put_row(self, path: str, row: Row) -> None:
        records = self.run.records
        records.put(path, row)
        if path == self.op.id:
            self._has_row = True
            if self.run.teller is not None:
                records.calls[self.branch.key] = records.rows[path]

    def finish(self, outcome: fx.Outcome, started: float) -> None:
        """It has ended; nothing of it is needed any more."""
        error = outcome.error if isinstance(outcome, (fx.Failed, fx.Stopped)) else None
        is_told = self._has_row and (error is None or isinstance(error, Bailed))
        if self.is_call and not is_told:
            word = "completed" if error is None else "failed"
            word = "cancelled" if isinstance(outcome, fx.Stopped) else word
            attempt = self.branch.frames.get(self.op.id, {}).get("attempt", 1)
            self._put_row(self.op.id, (word, attempt, started, time.time() - started, error))
        kept = self.run.parts.pop(self.branch.key, None)
        if kept is not None and self.run.journal is not None:
            self.run.journal.leave_part(
                self.branch.key, *kept.left_behind(self.branch), is_over=error is None
            )

    # ---------------------------------------------------------------- waiting for the world

    @property
    def is_waiting(self) -> bool:
        """Whether its child has come back to wait."""
        return self.kept.is_waiting

    def can_go_on(self) -> bool:
        """Whether something came that it waits for."""
        if self.branch.cancelled:
            return True
        return self.kept.was_let_go() or any(map(self._is_here, self.waits()))

    def _is_here(self, effect: fx.Effect) -> bool:
        run = self.run
        if isinstance(effect, fx.Listen) and self.signal_for(effect) is not None:
            return True
        if isinstance(effect, fx.Hold):
            return bool(run.resumptions)
        until: float | None = getattr(effect, "until", None)
        return until is not None and run.clock.now() >= until

    def signal_for(self, effect: fx.Listen) -> tuple[int, object] | None:
        """The oldest signal that it waits for, and that no other child was given."""
        waiting = self.run.signals.get(effect.op.name, ())
        return next((each for each in waiting if each[0] not in self.run.lent), None)

    def give_back(self) -> None:
        """The child has taken what it took of the signals that it was given."""
        with self.run.lock:
            self.run.lent -= self.lent
        self.lent.clear()

    def waits(self) -> list[fx.Effect]:
        """What it waits for, if it waits."""
        return list(self.kept.waits(self.run.plan, self.branch.zone, self.packing))

    def wakes(self) -> bool:
        """Whether there is no more sense in waiting here."""
        run = self.run
        is_alone = run.is_idle() and not run.waits
        return is_alone or self.branch.cancelled or run.left == 0 or self.can_go_on()

    def seconds_to_wait(self) -> float | None:
        """How long, at most."""
        ends = [getattr(effect, "until", None) for effect in self.waits()]
        known = [end for end in ends if end is not None]
        return max(0.0, min(known) - self.run.clock.now()) if known else None


_ENDS: Final[Mapping[str, Callable[[Part, Mapping[str, Any]], fx.Outcome | None]]] = {
    "done": Part.done,
    "suspend": Part.suspended,
    "bailed": Part.bailed,
    "exit": Part.exited,
    "failed": Part.raised,
    "gone": Part.raised,
    "waits": Part.parked,
    "stopped": Part.stopped,
    "terminated": Part.terminated,
}
"""By what the child says of its end."""
