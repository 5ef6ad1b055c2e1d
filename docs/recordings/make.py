"""Makes the pictures: every scene, or those that are named, into one folder."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from docs.recordings.picture import picture
from docs.recordings.recorder import ROOT, Recording
from docs.recordings.scenes import HELD, PROJECT, SCENES
from docs.recordings.terminal import Cell, Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docs.recordings.scenes import Scene
    from docs.recordings.terminal import Row

IMAGES: Final = ROOT / "docs" / "images"
_PROMPT: Final = Look(color=2, is_bold=True)
_TYPED: Final = Look(is_bold=True)


def make(scene: Scene, images: Path) -> Path:
    """Record a scene in a project of its own; gives the file of the picture."""
    with TemporaryDirectory() as folder:
        project = Path(folder, "shop")
        project.mkdir()
        for name, text in PROJECT.items():
            (project / name).write_text(text, encoding="utf-8")
        rows = _record(scene, project)
    images.mkdir(exist_ok=True)
    file = images / f"{scene.name}.svg"
    drawn = picture([_typed(scene.line), *rows], scene.columns, scene.title)
    file.write_text(drawn, encoding="utf-8")
    return file


def _record(scene: Scene, project: Path) -> Sequence[Row]:
    go_on = project / HELD
    if not scene.until:
        go_on.touch()
    with Recording(scene.words, project, columns=scene.columns, rows=scene.rows) as recording:
        half_way = recording.until(*scene.until)
        go_on.touch()
        at_the_end = recording.to_the_end(scene.exit_code)
    return half_way if scene.until else at_the_end


def _typed(line: str) -> Row:
    return [Cell("$", _PROMPT), Cell(), *(Cell(letter, _TYPED) for letter in line)]


def main(names: Sequence[str]) -> int:
    """Make the scenes of these names, or all."""
    known = [scene.name for scene in SCENES]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.stderr.write(f"no such scene: {', '.join(unknown)}; there are {', '.join(known)}\n")
        return 2
    for scene in SCENES:
        if not names or scene.name in names:
            file = make(scene, IMAGES)
            sys.stdout.write(f"{file.relative_to(ROOT)}: {scene.line}\n")
    return 0
