"""The execution: everything one live run holds in this process, and the steps of its life.

It decides nothing about order (the engine does) and waits for nothing (the shell does).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from gostage._engine.guards import Sub
from gostage._engine.machine import Machine
from gostage._engine.plan import Plan
from gostage._run.bell import Bell
from gostage._run.events import Teller
from gostage._run.line import Line
from gostage._run.records import Records
from gostage._run.resources import Pool
from gostage._run.telling import tell_end, tell_notes
from gostage._run.view import RunView
from gostage._run.world import World
from gostage._store.transaction import fork, has_changes, watch
from gostage.errors import Cancelled

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Sequence

    from gostage._author.workflow import WorkflowDefinition
    from gostage._engine import effects as fx
    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._engine.plan import Edit
    from gostage._engine.program import Program
    from gostage._plugins.scopes import Layers
    from gostage._run.journal import Journal
    from gostage._run.kept import Kept
    from gostage._run.requests import Flow
    from gostage._run.surroundings import Surroundings
    from gostage._run.watching import Watchdog
    from gostage._store.store import Store


class Execution(World):
    """One live run."""

    is_resumed = False
    """Whether it began in another stretch, maybe of another process."""
    timeout: float | None = None
    detach = False
    waits = False
    """Whether it sits out a `receive`, and does not leave the process meanwhile."""
    loop_cancelled = False
    """Whether the task that awaits the run was cancelled."""
    watchdog: Watchdog | None = None
    """Stops calls whose time is up, where that can be done: in a child."""
    keys: Sequence[str] | None = None
    """The keys of the store that crossed to this child; None if all did."""
    torn: BaseException | None = None
    """What failed first while scopes were left with the run still going."""

    def __init__(
        self,
        run_id: str,
        workflow: WorkflowDefinition,
        program: Program,
        store: Store,
        around: Surroundings,
    ) -> None:
        super().__init__()
        self.run_id = run_id
        self.workflow = workflow
        self.around = around
        self.hooks = around.hooks
        self.wrappers = around.hooks.action
        """The hooks around every call, where they are found at once."""
        self.clock = around.clock
        self.store = store
        self.plan = Plan(program, _disabled(workflow, program))
        self.machine = Machine(self.plan)
        self.records = Records.begin_at(self.clock.now())
        self.bell = Bell()
        self.lock = threading.RLock()
        self.lines: dict[int, Line] = {0: Line(store)}
        self.journal: Journal | None = None
        """Writes what the run does into a database, if there is one."""
        self.scopes: dict[tuple[int, str], Layers] = {}
        self.pools: dict[tuple[int, str], Pool] = {(0, ""): Pool("run")}
        self.parked: set[int] = set()
        self.timed = False
        """Whether any deadline was ever set; while not, nobody looks for one."""
        self.left: int | None = None
        """How many more actions or conditions may be called; None is no limit."""
        self.edits: dict[int, Sequence[Edit]] = {}
        """What the calls that are going on have done to the plan, by branch; it may not count."""
        self.parts: dict[int, Kept] = {}
        """What is known of the children that carry out parts, by branch."""
        self.last_child: tuple[int | None, int | None] = (None, None)
        """Process id and exit code of the child that ended last."""
        self.foreign = 0
        """The last number that a branch in a child got."""
        self.lanes = 0
        self.listening = 0
        self.is_cancelled = False
        listeners = around.hooks.listeners
        self.teller = Teller(run_id, self.clock, listeners, around.log) if listeners else None
        """Tells what happens, if anybody listens."""
        self.sent: dict[str, int] = {}
        """How many messages each step has sent."""
        self._watched: dict[int, tuple[Branch, Callable[[], object]]] = {}

    # ---------------------------------------------------------------- what others look at

    @property
    def exit_first(self) -> bool:
        """Whether the first failed attempt ends the run: nothing is retried or left behind."""
        return self.machine.exit_first

    @exit_first.setter
    def exit_first(self, value: bool) -> None:
        self.machine.exit_first = value

    @property
    def log(self) -> logging.Logger:
        """Where the run logs to."""
        return self.around.log()

    @property
    def cancelled(self) -> bool:
        """Whether the run was told to stop."""
        return self.is_cancelled

    def line(self, branch: Branch) -> Line:
        """The branch's line; a forked branch works on an overlay of its parent's store."""
        line = self.lines.get(branch.key)
        if line is None:
            parent = branch.parent
            store = self.store if parent is None else fork(self.line(parent).store)
            line = self.lines[branch.key] = self.new_line(store)
        return line

    def new_line(self, store: Store) -> Line:
        """Make the line of a branch, saved if the run is."""
        return Line(store, None if self.lines[0].staged is None else {})

    def save_to(self, journal: Journal) -> None:
        """Have everything that happens written down, each step as it is done."""
        self.journal = journal
        if self.teller is None:
            self.teller = Teller(self.run_id, self.clock, (), self.around.log)
        self.teller.write_to(journal.events)
        watch(self.store)
        self.lines[0] = Line(self.store, {})

    def view(
        self,
        branch: Branch,
        limit: Callable[[float], None] | None = None,
        *,
        resuming: bool = False,
    ) -> RunView:
        """The run as a middleware of this branch sees it."""
        return RunView(self, self.line(branch).store, limit, resuming=resuming)

    # ---------------------------------------------------------------- the machine

    def begin(self, branch: Branch) -> Branch | None:
        """Give a fresh branch its first effect."""
        with self.lock:
            following = self.machine.begin(branch)
            self.take_notes()
            if self.journal is not None:
                self.journal.take(branch, None, following)
        return following

    def feed(
        self, branch: Branch, outcome: fx.Outcome, *, is_performed: bool = False
    ) -> Branch | None:
        """Tell the machine how an effect went; and everybody, if it was carried out."""
        journal = self.journal
        if journal is not None:
            with self.lock:  # what is written must be what the step did, and nothing else
                effect = branch.effect
                if self.late:
                    self.tell_late(branch)
                if is_performed and effect is not None:
                    tell_end(self, branch, effect, outcome)
                following = self.machine.feed(branch, outcome)
                if self.machine.notes:
                    self.take_notes()
                journal.take(branch, effect, following)
            if journal.broken is not None:
                self.wake()
        elif self.lanes > 1:
            with self.lock:
                following = self.machine.feed(branch, outcome)
        else:
            following = self.machine.feed(branch, outcome)
        if self.machine.notes:
            with self.lock:
                self.take_notes()
        if following is not branch:
            self._branch_ended(branch)
        return following

    def _branch_ended(self, branch: Branch) -> None:
        line = self.lines.get(branch.key)
        is_child_over = branch.effect is None and branch.parent is not None
        if is_child_over and (
            line is None or branch.error is not None or not has_changes(line.store)
        ):
            self.lines.pop(branch.key, None)
        self.wake()

    def wake(self) -> None:
        """Make everyone who waits look again, and stop what runs in branches told to stop."""
        for branch, stop in list(self._watched.values()):
            if branch.cancelled:
                stop()
        self.bell.ring()

    def watch(self, branch: Branch | None, stop: Callable[[], object]) -> int:
        """Have something stopped when its branch is told to stop."""
        if branch is None:
            return 0
        key = id(stop)
        self._watched[key] = (branch, stop)
        if branch.cancelled:
            stop()
        return key

    def unwatch(self, key: int) -> None:
        """It has ended."""
        self._watched.pop(key, None)

    def cancelled_in_loop(self) -> None:
        """The awaiting task was cancelled: the run unwinds first."""
        self.loop_cancelled = True
        self.cancel()

    def take_notes(self) -> None:
        """Keep what the machine noted, and tell it."""
        rows = self.records.take(self.machine.notes)
        if self.teller is not None:
            tell_notes(self, self.machine.notes, rows)
        self.machine.notes.clear()

    # Any: what a teller takes.
    def tell_of(self, branch: Branch, events: Sequence[tuple[Any, ...]]) -> None:
        """Have it told what happened in a child: with what is written of its branch."""
        self.late[branch.key] = (*self.late.get(branch.key, ()), *events)
        if self.journal is None:
            self.tell_late(branch)

    def tell_late(self, branch: Branch) -> None:
        """Tell it now."""
        for event in self.late.pop(branch.key, ()):
            if self.teller is not None:
                self.teller.take(*event)

    def count_lanes(self, change: int) -> None:
        """One more lane is at work, or one less."""
        with self.lock:
            self.lanes += change

    # ---------------------------------------------------------------- stopping

    def cancel(self) -> bool:
        """Tell the run to stop before its next step; false if it has ended."""
        if not self.stop():
            return False
        self.wake()
        return True

    def stop(self) -> bool:
        """The same for a caller who holds the lock, and wakes those who wait later."""
        with self.lock:
            if self.machine.end is not None:
                return False
            self.is_cancelled = True
            self.machine.root.cancel()
            self.parked.clear()
        return True

    # Any: see Branch.frames.
    def limit(self, frame: dict[str, Any], deadline: float | None) -> None:
        """Make a deadline count for everything inside a scope."""
        frame["deadline"] = deadline
        self.timed = self.timed or deadline is not None

    def deadline(self, branch: Branch, op: Op | None) -> tuple[float, Op] | None:
        """The nearest deadline of the scopes around an op, and whose it is."""
        if not self.timed:
            return None
        nearest: tuple[float, Op] | None = None
        while op is not None:
            frame = branch.frame_of(op)
            deadline = None if frame is None else frame.get("deadline")
            if deadline is not None and (nearest is None or deadline <= nearest[0]):
                nearest = (deadline, op)
            op = op.parent
        return nearest

    def cancellation(self) -> Cancelled:
        """Make the interrupt that stops a branch."""
        return Cancelled(f"run {self.run_id!r} was cancelled")

    # ---------------------------------------------------------------- signals

    def let_go(self) -> None:
        """Have the run come back after the steps that are going on; it keeps its place."""
        with self.lock:
            self.left = 0
        self.bell.ring()

    def is_idle(self) -> bool:
        """Whether every lane waits for the outside world."""
        return self.lanes <= self.listening

    def next_seq(self, op: Op) -> int:
        """Count the messages of one sender."""
        with self.lock:
            count = self.sent[op.id] = self.sent.get(op.id, 0) + 1
        return count

    # ---------------------------------------------------------------- pools

    def pools_at(self, branch: Branch, op: Op) -> tuple[Pool, ...]:
        """The pools an action at this op can use, narrowest first."""
        place: Op | None = op
        line: Branch = branch
        found = []
        while place is not None:
            pool = self.pools.get((line.key, place.id))
            if pool is not None:
                found.append(pool)
            if place is line.root and line.parent is not None:
                line = line.parent
            place = place.parent
        return tuple(found)

    def owners(self, op: Op) -> list[WorkflowDefinition]:
        """The workflows an op belongs to, outermost first."""
        found: list[Any] = []  # Any: what a scope stands around is opaque to the engine
        place: Op | None = op
        while place is not None:
            if isinstance(place, Sub):
                found.append(place.source)
            place = place.parent
        return [self.workflow, *reversed(found)]

    def leave_branch(self, branch: Branch) -> None:
        """Leave the scopes of a branch that waits, in the thread or task that entered them."""
        with self.lock:
            keys = [key for key in self.scopes if key[0] == branch.key]
        self.leave_scopes(keys)

    def leave_scopes(self, keys: Sequence[tuple[int, str]]) -> None:
        """Run the cleanup code of open middleware, youngest first; they are entered again."""
        for key in reversed(keys):
            try:
                self.scopes.pop(key).abandon()
            except Exception as error:  # noqa: BLE001  # the outer ones must still be left
                self.torn = error if self.torn is None else self.torn

    def leave(self) -> Flow:
        """Leave the process with the run still going: clean up, youngest first."""
        self.leave_scopes(list(self.scopes))
        first, self.torn = self.torn, None
        for pool in reversed(list(self.pools.values())):
            error = yield from pool.close()
            first = error if first is None else first
        self.pools = {(0, ""): Pool("run")}
        self.parked.clear()
        return first


def _disabled(workflow: WorkflowDefinition, program: Program) -> frozenset[str]:
    """What the workflow, and each one inside it, has switched off."""
    inner: list[tuple[str, Any]] = [(sub.id, sub.source) for sub in program.subs]
    paths = (f"{id_}/{path}" for id_, owner in inner for path in owner.disabled)
    return workflow.disabled.union(paths)
