"""Files: what looks like a stage module and is none, and what one definition hides from another.

Nothing is imported; files are read as text.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from gostage._app.check.findings import Finding
from gostage._author.discover import is_stage_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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


def redefined(files: Iterable[Path]) -> Iterator[Finding]:
    """Find the actions of a module that a later definition of the same name takes the place of."""
    for path in files:
        seen: dict[str, ast.stmt] = {}
        for found in _statements(path):
            if not isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            earlier = seen.get(found.name)
            if earlier is not None:
                yield Finding(
                    code="redefined",
                    level="warning",
                    message=f"{found.name!r} is defined again at line {found.lineno}, "
                    "so this action never runs",
                    hint="rename one of them",
                    about=found.name,
                    file=str(path),
                    line=earlier.lineno,
                )
            seen.pop(found.name, None)
            if any(map(_is_action, found.decorator_list)):
                seen[found.name] = found


def _statements(path: Path) -> list[ast.stmt]:
    try:
        return ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):  # whoever imports it says so
        return []


def _is_action(decorator: ast.expr) -> bool:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(named, "id", getattr(named, "attr", "")) == "action"
