"""Retry: runs a failing action or stage again; it decides nothing about what a failure undoes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gostage import Retry, exponential, fixed, hookimpl, jittered
from gostage.errors import DefinitionError
from gostage_plugins._patterns import fits_any, patterns
from gostage_plugins._places import place_of, told
from gostage_plugins._settings import read, wrong
from gostage_plugins._tags import TagExpression
from gostage_plugins._waiting import in_event_loop, stopper, wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage import Action, Context, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._patterns import ErrorPattern
    from gostage_plugins._types import Middleware, Wrapper

__all__ = ["GOSTAGE_API", "Retrying", "Settings", "gostage_plugin", "retrying"]

GOSTAGE_API = 1
NAME = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.retry]`."""

    attempts: int = 3
    """Calls in total."""
    backoff: float = 0.0
    """Seconds to wait after the first failure."""
    factor: float = 1.0
    """By what the wait grows each time."""
    cap: float = 60.0
    """The longest wait."""
    jitter: float = 0.0
    """By how much of itself a wait varies at random."""
    on: tuple[str, ...] = ("Exception",)
    """Which errors are tried again."""
    tags: str = ""
    """Only what has these tags."""
    level: Literal["action", "stage"] = "action"
    """What is run again."""

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise wrong(NAME, "attempts", self.attempts, "a whole number above zero")
        for key in ("backoff", "factor", "cap", "jitter"):
            if not 0 <= getattr(self, key) < float("inf"):
                raise wrong(NAME, key, getattr(self, key), "a number, zero or above")


def gostage_plugin(config: Config) -> Retrying:
    """Make the plugin of one project."""
    return Retrying(read(Settings, NAME, config))


@dataclass(frozen=True, slots=True)
class Policy:
    """How often to try, how long to wait in between, and after which errors."""

    retry: Retry
    on: tuple[ErrorPattern, ...]

    def wants(self, attempt: int, error: Exception) -> bool:
        """Whether to try once more after this attempt."""
        return attempt < self.retry.attempts and fits_any(self.on, error)


class Retrying:
    """Retries what has the tags and no retry of its own."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = given = settings or Settings()
        self._tags = TagExpression.setting(NAME, "tags", given.tags)
        self._policy = Policy(Retry(given.attempts, _backoff(given)), patterns(given.on))

    @hookimpl(wrapper=True)
    def gostage_stage(self, run: Run, stage: Stage) -> Wrapper:
        """Run all actions of a stage again."""
        is_meant = self._settings.level == "stage" and stage.retry_policy is None
        if not (is_meant and self._tags.holds(stage)):
            return (yield)
        return (yield from _again(self._policy, run, stage, None))

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Call an action again."""
        is_meant = self._settings.level == "action" and action.retry is None
        if not (is_meant and self._tags.holds(action, ctx.stage)):
            return (yield)
        return (yield from _again(self._policy, ctx.run, ctx.stage, ctx))


def retrying(
    attempts: int = 3,
    backoff: Callable[[int], float] | None = None,
    on: type[Exception] | str | tuple[type[Exception] | str, ...] = Exception,
) -> Middleware:
    """Make middleware that runs the inside again, at any level; see `gostage.Retry`."""
    given = on if isinstance(on, tuple) else (on,)
    if not given:
        raise DefinitionError("retrying() is told no error", hint="write on=OSError")
    policy = Policy(Retry(attempts, backoff), patterns(given))

    def retry(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        return (yield from _again(policy, run, stage, ctx))

    return retry


def _again(policy: Policy, run: Run, stage: Stage | None, ctx: Context | None) -> Wrapper:
    attempt = 0
    while True:
        attempt += 1
        try:
            return (yield)
        except Exception as error:
            if not policy.wants(attempt, error):
                raise
            pause = policy.retry.delay(attempt)
            what = f"{place_of(run, stage, ctx)} failed, attempt {attempt}"
            run.log.warning("%s of %d: %s", what, policy.retry.attempts, told(error))
        if pause and in_event_loop():
            run.log.warning("%s: tried again at once, for waiting would stop the event loop", what)
        elif pause:
            wait(pause, stopper(run, ctx))


def _backoff(given: Settings) -> Callable[[int], float] | None:
    if not given.backoff:
        return None
    seconds = min(given.backoff, given.cap)
    steady = given.factor == 1
    grown = fixed(seconds) if steady else exponential(given.backoff, given.factor, given.cap)
    return jittered(grown, given.jitter) if given.jitter else grown
