"""Sessions of a run: each stretch that one process carried out, and what happened in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gostage._app.past.saved import Happening, Saved

_BEGIN: Final = frozenset({"run_started", "run_resumed"})
_END: Final = frozenset({"run_paused", "run_ended"})
_NOTES: Final = frozenset({"code_changed", "plan_accepted", "run_forked", "run_taken_over"})


@dataclass(slots=True)
class Session:
    """One stretch; where no `ended` is known, it goes on, or its process is gone."""

    since: float
    """When something was first heard of it."""
    begun: Happening | None = None
    notes: list[Happening] = field(default_factory=list)
    """What was noted before it began: whom it was taken over from, whose code has changed."""
    ended: Happening | None = None
    last: float = 0.0
    """When something was last heard of it."""

    @property
    def duration(self) -> float:
        """How long it took, as far as is known."""
        return max(0.0, self.last - self.since)


class Sessions:
    """All of them, taken in commit by commit."""

    def __init__(self) -> None:
        self.all: list[Session] = []

    @property
    def duration(self) -> float:
        """How long somebody has worked on the run."""
        return sum(each.duration for each in self.all)

    def take(self, saved: Saved) -> None:
        """Take in a commit."""
        for each in saved.happenings:
            self._take(each)

    def _take(self, each: Happening) -> None:
        last = self.all[-1] if self.all else None
        if each.kind in _BEGIN:
            if last is None or last.begun is not None:
                last = self._open(each)
            last.begun = each
        elif each.kind in _NOTES:
            if last is None or last.begun is not None:
                last = self._open(each)
            last.notes.append(each)
        else:
            last = last or self._open(each)
        if each.kind in _END:
            last.ended = each
        last.last = each.at

    def _open(self, first: Happening) -> Session:
        session = Session(first.at)
        self.all.append(session)
        return session
