"""The world outside: what it has for a run, and what of a run waits for it; it wakes, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._engine import effects as fx
from gostage._run.packing import StorePacking

if TYPE_CHECKING:
    import threading

    from gostage._engine.branch import Branch
    from gostage._engine.machine import Machine
    from gostage._engine.plan import Plan
    from gostage._run.bell import Bell
    from gostage._run.journal import Journal
    from gostage._run.kept import Kept
    from gostage._run.surroundings import Surroundings

    # The number of the signal, that of a database if it is in one, and its data.
    Delivered = tuple[int, object]

UNKEPT: Final = 1 << 40
"""From here on numbers are those of signals that no database holds."""


class World:
    """A run as the outside world reaches it."""

    around: Surroundings
    bell: Bell
    journal: Journal | None
    lock: threading.RLock
    machine: Machine
    parked: set[int]
    parts: dict[int, Kept]
    plan: Plan

    def __init__(self) -> None:
        self.signals: dict[str, list[Delivered]] = {}
        self.resumptions: list[object] = []
        self.lent: set[int] = set()
        """The signals that children were given, and may take, by their numbers."""
        self.late: dict[int, tuple[tuple[Any, ...], ...]] = {}  # Any: what a teller takes
        """What happened in children whose work is over, until that is written down, by branch."""
        self._delivered = 0

    def deliver(self, name: str, data: object, number: int = 0) -> None:
        """Put a signal where its `receive` finds it; the number is that of a database."""
        with self.lock:
            if not number:  # a child that takes it says which one it was
                self._delivered += 1
                number = UNKEPT + self._delivered
            self.signals.setdefault(name, []).append((number, data))
            self.parked.clear()
        self.bell.ring()

    def resume_with(self, data: object) -> None:
        """Let the step that suspended first go on with this, if one has."""
        with self.lock:
            if any(isinstance(effect, fx.Hold) for _, effect in self.waiting()):
                self.resumptions.append(data)
            self.parked.clear()
        self.bell.ring()

    def take_signal(self, name: str, branch: Branch) -> list[object] | None:
        """The oldest signal of this name, for a branch, in a list of one."""
        with self.lock:
            waiting = self.signals.get(name)
            if not waiting:
                return None
            number, signal = waiting.pop(0)
            if not waiting:
                del self.signals[name]
            if self.journal is not None and self._is_noted(number):
                self.journal.used(branch, number)
            return [signal]

    def has_signal(self, number: int) -> bool:
        """Whether the signal of this number is here, for whoever takes it."""
        return any(each[0] == number for waiting in self.signals.values() for each in waiting)

    def use_signal(self, number: int, branch: Branch) -> None:
        """A child of the branch took the signal of this number."""
        for name, waiting in list(self.signals.items()):
            left = [each for each in waiting if each[0] != number]
            if left:
                self.signals[name] = left
            else:
                del self.signals[name]
        if self.journal is not None and self._is_noted(number):
            self.journal.used(branch, number)

    def _is_noted(self, number: int) -> bool:
        """Whether somebody is to be told that this signal was taken; a child tells of each."""
        return number < UNKEPT or self.machine.home is not None

    def outstanding(self) -> list[tuple[Branch, fx.Effect]]:
        """What each branch needs next, oldest first, the branches of a child that waits too."""
        found: list[tuple[Branch, fx.Effect]] = []
        for branch in list(self.machine.branches.values()):  # others may end or begin meanwhile
            kept = self.parts.get(branch.key) if self.parts else None
            if kept is not None and kept.is_waiting:
                packing = StorePacking(self.around.codec)
                effects = kept.waits(self.plan, branch.zone, packing)
                found.extend((branch, effect) for effect in effects)
            elif branch.effect is not None:
                found.append((branch, branch.effect))
        return found

    def waiting(self) -> list[tuple[Branch, fx.Effect]]:
        """What only the outside world can move, oldest first."""
        return [each for each in self.outstanding() if isinstance(each[1], (fx.Listen, fx.Hold))]
