"""Files of a folder that look like stage modules and are none; nothing is imported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gostage._app.check.findings import Finding
from gostage._author.discover import is_stage_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEARLY: Final = re.compile(r"stages?[-_. ]?(.+)", re.IGNORECASE)


def near_misses(folder: Path) -> Iterator[Finding]:
    """Find the files whose names are nearly `stage_*.py`: no run would ever take them."""
    for path in sorted(folder.glob("*.py")):
        match = _NEARLY.fullmatch(path.stem)
        if match is not None and path.stem != "stageconf" and not is_stage_file(path):
            name = f"stage_{match[1].lstrip('-_. ')}.py"
            yield Finding(
                code="not-collected",
                level="warning",
                message=f"{path.name!r} is no stage: its name does not begin with 'stage_'",
                hint=f"call it {name!r}, or something else altogether",
                about=path.name,
                file=str(path),
            )
