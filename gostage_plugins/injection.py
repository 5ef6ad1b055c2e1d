"""Injection: puts values, and secrets from the environment, into the store; it logs none."""

from __future__ import annotations

import os
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gostage import hookimpl
from gostage.errors import ConfigError, DefinitionError, did_you_mean
from gostage_plugins._settings import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gostage import Store
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Wrapper

__all__ = ["GOSTAGE_API", "Injection", "Settings", "gostage_plugin", "injecting"]

GOSTAGE_API = 1
NAME = "injection"
SENSITIVE = "sensitive"
"""The tag of values that are never shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.injection]`."""

    values: dict[str, object] = field(default_factory=dict)
    """Values by key."""
    environ: dict[str, str] = field(default_factory=dict)
    """Names of environment variables by key."""
    secret: bool = True
    """Whether what comes from the environment is never shown."""
    optional: bool = False
    """Whether a variable may be missing."""
    overwrite: bool = False
    """Whether to replace what the caller gave."""


def gostage_plugin(config: Config) -> Injection:
    """Make the plugin of one project."""
    return Injection(read(Settings, NAME, config))


class Injection:
    """Puts the values into the store of every run when it begins."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        twice = self._settings.values.keys() & self._settings.environ.keys()
        if twice:
            raise ConfigError(
                f"[tool.gostage.{NAME}] has {min(twice)!r} in 'values' and in 'environ'",
                hint="take one of them out",
            )

    @hookimpl(wrapper=True)
    def gostage_runner(self, run: Run) -> Wrapper:
        """Put them there, outside all middleware of the runner."""
        if not run.resuming:
            _put(self._settings, run.store)
        return (yield)


# Any: values of any kind.
def injecting(
    values: Mapping[str, Any] | None = None,
    /,
    *,
    environ: Mapping[str, str] | None = None,
    secret: bool = True,
    optional: bool = False,
    overwrite: bool = True,
    **more: Any,  # noqa: ANN401
) -> Middleware:
    """Make middleware, for any level, that puts values into the store: `injecting(batch=10)`."""
    given = Settings(
        values={**(values or {}), **more},
        environ=dict(environ or {}),
        secret=secret,
        optional=optional,
        overwrite=overwrite,
    )
    if not (given.values or given.environ):
        raise DefinitionError("injecting() is given nothing", hint="injecting(batch=10)")

    def inject(run: Run, store: Store) -> Wrapper:
        if not run.resuming:  # what the inside has changed before it waited stays
            _put(given, store)
        return (yield)

    return inject


def _put(settings: Settings, store: Store) -> None:
    for key, value in settings.values.items():
        if settings.overwrite or key not in store:
            store[key] = deepcopy(value)  # what one run changes in it, the next must not see
    tags = [SENSITIVE] if settings.secret else None
    for key, variable in settings.environ.items():
        if not settings.overwrite and key in store:
            continue
        text = os.environ.get(variable)
        if text is not None:
            store.put(key, text, tags=tags)
        elif not settings.optional:
            raise ConfigError(
                f"the environment has no {variable!r}, which {key!r} is to be filled from",
                hint=did_you_mean(variable, os.environ) or f"export {variable}=…",
            )
