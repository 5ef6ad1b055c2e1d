"""Claims: what a child may say of a run, which is of its own part alone; they change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage.errors import UnknownState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gostage._run.parts import Part

    # Any: JSON-able data.
    Json = Any

_STATUSES: Final = frozenset(
    ("running", "waiting", "completed", "failed", "skipped", "cancelled", "pending")
)
_OF_STEPS: Final = frozenset(("step_started", "step_ended", "step_retried", "items_listed"))
_OF_ANY: Final = frozenset(("plan_changed", "message"))


def check(part: Part, commit: Mapping[str, Json]) -> None:
    """Refuse a commit that speaks of other steps, or says what no step says."""
    for path in _paths(commit):
        if path not in part.names and not path.startswith(part.prefix):
            raise UnknownState(f"it speaks of {path!r}, which is not in {part.label}")
    for path, status, *_ in commit["rows"]:
        if status not in _STATUSES:
            raise UnknownState(f"it says that {path!r} is {status!r}")
    for number in commit["signals"]:
        if not part.run.has_signal(number):
            raise UnknownState(f"it took the signal {number}, which is not there")


def _paths(commit: Mapping[str, Json]) -> Iterator[str]:
    for row in commit["rows"]:
        yield row[0]
    for kind, _, path, _ in commit["events"]:
        if kind in _OF_STEPS:
            yield path
        elif kind not in _OF_ANY:
            raise UnknownState(f"it says {kind!r} of the run")
    for branch, step in commit["dropped"]:
        if not branch:
            yield step
    for branch, step, *_ in commit["items"]:
        if not branch:
            yield step
