"""Listing: where in a folder there is something to run, and what it is as data; it runs nothing."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from gostage._author.discover import CONF, INIT, is_stage_file, natural
from gostage._author.walk import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gostage._app.collect import Collected
    from gostage._author.action import Action
    from gostage._author.walk import Found
    from gostage._run.workflow import Workflow

    # Any: JSON-able data.
    Data = dict[str, Any]

_NOT_OURS: Final = frozenset({"__pycache__", "node_modules", "build", "dist"})
_MENTION: Final = b"Workflow("


@dataclass(frozen=True, slots=True)
class Spot:
    """A folder or a file where there may be something to run."""

    path: Path
    is_folder: bool


def spots(top: Path) -> Iterator[Spot]:
    """The folder itself, then what lies in it, in natural order; nothing is imported.

    Folders count if they have stage modules or a `workflow`, files if they mention one. Hidden
    folders, virtual environments and what tools build are left out, and so are tests.
    """
    for name, inside, names in os.walk(top):
        folder = Path(name)
        inside[:] = sorted((each for each in inside if _is_ours(folder / each)), key=natural)
        files = [folder / each for each in sorted(names, key=natural)]
        if folder == top or _holds_stages(files):
            yield Spot(folder, is_folder=True)
        yield from (Spot(file, is_folder=False) for file in files if _is_script(file))


def _is_ours(folder: Path) -> bool:
    name = folder.name
    try:
        is_venv = (folder / "pyvenv.cfg").exists()
    except OSError:  # nobody may look into it
        return False
    return not (name.startswith(".") or name in _NOT_OURS or is_venv)


def _holds_stages(files: list[Path]) -> bool:
    return any(is_stage_file(file) for file in files) or any(
        file.name in (CONF, INIT) and _mentions(file) for file in files
    )


def _is_script(file: Path) -> bool:
    name = file.name
    if file.suffix != ".py" or name.startswith(("test_", ".")) or file.stem.endswith("_test"):
        return False
    if is_stage_file(file) or name in (CONF, INIT, "conftest.py"):
        return False
    return _mentions(file)


def _mentions(file: Path) -> bool:
    try:
        return _MENTION in file.read_bytes()
    except OSError:  # it cannot be read, and so cannot be run either
        return False


# -------------------------------------------------------------------- as data


def data_of(found: Collected, target: str, hidden: Collection[str]) -> Data:
    """Show a workflow as JSON-able data, without what is hidden."""
    workflow = found.workflow
    items = [item for item in walk(workflow) if item.path not in hidden]
    actions: dict[int, list[Data]] = {}
    for item in items:
        if item.kind == "action":
            actions.setdefault(id(_stage_of(item)), []).append(_action(item))
    return {
        "target": target,
        "id": workflow.id,
        "name": workflow.name,
        "description": workflow.description,
        "tags": list(workflow.tags),
        "file": str(found.files[0]) if found.files else None,
        "stages": [
            _stage(item, workflow, actions.get(id(item), []))
            for item in items
            if item.kind == "stage"
        ],
        "actions": actions.get(id(None), []),
    }


def _stage_of(item: Found) -> Found | None:
    """The innermost stage that an item stands in."""
    above = item.parent
    while above is not None and above.kind != "stage":
        above = above.parent
    return above


def _stage(found: Found, workflow: Workflow, actions: list[Data]) -> Data:
    stage: Any = found.item  # Any: the walk says that it is a stage
    file, line = _place(found, workflow)
    if file is None and actions:
        file, line = actions[0]["file"], actions[0]["line"]
    return {
        "id": found.id,
        "path": found.path,
        "name": stage.name,
        "description": stage.description,
        "tags": list(stage.tags),
        "file": file,
        "line": line,
        "actions": actions,
    }


def _place(found: Found, workflow: Workflow) -> tuple[str | None, int | None]:
    """Where a stage is made; of those inside steps it is not known."""
    place = None if found.parent is not None else workflow.place_of(found.id)
    if place is None or place.file is None:
        return None, None
    return place.file, place.line or _line_of_card(place.file)


def _line_of_card(file: str) -> int:
    """The line of `stage = Stage(…)` in a stage module; without one, all of it is the stage."""
    try:
        lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 1
    return next((n for n, line in enumerate(lines, 1) if re.match(r"stage\b[^=]*=", line)), 1)


def _action(found: Found) -> Data:
    action: Action[..., Any] = cast("Action[..., Any]", found.item)
    function = action.function
    return {
        "name": action.name,
        "path": found.path,
        "tags": list(action.tags),
        "description": action.description,
        "file": function.file,
        "line": function.line,
        "reference": action.reference,
    }
