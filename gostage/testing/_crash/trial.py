"""The trial: which kill points there are, which are tried, and what is held against what."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gostage.testing._crash.course import Course, Plan, run_course
from gostage.testing._crash.fuse import Blow
from gostage.testing._crash.life import DATABASE, Task
from gostage.testing._crash.picture import Difference, differences, finished, unstable
from gostage.testing._crash.report import CrashReport, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gostage.testing._crash.nursery import Nursery
    from gostage.testing._crash.picture import Picture

    # How many points are done, and how many there are.
    Progress = Callable[[int, int], object]

UNDISTURBED: Final = 2
"""How often the run is carried out in peace before it is killed: what differs, differs anyway."""
DOUBTED: Final = 3
"""How often again where something differs: it may differ now and then even in peace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is tried."""

    points: int | None = None
    """How many kill points at most; None is all of them."""
    strikes: int = 0
    """How often a process is killed from outside, at a moment that chance decides."""
    seed: int = 0
    """What chance begins with."""


@dataclass(slots=True)
class _Tally:
    processes: int = 0
    again: Counter[str] = field(default_factory=Counter)
    finished: dict[str, set[int]] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)


class Unended(AssertionError):
    """The run does not end, not even undisturbed."""


class Trial:
    """One crash test."""

    def __init__(self, nursery: Nursery, folder: Path, progress: Progress) -> None:
        self._nursery = nursery
        self._folder = folder
        self._progress = progress
        self._empty = folder / "empty" / DATABASE
        self._tally = _Tally()
        self._peace: list[Picture] = []
        self._seconds = 0.0

    def carry_out(self, workflow: str, effort: Effort) -> CrashReport:
        """Run it in peace, then kill it again and again, and say what came of it."""
        self._prepare()
        course = self._undisturbed(UNDISTURBED)
        expected = self._peace[0]
        plans = list(_plans(len(course.pages[0].writes), self._seconds, effort))
        for done, (name, plan) in enumerate(plans):
            self._progress(done, len(plans))
            self._try(name, plan, self._folder / f"point-{done + 1}")
        self._progress(len(plans), len(plans))
        shutil.rmtree(self._empty.parent)
        return CrashReport(
            workflow=workflow,
            status=expected.status,
            writes=len(course.pages[0].writes),
            points=len(plans),
            processes=self._tally.processes,
            calls=dict(Counter(path for path, _, _ in course.pages[0].calls)),
            again=dict(self._tally.again),
            finished={path: tuple(sorted(n)) for path, n in self._tally.finished.items()},
            unstable=tuple(unstable(self._peace)),
            troubles=tuple(self._tally.troubles),
        )

    # ---------------------------------------------------------------- undisturbed

    def _prepare(self) -> None:
        task = Task(self._empty.parent)
        self._empty.parent.mkdir(parents=True)
        ended = self._nursery.prepare(task)
        if isinstance(ended.value, BaseException):
            raise ended.value
        if not self._empty.exists():
            raise AssertionError(f"no process could be started: {ended.output}")

    def _undisturbed(self, times: int) -> Course:
        for _ in range(times):
            folder = self._folder / f"undisturbed-{len(self._peace) + 1}"
            began = time.monotonic()
            course = run_course(self._nursery, folder, self._empty, Plan())
            self._seconds = time.monotonic() - began
            self._count(course)
            if course.picture is None:
                if isinstance(course.error, Exception):
                    raise course.error
                raise Unended(f"undisturbed, {course.problem}\n{course.output}".rstrip())
            self._peace.append(course.picture)
        if times == UNDISTURBED:
            self._judge("not killed at all", course, folder)
        return course

    # ---------------------------------------------------------------- killed

    def _try(self, name: str, plan: Plan, folder: Path) -> None:
        course = run_course(self._nursery, folder, self._empty, plan)
        self._count(course)
        point = f"killed {name}" if plan.is_relay else f"killed {name} ({course.place})"
        self._judge(point, course, folder)

    def _judge(self, point: str, course: Course, folder: Path) -> None:
        """Hold a course against the first undisturbed one; what differs is kept to be looked at."""
        found = self._differences(course)
        if found and len(self._peace) <= UNDISTURBED:
            self._undisturbed(DOUBTED)
            found = self._differences(course)
        if found:
            self._tally.troubles.append(
                Trouble(point, tuple(found), "" if course.picture else course.output)
            )
        else:
            shutil.rmtree(folder)

    def _differences(self, course: Course) -> list[Difference]:
        expected = self._peace[0]
        if course.picture is None:
            return [Difference("end", expected.status, course.problem)]
        found = differences(expected, course.picture)
        _, wrong = course.lost()
        anyway = unstable(self._peace)
        return [each for each in (*found, *wrong) if each.what not in anyway]

    def _count(self, course: Course) -> None:
        self._tally.processes += len(course.pages)
        if course.picture is None:
            return
        self._tally.again += course.lost()[0]
        for (path, _), count in finished(course.picture).items():
            self._tally.finished.setdefault(path, set()).add(count)


def _plans(writes: int, seconds: float, effort: Effort) -> Iterator[tuple[str, Plan]]:
    chance = random.Random(effort.seed)  # noqa: S311  # nothing secret hangs on it
    blows = [Blow(n, is_after) for n in range(1, writes + 1) for is_after in (False, True)]
    plans = [(str(blow), Plan(blow)) for blow in blows]
    relay = Plan(Blow(2, is_after=True), is_relay=True, most=2 * writes + 10)
    plans.append(("after every commit, again and again", relay))
    if effort.points is not None and effort.points < len(plans):
        plans = [plans[n] for n in sorted(chance.sample(range(len(plans)), effort.points))]
    yield from plans
    for _ in range(effort.strikes):
        moment = chance.uniform(0, 1.2 * seconds)
        yield f"from outside, after {1000 * moment:.1f} ms", Plan(kill_after=moment)
