"""Error handling: swallows errors, or makes others of them, by patterns; interrupts pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from gostage import hookimpl
from gostage.errors import ConfigError, DefinitionError, PluginError
from gostage_plugins._memory import Memory
from gostage_plugins._patterns import ErrorPattern, fits_any, patterns
from gostage_plugins._places import place_of, told
from gostage_plugins._references import found
from gostage_plugins._settings import read
from gostage_plugins._tags import TagExpression

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gostage import Action, Context, Result, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Console, Middleware, Wrapper

__all__ = [
    "GOSTAGE_API",
    "ErrorHandling",
    "Settings",
    "gostage_plugin",
    "ignoring",
    "translating",
]

GOSTAGE_API = 1
NAME = "error_handling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.error_handling]`."""

    ignore: tuple[str, ...] = ()
    """Errors that count as none."""
    translate: dict[str, str] = field(default_factory=dict)
    """Errors that become others: a pattern, and the class as `module:name`."""
    level: Literal["action", "stage"] = "action"
    """Where errors are held: at the action, or at its stage."""
    stages: tuple[str, ...] = ("*",)
    """Only in stages of these ids; `*` stands for anything."""
    actions: tuple[str, ...] = ("*",)
    """Only in actions of these names."""
    tags: str = ""
    """Only in what has these tags."""


def gostage_plugin(config: Config) -> ErrorHandling:
    """Make the plugin of one project."""
    return ErrorHandling(read(Settings, NAME, config), config.root)


@dataclass(frozen=True, slots=True)
class Rules:
    """What becomes of errors."""

    ignore: tuple[ErrorPattern, ...] = ()
    translate: tuple[tuple[ErrorPattern, type[Exception]], ...] = ()

    def becomes(self, error: Exception) -> Exception | None:
        """The error that is to be raised: another one, the same, or none."""
        if fits_any(self.ignore, error):
            return None
        cls = next((cls for pattern, cls in self.translate if pattern.fits(error)), None)
        return error if cls is None else _made(cls, error)


class ErrorHandling:
    """Handles the errors of actions, or of stages; notes what it has handled."""

    def __init__(self, settings: Settings | None = None, root: Path | None = None) -> None:
        self._settings = given = settings or Settings()
        self._tags = TagExpression.setting(NAME, "tags", given.tags)
        self._rules = Rules(
            patterns(given.ignore),
            tuple(
                (ErrorPattern.of(each), _error_class(name, root))
                for each, name in given.translate.items()
            ),
        )
        self._handled: Memory[list[str]] = Memory(list)

    @hookimpl(wrapper=True)
    def gostage_runner(self, run: Run) -> Wrapper:
        """Count anew for each run."""
        with self._handled.of_run(run.id):
            return (yield)

    @hookimpl(wrapper=True)
    def gostage_workflow(self, run: Run, stage: Stage) -> Wrapper:
        """Handle what comes out of a stage."""
        is_meant = self._settings.level == "stage" and self._is_in(stage)
        if not (is_meant and self._tags.holds(stage)):
            return (yield)
        return (yield from _handling(self._rules, run, stage, note=self._note))

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Handle what comes out of an action."""
        is_meant = self._settings.level == "action" and self._is_in(ctx.stage)
        is_named = any(fnmatchcase(action.name, each) for each in self._settings.actions)
        if not (is_meant and is_named and self._tags.holds(action, ctx.stage)):
            return (yield)
        return (yield from _handling(self._rules, ctx.run, ctx.stage, ctx, note=self._note))

    @hookimpl
    def gostage_summary(self, result: Result, console: Console) -> None:
        """Say how many errors were handled."""
        for what, count in Counter(self._handled.get(result.run_id)).items():
            often = "once" if count == 1 else f"{count} times"
            console.print(f"error handling: {what}, {often}", markup=False, highlight=False)

    def _note(self, run_id: str, what: str) -> None:
        notes = self._handled.get(run_id)
        if notes is not None:
            notes.append(what)

    def _is_in(self, stage: Stage | None) -> bool:
        globs = self._settings.stages
        return "*" in globs or any(
            stage is not None and fnmatchcase(stage.id, each) for each in globs
        )


def ignoring(*errors: str | type[Exception], value: object = None) -> Middleware:
    """Make middleware that holds these errors, at any level; an action then returns the value."""
    if not errors:
        raise DefinitionError("ignoring() is told no error", hint="write ignoring(KeyError)")
    rules = Rules(ignore=patterns(errors))

    def ignore(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        return (yield from _handling(rules, run, stage, ctx, value))

    return ignore


def translating(*errors: str | type[Exception], to: type[Exception]) -> Middleware:
    """Make middleware that raises another error instead, with the original as its cause."""
    if not errors:
        raise DefinitionError(
            "translating() is told no error", hint="write translating(OSError, to=StorageDown)"
        )
    rules = Rules(translate=tuple((each, to) for each in patterns(errors)))

    def translate(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        return (yield from _handling(rules, run, stage, ctx))

    return translate


def _handling(
    rules: Rules,
    run: Run,
    stage: Stage | None,
    ctx: Context | None = None,
    value: object = None,
    *,
    note: Callable[[str, str], None] | None = None,
) -> Wrapper:
    try:
        return (yield)
    except Exception as error:
        instead = rules.becomes(error)
        if instead is error:
            raise
        what = "ignored" if instead is None else f"made {type(instead).__name__} of"
        run.log.warning("%s: %s %s", place_of(run, stage, ctx), what, told(error))
        if note is not None:
            note(run.id, f"{what} {type(error).__name__}")
        if instead is not None:
            raise instead from error
    return value


def _made(cls: type[Exception], error: Exception) -> Exception:
    try:
        return cls(str(error))
    except Exception as failure:  # noqa: BLE001  # a class may do anything when it is called
        raise PluginError(
            f"cannot make {cls.__name__} of {told(error)}: {told(failure)}",
            hint="the class is called with the text of the error alone",
        ) from error


def _error_class(reference: str, root: Path | None) -> type[Exception]:
    cls = found(reference, f"'translate' of [tool.gostage.{NAME}]", root)
    if not (isinstance(cls, type) and issubclass(cls, Exception)):
        raise ConfigError(f"{reference!r} is no class of errors", hint="it derives from Exception")
    return cls
