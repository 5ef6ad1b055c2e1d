"""Stage filter: skips stages and actions while a run goes on; it takes nothing out of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gostage import hookimpl
from gostage.errors import DefinitionError
from gostage_plugins._places import place_of
from gostage_plugins._settings import read
from gostage_plugins._tags import TagExpression

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage import Action, Context, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Tagged, Wrapper

    # Any: an action, a stage or a workflow, whichever is asked about.
    Condition = Callable[[Any], object]

__all__ = ["GOSTAGE_API", "Settings", "StageFilter", "gostage_plugin", "only"]

GOSTAGE_API = 1
NAME = "stage_filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.stage_filter]`, each a tag expression."""

    only: str = ""
    """Actions to run; the tags of a stage count for its actions."""
    stages: str = ""
    """Stages to run, with all that they contain."""


def gostage_plugin(config: Config) -> StageFilter:
    """Make the plugin of one project."""
    return StageFilter(read(Settings, NAME, config))


class StageFilter:
    """Lets in what the expressions hold for, and skips the rest."""

    def __init__(self, settings: Settings | None = None) -> None:
        given = settings or Settings()
        self._actions = TagExpression.setting(NAME, "only", given.only)
        self._stages = TagExpression.setting(NAME, "stages", given.stages)

    @hookimpl(wrapper=True)
    def gostage_workflow(self, run: Run, stage: Stage) -> Wrapper:
        """Skip a stage."""
        if self._stages.holds(stage):
            return (yield)
        run.log.info("%s is skipped: not %r", place_of(run, stage), self._stages.text)
        return None

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Skip an action."""
        if self._actions.holds(action, ctx.stage):
            return (yield)
        place = place_of(ctx.run, ctx.stage, ctx)
        ctx.log.info("%s is skipped: not %r", place, self._actions.text)
        return None


def only(condition: str | Condition) -> Middleware:
    """Make middleware that skips what does not fit: a tag expression, or a function of the item.

    The item is the action, the stage or the workflow that the middleware is around.
    """
    if isinstance(condition, str):
        return _filter(TagExpression(condition).holds)
    if not callable(condition):
        raise DefinitionError(
            f"only() takes a tag expression or a function, not {condition!r}",
            hint='only("io and not slow"), only(lambda stage: …)',
        )
    return _filter(lambda item, *_: bool(condition(item)))


def _filter(lets_in: Callable[..., bool]) -> Middleware:
    def stage_filter(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        items: tuple[Tagged | None, ...] = (run.workflow,) if stage is None else (stage,)
        if ctx is not None:
            items = (ctx.action, stage)
        if lets_in(*items):
            return (yield)
        run.log.info("%s is skipped", place_of(run, stage, ctx))
        return None

    return stage_filter
