"""The project a command is about: its configuration, its plugins, and what is collected."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gostage._app.collect import collect, locate
from gostage._app.config import Config
from gostage._app.project import assemble, stages_of
from gostage._cli.commands import COMMANDS
from gostage._cli.complaints import complain
from gostage.errors import ConfigError, DefinitionError, GostageError, NotFound, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gostage._app.collect import Collected, Place
    from gostage._author.flow import Stage
    from gostage._cli.common import Common
    from gostage._plugins.manager import Plugins
    from gostage._plugins.source import Source
    from gostage._run.workflow import Workflow


class Project:
    """One folder with its configuration and plugins, and the target in it."""

    def __init__(self, config: Config, plugins: Plugins, place: Place) -> None:
        self.config = config
        self.plugins = plugins
        self.place = place

    @property
    def stage_folder(self) -> Path | None:
        """The folder that the workflow is made of, if it is made of one."""
        return self.place.folder if self.place.kind == "folder" else None

    def collect(self) -> Collected:
        """Import what the target names; plugins may make stages of files, and change it."""
        return collect(self.place, self)

    def collect_file(self, path: Path) -> Iterable[Stage]:
        """Ask the plugins for the stages of a file."""
        return stages_of(self.plugins, path)

    def modify(self, workflow: Workflow) -> None:
        """Let the plugins change what was collected."""
        self.plugins.call("gostage_collection_modify", workflow=workflow, config=self.config)


@contextmanager
def open_project(
    common: Common,
    target: str | None = None,
    built_in: Iterable[Source] = (),
    here: Path | None = None,
) -> Iterator[Project]:
    """Find the target's place, read the configuration there, and put its plugins in order.

    The target is looked up from `here`, which is the current folder by default.
    """
    try:
        here = here or Path.cwd()
    except OSError as error:
        raise NotFound("the current folder is gone", hint="cd to one that is there") from error
    place = locate("." if target is None else target, here)
    config = Config.read(place.folder, common.flags())
    common.follow(config)
    common.follow(config)
    if target is None and config["target"]:
        place = locate(config["target"], config.root)
    plugins = assemble(config, built_in=built_in, folder=place.folder)
    try:
        yield Project(config, plugins, place)
    finally:
        _close(plugins)


def _close(plugins: Plugins) -> None:
    """Let the plugins clean up; one that fails changes nothing of what was done."""
    try:
        plugins.close()
    except GostageError as error:
        complain(str(error), error.hint, str(error.where))


def check_spawner(project: Project) -> None:
    """Refuse a default backend that is not there before anything runs."""
    name: str = project.config["spawner"]
    if name == "process":
        return
    from gostage._spawn.finding import find_backend  # 8 ms, where another one is asked for

    try:
        find_backend(name, project.plugins)
    except DefinitionError as error:
        origin = project.config.origin("spawner")
        message = f"{error.message}; spawner is set by: {origin}"
        raise ConfigError(message, hint=error.hint) from None


def commands_of(plugins: Plugins) -> dict[str, click.Command]:
    """The commands that plugins add."""
    group = click.Group()
    plugins.call("gostage_cli", group=group)
    for name in group.commands:
        if name in COMMANDS:
            raise PluginError(
                f"a plugin adds the command {name!r}, which gostage has already",
                hint="`gostage hooks gostage_cli` shows which plugins add commands",
            )
    return dict(group.commands)
