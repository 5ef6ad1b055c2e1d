"""Timing: measures stages and actions, and shows the slowest at the end; it changes nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from gostage import hookimpl
from gostage_plugins._levels import Level, level_of
from gostage_plugins._memory import Memory
from gostage_plugins._places import place_of
from gostage_plugins._settings import read, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage import Action, Context, Result, Stage, Store
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Console, Middleware, Wrapper

__all__ = ["GOSTAGE_API", "Settings", "Timing", "gostage_plugin", "timed", "timing"]

GOSTAGE_API = 1
NAME = "timing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.timing]`."""

    top: int = 10
    """How many to show."""
    above: float = 0.0
    """Only what took at least so many seconds."""
    log: bool = False
    """Log the table as well, for runs that are not at a terminal."""
    store_key: str = ""
    """Put the seconds into the store under this key, when the run ends."""

    def __post_init__(self) -> None:
        if self.top < 1:
            raise wrong(NAME, "top", self.top, "a whole number above zero")


def gostage_plugin(config: Config) -> Timing:
    """Make the plugin of one project."""
    return Timing(read(Settings, NAME, config))


@dataclass(slots=True)
class Time:
    """The calls of one stage or action, together."""

    kind: str
    calls: int = 0
    total: float = 0.0
    longest: float = 0.0


class Times:
    """What one run has spent where; branches may add to it from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Time] = {}

    def add(self, kind: str, name: str, seconds: float) -> None:
        """Count one more call."""
        with self._lock:
            row = self._rows.setdefault(f"{kind} {name}", Time(kind))
            row.calls += 1
            row.total += seconds
            row.longest = max(row.longest, seconds)

    def totals(self) -> dict[str, float]:
        """The seconds of each, in the order they ended first."""
        with self._lock:
            return {name: row.total for name, row in self._rows.items()}

    def lines(self, top: int, above: float) -> Iterator[str]:
        """The slowest as lines of a table, slowest first."""
        with self._lock:
            rows = [each for each in self._rows.items() if each[1].total >= above]
        rows.sort(key=lambda each: -each[1].total)
        for name, row in rows[:top]:
            often = "" if row.calls == 1 else f"  {row.calls} times, longest {row.longest:.3f} s"
            yield f"{row.total:9.3f} s  {name}{often}"


class Timing:
    """Keeps the times of each run while it goes on, and of the last one for its summary."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._times = Memory(Times)

    @hookimpl(wrapper=True)
    def gostage_runner(self, run: Run) -> Wrapper:
        """Collect the times of a run."""
        with self._times.of_run(run.id) as times:
            try:
                return (yield)
            finally:
                self._tell(run, times)

    @hookimpl(wrapper=True)
    def gostage_workflow(self, run: Run, stage: Stage) -> Wrapper:
        """Measure a stage, with its middleware."""
        started = perf_counter()
        try:
            return (yield)
        finally:
            self._add(run.id, "stage", stage.id, perf_counter() - started)

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Measure a call."""
        started = perf_counter()
        try:
            return (yield)
        finally:
            self._add(ctx.run.id, "action", ctx.path, perf_counter() - started)

    @hookimpl
    def gostage_summary(self, result: Result, console: Console) -> None:
        """Show the table."""
        times = self._times.get(result.run_id)
        for line in () if times is None else self._table(times):
            console.print(line, markup=False, highlight=False)

    def _add(self, run_id: str, kind: str, name: str, seconds: float) -> None:
        times = self._times.get(run_id)
        if times is not None:
            times.add(kind, name, seconds)

    def _tell(self, run: Run, times: Times) -> None:
        if self._settings.store_key:
            run.store[self._settings.store_key] = times.totals()
        if self._settings.log:
            for line in self._table(times):
                run.log.info("%s", line)

    def _table(self, times: Times) -> list[str]:
        lines = list(times.lines(self._settings.top, self._settings.above))
        return ["timing: the slowest", *lines] if lines else []


def timing(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
    """Log how long what it is around has taken; middleware for any level."""
    return (yield from timed()(run=run, stage=stage, ctx=ctx, store=run.store))


def timed(*, level: Level = "info", store_key: str = "") -> Middleware:
    """Make middleware that logs how long it took, and puts the seconds under a key if asked."""
    number = level_of(level)

    def timing_(
        run: Run, store: Store, stage: Stage | None = None, ctx: Context | None = None
    ) -> Wrapper:
        started = perf_counter()
        try:
            return (yield)
        finally:
            seconds = perf_counter() - started
            run.log.log(number, "%s took %.3f s", place_of(run, stage, ctx), seconds)
            if store_key:
                store[store_key] = seconds

    return timing_
