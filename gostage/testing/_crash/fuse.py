"""The fuse: a database that kills its own process just before or just after one of its writes."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._db.protocol import Commit, Database
    from gostage.testing._crash.diary import Diary

WRITES: Final = frozenset(
    ("create", "take", "commit", "release", "signal", "ask_to_stop", "wake", "delete")
)
"""What changes the database, and happens in the order of the run; a heartbeat does not."""
KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
"""What nobody can catch; Windows ends a process at once whatever the signal."""


@dataclass(frozen=True, slots=True)
class Blow:
    """When a process is killed: at its so-manieth write, before or after it has counted."""

    write: int
    is_after: bool

    def __str__(self) -> str:
        return f"{'after' if self.is_after else 'before'} write {self.write}"


class Fuse:
    """Stands before a database; what it does not know itself it leaves to the database."""

    def __init__(self, inner: Database, diary: Diary, blow: Blow | None = None) -> None:
        self._inner = inner
        self._diary = diary
        self._blow = blow
        self._count = 0
        self._lock = threading.Lock()

    # Any: whatever the database has under that name.
    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Give what the database has; a method that writes comes with the fuse."""
        found = getattr(self._inner, name)
        if name in WRITES:
            found = self._fused(name, found)
            setattr(self, name, found)  # found at once the next time
        return found

    # Any: each method takes and gives what it likes.
    def _fused(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def write(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
            with self._lock:
                self._count += 1
                number = self._count
            self._diary.write(number, name, _finished((*args, *named.values())))
            self._burn(Blow(number, is_after=False))
            value = method(*args, **named)
            self._burn(Blow(number, is_after=True))
            return value

        return write

    def _burn(self, moment: Blow) -> None:
        if moment == self._blow:
            die()


def die() -> NoReturn:
    """Be killed, as by `kill -9`: nothing is cleaned up, nothing is flushed."""
    os.kill(os.getpid(), KILL)
    while True:  # the signal is on its way
        threading.Event().wait()


def _finished(args: tuple[object, ...]) -> list[str]:
    """The paths of the actions that a commit says have ended."""
    commits: list[Commit] = [each for each in args if hasattr(each, "events_json")]  # type: ignore[misc]  # only a commit has
    events = [event for commit in commits for event in json.loads(commit.events_json)]
    return [path for kind, _, path, data in events if is_call(kind, data)]


# Any: JSON-able data of any shape.
def is_call(kind: str, data: dict[str, Any]) -> bool:
    """Whether an event says that an action was called, and how that ended."""
    return kind == "step_ended" and data["kind"] == "action" and bool(data["attempts"])
