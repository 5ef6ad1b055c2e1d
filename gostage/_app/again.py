"""Workflows found again: what a stored run is of, in whatever process; it opens no database.

A workflow that a module holds is imported anew, and one that a command collected is collected
anew; any other is made from its stored definition.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gostage._app.collect import collect, locate
from gostage._app.holders import HOLDERS
from gostage._app.project import CONF, assemble, conf_files, stages_of
from gostage._author.load import load_workflow
from gostage._author.loading import address_of
from gostage._author.reference import find
from gostage._run.difference import blocked_error
from gostage._run.planned import changes
from gostage._run.text import from_text
from gostage._run.workflow import Workflow
from gostage._store.codec import STANDARD
from gostage.errors import (
    CollectionError,
    DatabaseError,
    DefinitionError,
    GostageError,
    NotFound,
    NotImportable,
    StoreError,
    Where,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gostage._app.config import Config
    from gostage._author.flow import Stage
    from gostage._db.protocol import Plan, RunRow, Stored
    from gostage._plugins.manager import Plugins
    from gostage._store.codec import Codec

    # Any: JSON, here and wherever this alias stands.
    Json = Any


def source_of(workflow: Workflow) -> str | None:
    """What finds this very workflow in another process: `module:name`, or `/folder/file.py:name`.

    There is none if no module holds it.
    """
    place = HOLDERS.place_of(workflow)
    return None if place is None else f"{address_of(place[0])}:{place[1]}"


def find_again(source: str | None, root: str | None, plugins: Plugins | None) -> Workflow | None:
    """Import what a source names; with the root of its project, collect it as a command does.

    Nothing is found where there is no source. A source that leads nowhere is `NotFound` or
    `NotImportable`.
    """
    if source is None:
        return None
    if root is not None:
        return _collected(source, Path(root), plugins)
    found = find(source)
    if not isinstance(found, Workflow):
        raise NotFound(
            f"{source!r} is no workflow any more, but {found!r}", hint="put the workflow back"
        )
    return found


def workflow_for(
    row: RunRow,
    plan: Mapping[str, Json],
    finds: Callable[[], Workflow | None],
    codec: Codec = STANDARD,
) -> Workflow:
    """The workflow of a stored run: the one that is found, else the one that its plan defines."""
    try:
        found = finds()
        if found is None:
            found = load_workflow(plan.get("definition"), Workflow, codec)
    except (NotFound, DefinitionError, StoreError) as error:
        raise _lost(row, error) from error
    if found.id != row.workflow:
        raise _lost(row, NotFound(f"it is called {found.id!r} now", hint="give it its id back"))
    return found


def compare(
    row: RunRow,
    plan: Mapping[str, Json],
    now: Plan,
    stored: Stored,
    *,
    accepts: bool,
) -> list[tuple[str, dict[str, Json]]]:
    """What is to be noted of how the plan of a run has changed; `RunBlocked` if it cannot go on."""
    if now.digest == row.plan:
        return []
    found = changes(plan, now)
    notes: list[tuple[str, dict[str, Json]]] = []
    if found.structure:
        places = _places(row, stored)
        if not accepts or not all(map(found.structure.fits, places)):
            raise blocked_error(row.run_id, row.workflow, found.structure, places)
        structure = found.structure
        data = {"added": list(structure.added), "removed": list(structure.removed)}
        notes.append(("plan_accepted", data))
    if found.code:
        notes.append(("code_changed", {"actions": list(found.code)}))
    return notes


def _places(row: RunRow, stored: Stored) -> list[str]:
    """Where a run stands."""
    try:
        branches = from_text(stored.position_json)["branches"]
        return [str(branch["at"]) for branch in branches.values()]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DatabaseError(
            f"where run {row.run_id!r} stands does not read: {error!r}",
            hint="was the database changed by hand? a backup may help",
        ) from error


def _lost(row: RunRow, error: GostageError) -> GostageError:
    """Say which run cannot go on for this."""
    source = from_text(row.json).get("source")
    what = f"its workflow {row.workflow!r}{f' of {source!r}' if source else ''}"
    where = error.where
    return type(error)(
        f"run {row.run_id!r} cannot go on, since {what} cannot be found again: {error.message}",
        hint=error.hint,
        where=Where(run=row.run_id, file=where.file, line=where.line),
    )


# -------------------------------------------------------------------- collecting


class _Hooks:
    """The plugins of a project, while it is collected."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    def collect_file(self, path: Path) -> Iterable[Stage]:
        return stages_of(self._plugins, path)

    def modify(self, workflow: Workflow) -> None:
        self._plugins.call(
            "gostage_collection_modify", workflow=workflow, config=self._plugins.config
        )


def _collected(source: str, root: Path, plugins: Plugins | None) -> Workflow:
    try:
        place = locate(source, root)
        with _plugins_of(place.folder, plugins) as used:
            return collect(place, _Hooks(used)).workflow
    except CollectionError as error:
        raise NotImportable(error.message, hint=error.hint, where=error.where) from error


@contextmanager
def _plugins_of(folder: Path, plugins: Plugins | None) -> Iterator[Plugins]:
    """The plugins that count in a folder: those that are given, if they were put together there."""
    from gostage._app.config import Config  # 3 ms: only where something is collected again

    config = Config.read(folder)
    if plugins is not None and _is_for(plugins, config, folder):
        yield plugins
        return
    own = assemble(config, folder=folder)
    try:
        yield own
    finally:
        own.close()


def _is_for(plugins: Plugins, config: Config, folder: Path) -> bool:
    own: Config | None = plugins.config
    if own is None or (own.root, own.file) != (config.root, config.file):
        return False
    confs = [own.root / each.name for each in plugins.sources if each.origin == CONF]
    return confs == conf_files(own.root, folder)
