"""Time limit: how long runs, stages and actions may take; it ends nothing by force.

A limit is a deadline: see `gostage_plugins.time_limit.time_limit` for what it can stop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any

from gostage import hookimpl
from gostage.errors import DefinitionError
from gostage_plugins._settings import check_above_zero, read
from gostage_plugins._tags import TagExpression

if TYPE_CHECKING:
    from gostage import Action, Context, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Tagged, Wrapper

__all__ = ["GOSTAGE_API", "Settings", "TimeLimit", "gostage_plugin", "time_limit"]

GOSTAGE_API = 1
NAME = "time_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.time_limit]`, all in seconds."""

    run: float | None = None
    stage: float | None = None
    action: float | None = None
    stages: dict[str, float] = field(default_factory=dict)
    """Limits of the stages with certain tags."""
    actions: dict[str, float] = field(default_factory=dict)
    """Limits of the actions with certain tags."""

    def __post_init__(self) -> None:
        check_above_zero(NAME, run=self.run, stage=self.stage, action=self.action)
        check_above_zero(NAME, **self.stages)
        check_above_zero(NAME, **self.actions)


def gostage_plugin(config: Config) -> TimeLimit:
    """Make the plugin of one project."""
    return TimeLimit(read(Settings, NAME, config))


class TimeLimit:
    """Sets deadlines; of several that fit the shortest counts."""

    def __init__(self, settings: Settings | None = None) -> None:
        given = settings or Settings()
        self._run = given.run
        self._stage = _limits("stages", given.stage, given.stages)
        self._action = _limits("actions", given.action, given.actions)

    @hookimpl(wrapper=True)
    def gostage_runner(self, run: Run) -> Wrapper:
        """Limit a run."""
        return (yield from _limited(run, self._run))

    @hookimpl(wrapper=True)
    def gostage_workflow(self, run: Run, stage: Stage) -> Wrapper:
        """Limit a stage, its middleware and retries included."""
        return (yield from _limited(run, _shortest(self._stage, stage)))

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Limit one call."""
        return (yield from _limited(ctx.run, _shortest(self._action, action, ctx.stage)))


def time_limit(seconds: float | timedelta) -> Middleware:
    """Make middleware that gives the inside so much time, at any level.

    What is late fails with `TimedOut`: an async action at once, a plain one when it calls
    `ctx.check()` or when it returns, and nothing new begins.
    """
    given = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if not isinstance(given, (int, float)) or not isfinite(given) or given <= 0:
        raise DefinitionError(
            f"time_limit() takes a number of seconds above zero, not {seconds!r}",
            hint="time_limit(30), or a timedelta",
        )

    def limit(run: Run) -> Wrapper:
        return (yield from _limited(run, given))

    return limit


def _limited(run: Run, seconds: float | None) -> Wrapper:
    if seconds is not None:
        run.deadline(seconds)
    return (yield)


Limits = tuple[tuple[TagExpression, float], ...]


def _limits(key: str, general: float | None, by_tags: dict[str, float]) -> Limits:
    found = [] if general is None else [(TagExpression(""), general)]
    found += [(TagExpression.setting(NAME, key, text), limit) for text, limit in by_tags.items()]
    return tuple(found)


def _shortest(limits: Limits, *items: Tagged | None) -> float | None:
    return min((limit for tags, limit in limits if tags.holds(*items)), default=None)
