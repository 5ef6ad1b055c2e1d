"""Runs in a database, as a user makes them with the command; it knows no test."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from gostage._app.rows import info_of
from gostage._db.protocol import Commit, NewRun, Plan
from gostage._db.sqlite import SQLite
from tests.cli.shell import gostage
from tests.folders import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FLOWS = """
import os
import time
from pathlib import Path

from gostage import Workflow, action


def note(ctx):
    with open("calls.txt", "a", encoding="utf-8") as file:
        file.write(f"{ctx.action.name} {ctx.step_key}\\n")


@action
def begin(ctx):
    note(ctx)
    ctx.store["begun"] = True


@action
def finish(ctx):
    ctx.log.info("finishing")
    note(ctx)


@action
def hang(ctx):
    \"\"\"Hang until somebody kills the process, but only the first time.\"\"\"
    note(ctx)
    if not Path("hung").exists():
        Path("hung").touch()
        print("started", flush=True)
        time.sleep(600)


@action
def hold(ctx):
    \"\"\"Wait for a file.\"\"\"
    note(ctx)
    print("started", flush=True)
    while not Path("go").exists():
        time.sleep(0.01)


@action
def fail(ctx):
    note(ctx)
    raise ValueError("not today")


@action
def ask(ctx):
    if not ctx.resuming:
        ctx.suspend("how many?", least=1)
    ctx.store["answer"] = ctx.resume_data


work = Workflow("work").do(begin).receive("go").do(finish)
nap = Workflow("nap").do(begin).sleep("rest", 1).do(finish)
night = Workflow("night").do(begin).sleep("rest", 3600).do(finish)
approval = Workflow("approval").do(begin).receive("approved", into="by").do(finish)
hung = Workflow("hung").do(begin).receive("go").do(hang).do(finish)
held = Workflow("held").do(begin).receive("go").do(hold).do(finish)
bad = Workflow("bad").do(begin).do(fail).do(finish)
asks = Workflow("asks").do(begin).do(ask).do(finish)
"""


def project(folder: Path) -> Path:
    """Make a project with flows that have to wait."""
    write(folder, {"flows.py": FLOWS, "pyproject.toml": "[tool.gostage]\n"})
    return folder


def begin(folder: Path, flow: str, run_id: str) -> None:
    """Run a flow until it has to wait, or has ended."""
    target = flow if ":" in flow else f"flows:{flow}"
    done = gostage("run", target, "--detach", "--run-id", run_id, "-q", folder=folder)
    assert done.code in {0, 1, 6}, done.err


def due(folder: Path, flow: str, run_id: str) -> None:
    """Run a flow until it waits for the signal "go", and leave that for whoever goes on."""
    begin(folder, flow, run_id)
    with database(folder) as db:
        assert db.signal(run_id, "go", "null", time.time())


def database(folder: Path) -> closing[SQLite]:
    """Open the database of the project."""
    return closing(SQLite(folder / ".gostage" / "runs.db", synchronous="NORMAL"))


def copy(folder: Path, run_id: str, dues: Mapping[str, float | None]) -> None:
    """Make copies of a run that waits, each due at a time of its own."""
    with database(folder) as db:
        row, stored = db.find(run_id), db.stored(run_id)
        assert row is not None
        assert stored is not None
        plan = Plan(row.plan, db.plan(row.plan) or "")
        entries = set(stored.entries)
        changes = [
            change
            for seq, text in stored.changes
            for change in json.loads(text)
            if (change[0], change[1], seq) in entries
        ]
        first = Commit(
            row.created,
            stored.position_json,
            changes_json=json.dumps(changes),
            written=[(branch, key) for branch, key, _ in changes],
        )
        for name, due in dues.items():
            new = NewRun(name, row.workflow, row.tags, row.created, plan, row.json, row.status, due)
            assert db.create(new, first, None, 0.0) is not None


def status(folder: Path, run_id: str) -> str:
    """How a run stands, as it is known now."""
    with database(folder) as db:
        row = db.find(run_id)
    assert row is not None
    return info_of(row).status


def ids(folder: Path) -> set[str]:
    """The runs there are."""
    with database(folder) as db:
        return set(db.ids("", 1000))


def calls(folder: Path) -> list[str]:
    """The actions that were called, in order."""
    text = (folder / "calls.txt").read_text(encoding="utf-8")
    return [line.split()[0] for line in text.splitlines()]


def keys(folder: Path, name: str) -> list[str]:
    """The step keys that an action was called with."""
    text = (folder / "calls.txt").read_text(encoding="utf-8")
    return [line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")]


def read_until(stream: Any, text: str) -> list[str]:  # Any: what Popen has
    """Read lines until one holds this text; gives them."""
    lines = []
    for line in stream:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"nothing with {text!r} in {lines}")


# Any: JSON.
def noted(text: str) -> list[dict[str, Any]]:
    """What a worker told as JSON."""
    return [json.loads(line) for line in text.splitlines()]


def of_kind(notes: Sequence[dict[str, Any]], what: str) -> list[str]:
    """The runs in notes of one kind."""
    return [note["run_id"] for note in notes if note["what"] == what]
