"""Collecting a folder: its stage modules in order, with the card of their workflow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gostage._app.collected import Collected, NothingHere
from gostage._app.importing import importing
from gostage._app.modules import nothing_in, only_workflow, own_copy
from gostage._app.place import files_in, listed
from gostage._author.discover import CONF, INIT, card_of, files_of, is_stage_file, stage_of
from gostage._author.flow import Stage
from gostage._author.loading import load_file
from gostage._author.members import public
from gostage._run.workflow import Workflow
from gostage.errors import CollectionError, DefinitionError, DuplicateName, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from gostage._app.collected import Hooks
    from gostage._app.place import Place


@dataclass(frozen=True, slots=True)
class Part:
    """One stage of a folder, and the file it comes from."""

    stage: Stage
    file: Path


def of_folder(place: Place, hooks: Hooks) -> Collected:
    """Make a workflow of the stage modules of a folder, and of files that plugins know."""
    folder = place.folder
    cards = list(_cards(place))
    parts = _parts(place, hooks)
    if not parts:
        return _without_stages(place, cards)
    workflow = _card(place, cards) or Workflow(folder.name or "workflow")
    if workflow.items:
        raise CollectionError(
            f"the workflow {workflow.id!r} in {_typed(place, cards[0][1])!r} has stages, and "
            f"{place.target.base!r} has stage modules, as {parts[0].file.name!r}",
            hint="leave its stages out, so that it is the card of the folder's workflow",
            where=Where(file=str(cards[0][1])),
        )
    for part, earlier in _with_earlier(parts):
        if earlier is not None:
            raise _same_id(place, part, earlier)
        workflow.add(part.stage)
        workflow.note_place(part.stage.id, str(part.file))
    return Collected(workflow, str(folder), tuple(part.file for part in parts))


def _parts(place: Place, hooks: Hooks) -> list[Part]:
    """Every stage of the folder; one module without anything in it is a mistake."""
    parts: list[Part] = []
    blank: list[tuple[Path, ModuleType]] = []
    for file in importing(place.target.base, lambda: files_of(place.folder)):
        if not is_stage_file(file):
            parts += [Part(stage, file) for stage in stages_from(hooks, file)]
            continue
        module, stage = _stage_in(place, file)
        if stage is None:
            blank.append((file, module))
        else:
            parts.append(Part(stage, file))
    if blank:  # all of them: then these are modules of another kind, which happen to be called so
        file, module = blank[0]
        raise nothing_in(_typed(place, file), module, CollectionError if parts else NothingHere)
    return parts


def _stage_in(place: Place, file: Path) -> tuple[ModuleType, Stage | None]:
    typed = _typed(place, file)
    module = importing(typed, lambda: load_file(file))
    return module, importing(typed, lambda: stage_of(module, file.stem))


def stages_from(hooks: Hooks, file: Path) -> Iterator[Stage]:
    """The stages that plugins make of a file."""
    for stage in hooks.collect_file(file):
        if not isinstance(stage, Stage):
            raise CollectionError(
                f"a plugin makes {stage!r} of the file {file.name!r}, which is no stage",
                hint="gostage_collect_file gives a Stage, or several",
                where=Where(file=str(file)),
            )
        yield stage


def _with_earlier(parts: Iterable[Part]) -> Iterator[tuple[Part, Part | None]]:
    """Each part with the one before it that has the same id."""
    known: dict[str, Part] = {}
    for part in parts:
        yield part, known.get(part.stage.id)
        known[part.stage.id] = part


def _same_id(place: Place, part: Part, earlier: Part) -> DuplicateName:
    return DuplicateName(
        f"two stages of {place.target.base!r} are called {part.stage.id!r}: "
        f"those of {earlier.file.name!r} and {part.file.name!r}",
        where=Where(file=str(part.file)),
    )


def _typed(place: Place, file: Path) -> str:
    """A file of the folder as it would be typed."""
    return (Path(place.target.base) / file.name).as_posix()


# -------------------------------------------------------------------- the card of a folder


def _cards(place: Place) -> Iterator[tuple[Workflow, Path]]:
    """The `workflow`s of a folder's own files."""
    for name in (INIT, CONF):
        file = place.folder / name
        if file.is_file():
            module = importing(_typed(place, file), lambda: load_file(file))  # noqa: B023 - at once
            card = card_of(module)
            if isinstance(card, Workflow):
                yield card, file


def _card(place: Place, cards: list[tuple[Workflow, Path]]) -> Workflow | None:
    if not cards:
        return None
    workflow, file = cards[0]
    for other, second in cards[1:]:
        if other is not workflow:
            raise DefinitionError(
                f"both {_typed(place, file)!r} and {_typed(place, second)!r} have a workflow",
                hint="keep one of them: it is the card of the folder's workflow",
                where=Where(file=str(second)),
            )
    return own_copy(workflow)


def _without_stages(place: Place, cards: list[tuple[Workflow, Path]]) -> Collected:
    """A folder without stage modules: its `workflow`, or what its `__init__.py` holds."""
    workflow = _card(place, cards)
    if workflow is not None and workflow.items:
        return Collected(workflow, str(place.folder), (cards[0][1],))
    init = place.folder / INIT
    if workflow is None and init.is_file():
        module = importing(_typed(place, init), lambda: load_file(init))
        if public(module, Workflow) or stage_of(module, place.folder.name) is not None:
            return Collected(only_workflow(place, module), str(place.folder), (init,))
    files = files_in(place.target, place.folder)
    raise NothingHere(
        f"the folder {place.target.base!r} holds no stage modules",
        hint=f"name a file in it: {listed(files)}"
        if files
        else "its stages are the modules stage_*.py, as in stage_1_load.py",
    )
