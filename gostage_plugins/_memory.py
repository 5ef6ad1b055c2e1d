"""Memory: what a plugin notes about the runs that go on, and about the last one that ended."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class Memory(Generic[T]):
    """One note for each run. Of those that ended only the last is kept, so it never grows."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._going: dict[str, T] = {}
        self._last: tuple[str, T] | None = None

    @contextmanager
    def of_run(self, run_id: str) -> Iterator[T]:
        """Make the note of a run, for as long as it goes on."""
        note = self._going[run_id] = self._make()
        try:
            yield note
        finally:
            self._going.pop(run_id, None)
            self._last = run_id, note

    def get(self, run_id: str) -> T | None:
        """The note of a run that goes on, or that was the last to end."""
        if run_id in self._going:
            return self._going[run_id]
        return self._last[1] if self._last is not None and self._last[0] == run_id else None
