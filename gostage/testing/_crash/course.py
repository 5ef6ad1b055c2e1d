"""A course: one run from its beginning to its end, through as many processes as that takes."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gostage.testing._crash import diary
from gostage.testing._crash.life import DATABASE, Task
from gostage.testing._crash.picture import Difference, Picture

if TYPE_CHECKING:
    from pathlib import Path

    from gostage.testing._crash.diary import Page
    from gostage.testing._crash.ended import Ended
    from gostage.testing._crash.fuse import Blow
    from gostage.testing._crash.nursery import Nursery


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to the processes of a course."""

    blow: Blow | None = None
    """When the first one is killed."""
    is_relay: bool = False
    """Whether every one is."""
    kill_after: float | None = None
    """After how many seconds the first one is killed from outside."""
    most: int = 2
    """How many processes it may take."""


@dataclass(slots=True)
class Course:
    """What happened."""

    pages: list[Page] = field(default_factory=list)
    """What each process did."""
    kills: list[bool] = field(default_factory=list)
    """Whether it was killed on purpose."""
    picture: Picture | None = None
    """How the run has ended, if it has."""
    problem: str = ""
    """Why it has not."""
    error: BaseException | None = None
    """What was raised instead."""
    output: str = ""

    @property
    def place(self) -> str:
        """What the first process was about to write, or had just written, when it was killed."""
        writes = self.pages[0].writes if self.pages else []
        if not writes:
            return "nothing written yet"
        _, method, steps = writes[-1]
        return f"{method} of {', '.join(map(repr, steps))}" if steps else method

    def lost(self) -> tuple[Counter[str], list[Difference]]:
        """How many calls of each step no commit tells of, and those for which that is wrong.

        A process that is killed loses what it is about to do, one step in each branch, and what has
        failed and was to be tried again.
        """
        lost: Counter[str] = Counter()
        wrong: list[Difference] = []
        if self.picture is None:
            return lost, wrong
        for number, page in enumerate(self.pages):
            following = self.pages[number + 1].seq if number + 1 < len(self.pages) else None
            ends = [
                end
                for end in self.picture.ends
                if end.seq > page.seq and (following is None or end.seq <= following)
            ]
            calls = Counter(path for path, _, _ in page.calls)
            lost += calls - Counter(end.path for end in ends)
            missing = calls - Counter(page.failed)
            missing -= Counter(end.path for end in ends if end.status != "failed")
            allowed = len({branch for _, _, branch in page.calls}) if self.kills[number] else 0
            if missing.total() > allowed:
                names = ", ".join(map(repr, sorted(missing)))
                wrong.append(
                    Difference(f"calls of {names} in no commit", str(allowed), str(missing.total()))
                )
        return lost, wrong


def run_course(nursery: Nursery, folder: Path, empty: Path, plan: Plan) -> Course:
    """Have a run begun in a copy of the empty database, and gone on with until it is over."""
    folder.mkdir(parents=True)
    shutil.copy(empty, folder / DATABASE)
    course = Course()
    for number in range(1, plan.most + 1):
        is_first = number == 1
        blow = plan.blow if is_first or plan.is_relay else None
        kill_after = plan.kill_after if is_first else None
        task = Task(folder, number, blow)
        ended = nursery.live(task, kill_after)
        course.pages.append(diary.read(task.diary))
        is_meant = bool(ended.signal) and not ended.is_late
        is_meant = is_meant and (blow is not None or kill_after is not None)
        course.kills.append(is_meant)
        if not is_meant:
            _conclude(course, ended)
            return course
    course.problem = f"it had not ended after {plan.most} processes"
    return course


def _conclude(course: Course, ended: Ended) -> None:
    course.output = ended.output
    value = ended.value
    if isinstance(value, Picture):
        course.picture = value
    elif isinstance(value, BaseException):
        course.error = value
        course.problem = f"going on with it raised {type(value).__name__}: {value}"
    elif ended.is_late:
        course.problem = "it took too long, and was killed"
    elif ended.signal:
        course.problem = f"its process was killed by signal {ended.signal}"
    else:
        course.problem = "its process ended without a word: did something call os._exit()?"
