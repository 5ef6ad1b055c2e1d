"""One life: what one process does of a run, from where it stands to its end, or to its death."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gostage._db.opening import open_database
from gostage._db.protocol import FINISHED
from gostage._run.clock import SystemClock
from gostage.errors import MissingInput
from gostage.testing._clock import START, FakeClock
from gostage.testing._crash.bench import NOTHING, RUN, Witness
from gostage.testing._crash.diary import Diary
from gostage.testing._crash.fuse import Fuse
from gostage.testing._crash.picture import picture_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gostage import Result, Runner
    from gostage._db.protocol import Database, RunRow
    from gostage.testing._crash.bench import Bench
    from gostage.testing._crash.fuse import Blow
    from gostage.testing._crash.picture import Picture

DATABASE = "runs.db"


@dataclass(frozen=True, slots=True)
class Task:
    """Which process this is, where it finds the run, and when it is killed."""

    folder: Path
    number: int = 1
    blow: Blow | None = None

    @property
    def diary(self) -> Path:
        """Where it says what it does."""
        return self.folder / f"diary-{self.number}.jsonl"

    @property
    def output(self) -> Path:
        """Where what it prints goes."""
        return self.folder / f"output-{self.number}.txt"

    @property
    def url(self) -> str:
        """The database; what a process has committed stays when it is killed, also so."""
        return f"sqlite:///{self.folder / DATABASE}?synchronous=normal"


def prepare(task: Task) -> None:
    """Make an empty database, so that it can be copied."""
    open_database(task.url).close()


def live(bench: Bench, task: Task) -> Picture:
    """Go on with the run until it is over, and take its picture."""
    _stay_inside(task.folder)
    database = open_database(task.url)
    known = database.find(RUN)
    witness = Witness()
    witness.diary = Diary(task.diary)
    witness.diary.begin(0 if known is None else known.seq)
    # A proxy has what the database has, and need not say so method by method.
    fuse = cast("Database", Fuse(database, witness.diary, task.blow))
    skips = bench.skips_time
    clock = FakeClock(_moment(database, known)) if skips else SystemClock()
    with bench.runner(fuse, clock, witness) as runner:
        result = _carry_out(bench, runner, fuse, known)
        again = runner.result(RUN)  # as the database has it
        picture = picture_of(result, again, database)
    database.close()
    return picture


def _stay_inside(folder: Path) -> None:
    """Have temporary files where they are removed: who is killed does not do it."""
    inside = folder / "tmp"
    inside.mkdir(exist_ok=True)
    for name in ("TMPDIR", "TEMP", "TMP"):
        os.environ[name] = str(inside)
    tempfile.tempdir = None  # it is looked up again


def _moment(database: Database, known: RunRow | None) -> float:
    """When the run was last written: its time goes on from there."""
    rows = [] if known is None else database.log(RUN, after=known.seq - 1)
    return max((row.at for row in rows), default=START)


def _carry_out(bench: Bench, runner: Runner, database: Database, known: RunRow | None) -> Result:
    """Begin the run, or go on with it, and be the outside world that it waits for."""
    data = bench.outside.resume_data
    given = None if data is NOTHING else data
    if known is None:
        result = _guarded(runner, lambda: runner.run(bench.workflow, bench.outside.initial, RUN))
    elif known.status in (*FINISHED, "waiting"):
        result = _last(runner)
    else:
        result = _guarded(runner, lambda: runner.resume(RUN, given))
    while result.status == "waiting":
        result = _guarded(runner, _answer(bench, runner, database, result))
    return result


def _guarded(runner: Runner, go_on: Callable[[], Result]) -> Result:
    try:
        return go_on()
    except Exception:
        raise
    except BaseException:  # noqa: BLE001  # an action has called sys.exit(): the run has ended
        return _last(runner)


def _last(runner: Runner) -> Result:
    result = runner.result(RUN)
    if result is None:
        raise AssertionError(f"nobody knows what became of run {RUN!r}")
    return result


def _answer(
    bench: Bench, runner: Runner, database: Database, result: Result
) -> Callable[[], Result]:
    """What the outside world does for a run that waits: send its signal, or resume it."""
    suspended = result.suspended
    outside = bench.outside
    name = "" if suspended is None else str(suspended.data.get("signal"))
    if suspended is None or suspended.reason != f"it waits for the signal {name!r}":
        if outside.resume_data is NOTHING:
            reason = "" if suspended is None else f": {suspended.reason}"
            raise MissingInput(
                f"the run waits to be resumed, and nobody does{reason}",
                hint="say what it is resumed with: resume_data=…, or --resume-data VALUE",
            )
        return lambda: runner.resume(RUN, outside.resume_data)
    if name not in outside.signals:
        raise MissingInput(
            f"the run waits for the signal {name!r}, and nobody sends it",
            hint=f"say what is sent: signals={{{name!r}: …}}, or --signal {name}=VALUE",
        )
    stored = database.stored(RUN)
    if stored is not None and any(each.name == name for each in stored.signals):
        return lambda: runner.resume(RUN)  # it was sent before the process was killed
    return lambda: runner.signal(RUN, name, outside.signals[name])
