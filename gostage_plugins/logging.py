"""Logging: a line when a run, a stage or an action begins and ends; it never logs a value."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from gostage import hookimpl
from gostage.errors import Bailed, Cancelled, Suspended
from gostage_plugins._levels import Level, level_of
from gostage_plugins._places import place_of, told
from gostage_plugins._settings import read
from gostage_plugins._tags import TagExpression

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

    from gostage import Action, Context, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Wrapper

__all__ = ["GOSTAGE_API", "Logging", "Settings", "gostage_plugin", "logged"]

GOSTAGE_API = 1
NAME = "logging"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.logging]`."""

    level: Level = "info"
    failures: Level = "error"
    runs: bool = True
    stages: bool = True
    actions: bool = True
    tags: str = ""
    """Only actions and stages with these tags."""


def gostage_plugin(config: Config) -> Logging:
    """Make the plugin of one project."""
    return Logging(read(Settings, NAME, config))


class Logging:
    """Logs what happens, with the run's own logger."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._tags = TagExpression.setting(NAME, "tags", self._settings.tags)
        self._levels = level_of(self._settings.level), level_of(self._settings.failures)

    @hookimpl(wrapper=True)
    def gostage_runner(self, run: Run) -> Wrapper:
        """Say when a run begins and ends."""
        if not self._settings.runs:
            return (yield)
        with _told(run.log, self._levels, f"{place_of(run)} of {run.workflow.id!r}"):
            return (yield)

    @hookimpl(wrapper=True)
    def gostage_workflow(self, run: Run, stage: Stage) -> Wrapper:
        """Say when a stage begins and ends."""
        if not (self._settings.stages and self._tags.holds(stage)):
            return (yield)
        with _told(run.log, self._levels, place_of(run, stage)):
            return (yield)

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Say when an action begins and ends."""
        if not (self._settings.actions and self._tags.holds(action, ctx.stage)):
            return (yield)
        with _told(ctx.log, self._levels, _called(ctx)):
            return (yield)


def logged(level: Level = "info", failures: Level = "error") -> Middleware:
    """Make middleware that says when what it is around begins and ends, at any level."""
    levels = level_of(level), level_of(failures)

    def logging_(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        with _told(run.log, levels, place_of(run, stage, ctx) if ctx is None else _called(ctx)):
            return (yield)

    return logging_


def _called(ctx: Context) -> str:
    again = f", attempt {ctx.attempt}" if ctx.attempt > 1 else ""
    return f"{place_of(ctx.run, ctx.stage, ctx)}{again}"


@contextmanager
def _told(log: logging.Logger, levels: tuple[int, int], what: str) -> Iterator[None]:
    level, failures = levels
    log.log(level, "%s begins", what)
    started = perf_counter()
    try:
        yield
    except Exception as error:
        log.log(failures, "%s failed after %.3f s: %s", what, perf_counter() - started, told(error))
        raise
    except BaseException as stop:
        log.log(level, "%s %s", what, _stopped(stop))
        raise
    log.log(level, "%s completed in %.3f s", what, perf_counter() - started)


def _stopped(stop: BaseException) -> str:
    if isinstance(stop, (GeneratorExit, Suspended)):
        return "waits"
    if isinstance(stop, Bailed):
        return f"ends the run early: {stop.reason}"
    return "was cancelled" if isinstance(stop, Cancelled) else f"was stopped by {told(stop)}"
