"""The command: which tables to measure, and where they go; `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.actions import action_table, own_table, peer_table
from benchmarks.commands import command_table
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.goals import goal_table
from benchmarks.growth import growth_table, position_table
from benchmarks.hooks import hook_table
from benchmarks.startup import startup_table
from benchmarks.store import store_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.table import Table

NAMES: Final = ("actions", "peers", "hooks", "growth", "store", "startup", "commands", "goals")


def main(words: Sequence[str] | None = None) -> None:
    """Measure what is asked for; print each table as soon as it is there."""
    asked = _parser().parse_args(words)
    effort: Effort = QUICK if asked.quick else FULL
    print(_machine(), end="\n\n")
    tables: dict[str, Table] = {}
    for table in _tables(asked.only, effort):
        tables[table.name] = table
        print(table.as_text(), end="\n\n", flush=True)
    if asked.json:
        data = {
            "machine": _machine(),
            "effort": effort.name,
            "tables": {name: table.as_data() for name, table in tables.items()},
        }
        asked.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure gostage beside bare loops and beside other engines.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller sizes")
    parser.add_argument("--only", choices=NAMES, help="one table; by default all of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def _tables(only: str | None, effort: Effort) -> Iterator[Table]:
    """Measure in the order of the names; the goals are judged by what has been measured."""
    if only == "peers":
        yield peer_table(effort)
        return
    judged: dict[str, Table] = {}
    if only in {None, "actions", "goals"}:
        judged["actions"] = own_table(effort) if only == "goals" else action_table(effort)
        yield judged["actions"]
    if only in {None, "hooks", "goals"}:
        judged["hooks"] = hook_table(effort)
        yield judged["hooks"]
    if only in {None, "growth"}:
        yield growth_table(effort)
        yield position_table(effort)
    if only in {None, "store"}:
        yield store_table(effort)
    if only in {None, "startup", "goals"}:
        judged["startup"] = startup_table(effort)
        yield judged["startup"]
    if only in {None, "commands", "goals"}:
        judged["commands"] = command_table(effort)
        yield judged["commands"]
    if only in {None, "goals"}:
        yield goal_table(judged)


def _machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {platform.system()} {platform.machine()}, {os.cpu_count()} processors"


if __name__ == "__main__":
    main()
