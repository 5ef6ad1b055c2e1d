"""Watching: what a run asks of whoever stops its calls on time; in a child somebody can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from gostage._run.context import Context


class Guard(Protocol):
    """One call that is watched."""

    @property
    def interrupt(self) -> BaseException:
        """What is raised in it when its time is up."""

    def lift(self) -> None:
        """The call has ended."""

    def place(self) -> TracebackType | None:
        """Where the call was when it was interrupted."""


class Watchdog(Protocol):
    """Stops calls whose time is up, whatever they do."""

    def guard(
        self, ctx: Context, seconds: float, late: Callable[[], BaseException], *, can_raise: bool
    ) -> Guard:
        """Watch the call that begins now in this thread, until the guard is lifted.

        The error is made for a call that does not end: its whole process does.
        """

    def stand_down(self) -> bool:
        """Interrupt nothing any more, as somebody else does; whether that was done already."""
