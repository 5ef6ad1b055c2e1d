"""`assert_ran_once`: whether a step was finished exactly once; it reads histories and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gostage.errors import DefinitionError, did_you_mean
from gostage.testing._crash.fuse import is_call
from gostage.testing._crash.report import CrashReport

if TYPE_CHECKING:
    from gostage import Event, Runner


def assert_ran_once(
    of: CrashReport | Runner | Iterable[Event], step: str, run_id: str | None = None
) -> None:
    """Fail unless a step was finished once: in a history, or in every run of a crash test.

    `of` is what `crash_everywhere` gives, what `runner.history(run_id)` gives, or a runner, with
    the `run_id`. The step is meant by its name or its path; of a `for_each`, for each item. A step
    that was interrupted before it was finished, and ran again, was finished once.
    """
    counts = of.finished if isinstance(of, CrashReport) else _counts(_history(of, run_id))
    path = _path_of(step, counts)
    if set(counts[path]) != {1}:
        found = " or ".join(map(str, counts[path]))
        raise AssertionError(f"step {path!r} was finished {found} times, and not once")


def _history(of: Runner | Iterable[Event], run_id: str | None) -> Iterable[Event]:
    if isinstance(of, Iterable):
        return of
    if run_id is None:
        raise DefinitionError(
            "assert_ran_once() of a runner needs to know which run is meant",
            hint="assert_ran_once(runner, 'charge', run_id=result.run_id)",
        )
    return of.history(run_id)


def _counts(events: Iterable[Event]) -> dict[str, tuple[int, ...]]:
    """How often each step was finished, for each of its items."""
    counts: Counter[tuple[str, int | None]] = Counter()
    for event in events:
        if is_call(event.kind, dict(event.data)):
            is_done = event.data["status"] == "completed"
            counts[event.path, event.data.get("item")] += is_done
    by_path: dict[str, list[int]] = {}
    for (path, _), count in counts.items():
        by_path.setdefault(path, []).append(count)
    return {path: tuple(found) for path, found in by_path.items()}


def _path_of(step: str, known: Iterable[str]) -> str:
    paths = list(known)
    if step in paths:
        return step
    fitting = [path for path in paths if path.endswith(f"/{step}")]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        which = ", ".join(map(repr, fitting))
        raise DefinitionError(
            f"{len(fitting)} steps are called {step!r}", hint=f"say which: {which}"
        )
    names = [*paths, *(path.rpartition("/")[2] for path in paths)]
    hint = did_you_mean(step, names) or f"known: {', '.join(map(repr, paths)) or 'no step'}"
    raise AssertionError(f"no step {step!r} was called; {hint}")
