"""Searching: everything that can be run at a place, for `gostage list`; it shows nothing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gostage._app.collect import Collected, NothingHere, collect, locate, workflow_names
from gostage._app.listing import spots
from gostage._author.discover import CONF
from gostage._cli.built_in import sources
from gostage._cli.complaints import complain
from gostage._cli.output import short
from gostage._cli.project import open_project
from gostage._cli.selecting import leave_out
from gostage.errors import CollectionError, ConfigError, GostageError, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.listing import Spot
    from gostage._cli.common import Common
    from gostage._cli.project import Project

_OWN: Final = (CONF, "pyproject.toml")
"""Files that make a folder below a project of its own."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One workflow that can be run, how it is typed, and what of it was not asked for."""

    target: str
    found: Collected
    hidden: frozenset[str]


class Search:
    """Collects all there is at a place; what fails in a folder is kept, and told at the end."""

    def __init__(self, project: Project, common: Common) -> None:
        self._project = project
        self._common = common
        self._failures: list[GostageError] = []
        self._passed: list[GostageError] = []
        """Why there is nothing to show of workflows that were found."""

    def listed(self) -> Iterator[Listed]:
        """Every workflow of the place, those of the folder itself first."""
        place, config = self._project.place, self._project.config
        if config["names"] or config["tags"]:
            from gostage._author.choose import Choice  # 2 ms, where something is chosen

            Choice.of(config["names"], config["tags"])  # what cannot be read is nobody's failure
        if place.kind == "folder":
            yield from self._in_folder(place.folder)
        elif place.target.attribute is None and len(names := workflow_names(place)) > 1:
            for name in names:
                yield from self._at(f"{place.target.base}:{name}", self._project)
        else:
            yield from self._chosen(place.target.text, self._project.collect(), self._project)

    def tell_failures(self) -> None:
        """Say on standard error what could not be listed."""
        for error in self._failures:
            complain(str(error), error.hint, str(error.where))
            if self._common.is_verbose and error.__cause__ is not None:
                import traceback  # 3 ms, for whom wants to see it

                traceback.print_exception(error.__cause__)

    def nothing(self) -> GostageError:
        """Say why nothing is listed at all."""
        base = self._project.place.target.base
        if self._passed:
            return self._passed[0]
        return CollectionError(
            f"there is nothing to run in {base!r}",
            hint="a folder holds stage modules, stage_*.py, or files with a Workflow(…)",
        )

    def _in_folder(self, top: Path) -> Iterator[Listed]:
        for spot in spots(top):
            try:
                with self._project_at(spot, top) as project:
                    yield from self._at_spot(spot, project)
            except NothingHere:
                continue
            except PluginError:
                raise  # it would be so in every folder
            except GostageError as error:
                self._failures.append(error)

    def _at_spot(self, spot: Spot, project: Project) -> Iterator[Listed]:
        text = short(str(spot.path))
        if spot.is_folder:
            yield from self._at(text, project)
            return
        for name in workflow_names(locate(text, Path.cwd())):
            yield from self._at(f"{text}:{name}", project)

    def _at(self, text: str, project: Project) -> Iterator[Listed]:
        yield from self._chosen(text, collect(locate(text, Path.cwd()), project), project)

    def _chosen(self, text: str, found: Collected, project: Project) -> Iterator[Listed]:
        """Show it, unless the selection leaves nothing of it."""
        try:
            hidden = leave_out(found.workflow, project.config)
        except (CollectionError, ConfigError) as error:
            self._passed.append(error)
            return
        yield Listed(text, found, hidden)

    @contextmanager
    def _project_at(self, spot: Spot, top: Path) -> Iterator[Project]:
        """The project of a folder below: the same one, unless files on the way change it."""
        folder = spot.path if spot.is_folder else spot.path.parent
        between = [each for each in (folder, *folder.parents) if each.is_relative_to(top)]
        if not any((each / name).is_file() for each in between[:-1] for name in _OWN):
            yield self._project
            return
        with open_project(self._common, str(folder), built_in=sources(self._common)) as project:
            yield project
