"""The command: which tables to measure, and where they go; `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.actions import action_table, own_table, peer_table
from benchmarks.children import child_table
from benchmarks.commands import command_table
from benchmarks.crowd import crowd_table
from benchmarks.durable import durable_table
from benchmarks.durable import own_table as own_durable_table
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.goals import JUDGED, goal_table
from benchmarks.growth import growth_table, position_table
from benchmarks.hooks import hook_table
from benchmarks.startup import startup_table
from benchmarks.store import store_table
from benchmarks.stored import stored_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.table import Table

NAMES: Final = (
    "actions",
    "peers",
    "hooks",
    "growth",
    "store",
    "startup",
    "commands",
    "durable",
    "stored",
    "crowd",
    "children",
    "goals",
)


_TABLES: Final[tuple[tuple[str, Callable[[Effort], Table]], ...]] = (
    ("actions", action_table),
    ("hooks", hook_table),
    ("growth", growth_table),
    ("growth", position_table),
    ("store", store_table),
    ("startup", startup_table),
    ("commands", command_table),
    ("durable", durable_table),
    ("stored", stored_table),
    ("crowd", crowd_table),
    ("children", child_table),
)
_WITHOUT_PEERS: Final = {"actions": own_table, "durable": own_durable_table}


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
    elif only == "goals":
        judged = {}
        for name, make in {**dict(_TABLES), **_WITHOUT_PEERS}.items():
            if name in JUDGED:
                judged[name] = make(effort)
                yield judged[name]
        yield goal_table(judged)
    else:
        found = {}
        for name, make in _TABLES:
            if only in {None, name}:
                table = make(effort)
                found[table.name] = table
                yield table
        if only is None:
            yield goal_table(found)


def _machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {platform.system()} {platform.machine()}, {os.cpu_count()} processors"


if __name__ == "__main__":
    main()
