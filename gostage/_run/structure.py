"""Structures: the steps of a plan in order, as far as they must stay the same; it runs nothing.

What counts are the steps, their kinds, their order and what they stand in: all that a run needs to
find its place again. Timeouts, attempts, tags and the like do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gostage._engine import forks, guards, ops
from gostage._engine.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gostage._engine.ops import Op
    from gostage._engine.program import Program


class Row(NamedTuple):
    """One step."""

    path: str
    kind: str
    way: str = ""
    """What else of it counts: the arm it stands in, how a loop ends, whether a child does it."""

    @property
    def what(self) -> str:
        """The kind for people: `loop (until)`."""
        return f"{self.kind} ({self.way})" if self.way else self.kind


@dataclass(frozen=True, slots=True)
class Structure:
    """The steps of one plan, in order."""

    rows: tuple[Row, ...]

    # Any, here and below: JSON.
    def to_data(self) -> dict[str, Any]:
        """Give what `from_data` reads: `structure`, `[path, kind]` of each step, and `ways`."""
        ways = {row.path: row.way for row in self.rows if row.way}
        return {"structure": [[row.path, row.kind] for row in self.rows], "ways": ways}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Structure:
        """Read what `to_data` gave."""
        ways = data.get("ways", {})
        rows = (Row(path, kind, ways.get(path, "")) for path, kind in data["structure"])
        return cls(tuple(rows))


def structure_of(program: Program) -> Structure:
    """List the steps of a program, with what is inside arms, branches and bodies."""
    shown_ops = (op for op in Plan(program).walk() if not op.hidden)
    return Structure(tuple(Row(op.id, op.kind, _way(op)) for op in shown_ops))


def shown(id_: str) -> str:
    """The path of the step that an op is a part of; hidden ops have two slashes in their ids."""
    return id_.partition("//")[0]


def _way(op: Op) -> str:
    return ", ".join(filter(None, (_arm(op), _how(op), "in a child" if _is_apart(op) else "")))


def _how(op: Op) -> str:
    if isinstance(op, guards.Loop):
        return "until" if op.ends_on else "while"
    if isinstance(op, forks.ForEach) and op.concurrency > 1:
        return "side by side"
    return "a whole workflow" if isinstance(op, ops.Spawn) and op.is_workflow else ""


def _is_apart(op: Op) -> bool:
    """Whether a child keeps the place of what is inside; a call has no place, wherever it runs."""
    if isinstance(op, guards.Stage):
        return isinstance(op.inside.parent, ops.Part)
    return isinstance(op, forks.ForEach) and isinstance(op.body, ops.Part)


def _arm(op: Op) -> str:
    arm = op.parent
    if not isinstance(arm, ops.Arm) or not isinstance(arm.parent, guards.Choice):
        return ""
    number = arm.id.rpartition("//")[2]
    return f"arm {int(number) + 1}" if number.isdigit() else "else"
