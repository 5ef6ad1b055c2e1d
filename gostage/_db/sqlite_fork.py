"""What a fork does to open connections: the child loses them; the parent notices nothing.

A child that opens a file its parent has open too would take the parent's locks for its own, and
lose what it commits when the parent closes the file. So no connection survives in a child: it is
closed there before anything else runs, at a moment at which no thread is in the middle of using it.
"""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet

PATIENCE: Final = 5.0
"""Seconds that a fork waits for another thread to finish what it reads or writes."""


class Forkable(Protocol):
    """Something that holds connections."""

    def hold_still(self, patience: float) -> None:
        """Wait until nobody uses them, and keep everybody from it."""

    def go_on(self) -> None:
        """Let them be used again."""

    def drop(self) -> None:
        """Close them in the child, where they are of no use."""


_OPEN: Final[WeakSet[Forkable]] = WeakSet()


def watch(each: Forkable) -> None:
    """Look after the connections of this object when the process forks."""
    _OPEN.add(each)


def _before() -> None:
    for each in list(_OPEN):
        each.hold_still(PATIENCE)


def _in_parent() -> None:
    for each in list(_OPEN):
        each.go_on()


def _in_child() -> None:
    for each in list(_OPEN):
        each.drop()
    _OPEN.clear()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
