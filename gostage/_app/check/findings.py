"""Findings: what is wrong, how bad it is, what to do about it, and where; it looks for nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gostage._app.check.tour import Stop

Level = Literal["error", "warning", "note"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""The levels, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or worth knowing."""

    code: str
    """What kind of thing it is, in one word that stays the same."""
    level: Level
    message: str
    hint: str = ""
    about: str = ""
    """The key, tag or name that it is about, if it is about one."""
    path: str = ""
    """The path of the item it is about; empty if it is about the workflow."""
    file: str | None = None
    line: int | None = None

    def at(self, stop: Stop, file: str | None = None, line: int | None = None) -> Finding:
        """The same at an item; without a place in the code, where the item was put."""
        if file is None:
            file, line = stop.place
        return replace(self, path=stop.path, file=file, line=line)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by place, each thing once: code may stand at many places of a workflow."""
    return sorted(_distinct(findings), key=_key)


def counts(findings: Iterable[Finding]) -> dict[Level, int]:
    """How many there are of each level."""
    found = Counter(each.level for each in findings)
    return {level: found[level] for level in LEVELS}


def summary(counted: dict[Level, int], shown: Iterable[Level] = LEVELS) -> str:
    """`2 errors, 1 warning`; levels of which there is nothing are left out."""
    parts = [
        f"{counted[level]} {level}{'' if counted[level] == 1 else 's'}"
        for level in shown
        if counted[level]
    ]
    return ", ".join(parts)


def _distinct(findings: Iterable[Finding]) -> Iterator[Finding]:
    seen: set[tuple[object, ...]] = set()
    for each in findings:
        place = (each.file, each.line) if each.file is not None else (each.path,)
        key = (each.code, each.message, *place)
        if key not in seen:
            seen.add(key)
            yield each


def _key(finding: Finding) -> tuple[str, int, int, str, str]:
    return (
        finding.file or "",
        finding.line or 0,
        LEVELS.index(finding.level),
        finding.code,
        finding.message,
    )
