"""The goals: what a figure has to be, and whether it is; it measures nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks import crowd, durable, stored
from benchmarks.commands import HELP, LIST, MANY, RUN
from benchmarks.hooks import IDLE
from benchmarks.table import Row, Table

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One figure of one table, and the limit it is held to."""

    name: str
    table: str
    row: str
    column: str = "ratio"
    limit: float
    splendid: float | None = None

    def judge(self, tables: Mapping[str, Table]) -> Row:
        """Look the figure up and say how it stands."""
        cell = tables[self.table].cell(self.row, self.column)
        measured = cell if isinstance(cell, float) else None
        return {
            "goal": self.name,
            "measured": measured,
            "limit": self.limit,
            "splendid": self.splendid,
            "verdict": self._verdict(measured),
        }

    def _verdict(self, measured: float | None) -> str:
        if measured is None:
            return "not measured"
        if self.splendid is not None and measured <= self.splendid:
            return "splendid"
        return "met" if measured <= self.limit else "missed"


GOALS: Final = (
    Goal(
        name="a no-op action, times the hand-written loop",
        table="actions",
        row="gostage.run",
        limit=25.0,
        splendid=12.0,
    ),
    Goal(
        name="the same in the first run of a workflow",
        table="actions",
        row="gostage.run, the first of a workflow",
        limit=25.0,
        splendid=12.0,
    ),
    *(
        Goal(
            name=f"each of {layers} middleware around an action adds, µs",
            table="actions",
            row=f"gostage.run, {layers} around each action",
            column="adds",
            limit=1.0,
        )
        for layers in (1, 2, 3)
    ),
    Goal(
        name="import gostage, times python -c pass",
        table="startup",
        row="import gostage",
        limit=5.0,
    ),
    Goal(
        name="gostage --help, times python -c pass",
        table="startup",
        row="gostage --help",
        limit=8.0,
    ),
    *(
        Goal(
            name=f"{row}, times a click program",
            table="commands",
            row=row,
            limit=2.5,
        )
        for row in (HELP, MANY.format(HELP), LIST, MANY.format(LIST), RUN)
    ),
    Goal(
        name="a plugin that wraps no action, times no plugin",
        table="hooks",
        row=IDLE,
        limit=1.05,
    ),
    *(
        Goal(
            name=f"a durable step, {work}, {setting}, times its bare transaction",
            table="durable",
            row=durable.RUN.format(work, setting),
            limit=1.5,
        )
        for setting in durable.SETTINGS
        for work in durable.WORK
    ),
    *(
        Goal(
            name=f"{name.format(stored.MANY)}, times {stored.FEW}",
            table="stored",
            row=name.format(stored.MANY),
            limit=1.5,
        )
        for name in (stored.LOOP, stored.FLAT)
    ),
    *(
        Goal(
            name=f"{stored.RUNS.format(what, stored.MANY)}, times {stored.FEW}",
            table="stored",
            row=stored.RUNS.format(what, stored.MANY),
            limit=1.5,
        )
        for what in stored.WORKS
    ),
    *(
        Goal(
            name=f"{column} of short runs, {crowd.NAME.format(most, setting)}",
            table="crowd",
            row=crowd.NAME.format(most, setting),
            column=column,
            limit=0.0,
        )
        for most in crowd.PROCESSES[-1:]
        for setting in crowd.SETTINGS
        for column in ("lost", "errors")
    ),
)

JUDGED: Final = frozenset(goal.table for goal in GOALS)
"""The tables that have a figure with a goal."""


def goal_table(tables: Mapping[str, Table]) -> Table:
    """Judge every goal by the figures of this run."""
    rows = tuple(goal.judge(tables) for goal in GOALS)
    columns = ("goal", "measured", "limit", "splendid", "verdict")
    return Table("goals", "Goals", columns, rows)
