"""Briefs: journals of work that is one step, told when it is over; they write nothing before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._db.protocol import Commit, Lease
from gostage._run.journal import Journal
from gostage._run.line import Line, text_of
from gostage._store.transaction import watch

if TYPE_CHECKING:
    from gostage._db.protocol import Database
    from gostage._engine import effects as fx
    from gostage._engine.branch import Branch
    from gostage._engine.nodes import Item
    from gostage._run.execution import Execution


class Brief(Journal):
    """What one step has done, where nobody asks for its events or for where it stands.

    It becomes a journal like any other when the step adds others to the plan, or has to wait.
    """

    def __init__(self, run: Execution, database: Database, *, is_call: bool) -> None:
        self._is_call = is_call
        self._has_grown = False
        super().__init__(run, database)
        self.lease = Lease(run.run_id, 0)
        self.is_for_good = False

    def attach(self) -> None:
        """Have the run write here."""
        run = self._run
        run.journal = self
        watch(run.store)
        run.lines[0] = Line(run.store, {})

    def begin(self) -> None:
        """Begin with nothing: a position is made when it is needed."""

    def take(self, branch: Branch, effect: fx.Effect | None, following: Branch | None) -> None:
        """Take note of what a branch did, once there are others."""
        if self._has_grown:
            super().take(branch, effect, following)

    def check_item(self, item: Item) -> None:
        """Refuse an inserted item that another process could not find."""
        self._grow()
        super().check_item(item)

    def rest(self) -> Commit:
        """All that was done."""
        run = self._run
        has_ended = self._is_call or run.machine.end is not None
        if self._has_grown or run.plan.edited or not has_ended:
            self._grow()
            return super().rest()
        line = run.lines[0]
        with run.lock:
            self._keep(line)
            text = text_of({0: line.staged or {}})
        return Commit(run.clock.now(), None, "[]", text)

    def _grow(self) -> None:
        if not self._has_grown:
            self._has_grown = True
            super().begin()
