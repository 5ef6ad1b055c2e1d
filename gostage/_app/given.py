"""What a runner is given, checked where it is given; nothing here uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._author.options import check_isolate
from gostage._author.resource import Resource
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage._author.isolate import Isolate
    from gostage._plugins.manager import Plugins


def checked_resources(values: Iterable[object]) -> tuple[Resource, ...]:
    """Let resources pass."""
    return tuple(_checked_resource(each) for each in values)


def given_spawner(value: object, plugins: Plugins | None) -> str | Isolate:
    """Where children run by default: as a runner is told, else as its configuration says."""
    if value is None:
        settings = None if plugins is None else plugins.config
        value = "process" if settings is None else settings["spawner"]
    checked = check_isolate(value, "a runner", "spawner=")
    if isinstance(checked, bool):
        raise DefinitionError(
            f"spawner= of a runner must be a backend's name or an Isolate, not {value!r}",
            hint='leave it out, or write spawner="process"',
        )
    return checked


def _checked_resource(value: object) -> Resource:
    if isinstance(value, Resource):
        return value
    raise DefinitionError(
        f"resources= takes resources, not {value!r}", hint="make it one with @resource"
    )
