"""The family: the children of this process that are alive; it ends them when the process ends."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Final, Protocol

from multiprocess import current_process, util

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._spawn.link import Link

NAME: Final = "gostage child "
"""What the process of a child is called, before its id."""
AT_THE_END: Final = 1.0
"""Seconds that all children together have when the process ends and nobody has closed them."""


class Held(Protocol):
    """What a forked copy of this process must let go of: it would look as if it were the parent."""

    def abandon(self) -> None:
        """Close every descriptor; take no lock, another thread may have held it."""


class Member(Held, Protocol):
    """A child."""

    @property
    def link(self) -> Link:
        """What it reads from."""

    def expire(self, seconds: float) -> None:
        """Kill it when these seconds are over."""

    def close(self) -> None:
        """Leave nothing of it."""


class Family:
    """All children of this process."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        # A fork between the making of a pipe and `holding` would copy an end nobody closes there.
        self._starts = threading.RLock()
        self._held: dict[int, Held] = {}
        self._members: dict[int, Member] = {}
        self._numbers = count(1)
        self._is_ended_with_the_process = False

    @contextmanager
    def starting(self) -> Iterator[str]:
        """Start a child, one at a time; gives its id: `2`, and `2.1` for the first child of that.

        Nobody forks this process meanwhile.
        """
        with self._starts:
            mine = str(current_process().name)
            before = f"{mine[len(NAME) :]}." if mine.startswith(NAME) else ""
            yield f"{before}{next(self._numbers)}"

    @contextmanager
    def holding(self, held: Held) -> Iterator[None]:
        """Let go of this in forked copies."""
        self._held[id(held)] = held
        try:
            yield
        finally:
            self._held.pop(id(held), None)

    def join(self, member: Member) -> None:
        """Have a child end with this process."""
        if not self._is_ended_with_the_process:
            # Of the package: children of `multiprocess` call these as well, and not `atexit`.
            util.Finalize(None, self._end, exitpriority=10)
            self._is_ended_with_the_process = True
        self._members[id(member)] = member

    def leave(self, member: Member) -> None:
        """Forget a child that is closed."""
        self._members.pop(id(member), None)

    def _end(self) -> None:
        members = list(self._members.values())
        for member in members:
            member.expire(AT_THE_END)
        for member in members:
            member.link.close()  # all of them at once, and then one after the other
        for member in members:
            member.close()

    def lock(self) -> None:
        """Wait for a start to be over; called before this process is forked."""
        self._starts.acquire()

    def unlock(self) -> None:
        """Let children be started again; called after this process was forked."""
        self._starts.release()

    def abandon(self) -> None:
        """Have no children: in a forked copy, they are those of another process."""
        held = [*self._held.values(), *self._members.values()]
        self._reset()
        for each in held:
            each.abandon()


FAMILY: Final = Family()
"""The children of this process; module-level, because its end and its copies are everybody's."""

os.register_at_fork(
    before=FAMILY.lock, after_in_parent=FAMILY.unlock, after_in_child=FAMILY.abandon
)
