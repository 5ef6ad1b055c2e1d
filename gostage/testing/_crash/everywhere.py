"""`crash_everywhere`: a test of its own for any workflow; what it does is the trial's."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gostage import Runner
from gostage.errors import DefinitionError
from gostage.testing._crash.bench import NOTHING, Given, Outside
from gostage.testing._crash.server import nursery_for
from gostage.testing._crash.trial import Effort, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from os import PathLike

    from gostage import Workflow
    from gostage.testing._crash.bench import Bench
    from gostage.testing._crash.report import CrashReport
    from gostage.testing._crash.trial import Progress


def crash_everywhere(
    workflow: Workflow,
    initial: Mapping[str, object] | None = None,
    *,
    signals: Mapping[str, object] | None = None,
    # Any: whatever the step that suspends expects.
    resume_data: Any = NOTHING,  # noqa: ANN401
    points: int | None = None,
    strikes: int = 0,
    seed: int = 0,
    skip_time: bool = True,
    patience: float = 60.0,
    keep: str | PathLike[str] | None = None,
    runner: Callable[..., Runner] | None = None,
    **options: Any,  # noqa: ANN401  # the arguments of `Runner`
) -> CrashReport:
    """Kill a real process at every durable write of a run, go on in another, and compare the end.

    The workflow is run undisturbed first. Then, for each of its writes to the database and for both
    instants, just before and just after it, a process is killed with SIGKILL there, and others go
    on with the run until it is over. Raises `AssertionError`, naming the kill point, unless each of
    them comes to the same: the same status, the same store, and no finished step run again.

    A run that waits is sent what `signals` has for it, and resumed with `resume_data`. Sleeps are
    skipped by a clock that only moves where everybody waits, unless `skip_time` is false. `points`
    is how many kill points are tried at most, chosen by `seed`; `strikes` how often a process is
    also killed from outside, at a moment of chance. `patience` is how many seconds one process may
    take. With `keep`, a folder, the database of every run that differs
    stays there. `runner` and the other `options` are the class and the arguments of its runner.
    """
    outside = Outside(initial, signals or {}, resume_data)
    bench = Given(workflow, outside, runner or Runner, options, skip_time)
    effort = Effort(points=points, strikes=strikes, seed=seed)
    report = crash(bench, effort, patience=patience, keep=keep)
    if not report.ok:
        raise AssertionError(str(report))
    return report


def crash(
    bench: Bench,
    effort: Effort,
    *,
    patience: float = 60.0,
    keep: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> CrashReport:
    """Do the same for any bench, and report failures too."""
    nursery = nursery_for(bench, patience)
    try:
        with _folder(keep) as folder:
            return Trial(nursery, folder, progress or _silent).carry_out(bench.workflow.id, effort)
    finally:
        nursery.close()


def _silent(done: int, total: int) -> None:
    """Tell nobody how far it has come."""


@contextmanager
def _folder(keep: str | PathLike[str] | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="gostage-crash-") as name:
            yield Path(name).resolve()
        return
    folder = Path(keep).resolve()
    if folder.exists() and any(folder.iterdir()):
        raise DefinitionError(
            f"the folder {str(folder)!r} is not empty", hint="keep= takes a new or an empty folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
