"""The nursery: where the processes of a crash test are born, forked from this one, one by one.

It is for a process that has one thread, and it imports only what many of its children would.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from gostage.testing._crash.life import live, prepare
from gostage.testing._crash.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gostage.testing._crash.bench import Bench
    from gostage.testing._crash.ended import Ended
    from gostage.testing._crash.life import Task


class Nursery(Protocol):
    """Has pieces of work done by processes of their own."""

    def prepare(self, task: Task) -> Ended:
        """Have an empty database made."""

    def live(self, task: Task, kill_after: float | None = None) -> Ended:
        """Have one life of a run lived."""

    def close(self) -> None:
        """Let go of what was needed for that."""


class ForkNursery:
    """Forks this process: whatever the workflow is made of is simply there."""

    def __init__(self, bench: Bench, patience: float) -> None:
        self._bench = bench
        self._patience = patience
        self._is_warm = False

    def prepare(self, task: Task) -> Ended:
        """Have an empty database made."""
        return self._fork(partial(prepare, task), task)

    def live(self, task: Task, kill_after: float | None = None) -> Ended:
        """Have one life of a run lived."""
        return self._fork(partial(live, self._bench, task), task, kill_after)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _fork(
        self, work: Callable[[], object], task: Task, kill_after: float | None = None
    ) -> Ended:
        from gostage.testing._crash.children import fork  # it needs an operating system that can

        ended = fork(work, task.output, patience=self._patience, kill_after=kill_after)
        if isinstance(ended.value, Picture) and not self._is_warm:
            self._is_warm = True
            _warm(ended.value.modules)
        return ended


def _warm(names: Iterable[str]) -> None:
    """Import what a child had to import, so that the next ones need not: that takes 80 ms.

    Modules of the user's are left alone: what they do when they are imported, and when, is theirs.
    """
    for name in names:
        if name.partition(".")[0] in {"gostage", *sys.stdlib_module_names}:
            with suppress(ImportError):  # such as a module that only some platforms have
                import_module(name)
