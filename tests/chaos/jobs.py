"""Workflows that note what they do, and what processes are told to do with them; it tests nothing.

Every step notes in one file when it begins and when it ends, so that what several processes did
can be put in one order afterwards.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from gostage import Runner, Workflow, action, steps
from gostage._db.sqlite import SQLite
from gostage.errors import DatabaseError, RunOwned

NOTES = "notes.txt"
FILE = "runs.db"
DATABASE = f"sqlite:///{FILE}?synchronous=normal"  # safe against all but the loss of power


def note(*words: object) -> None:
    """Append a line in one piece, whoever else does so."""
    file = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, (" ".join(map(str, words)) + "\n").encode())
    os.close(file)


def add(ctx, seconds: float) -> None:
    """Count one more, after a while."""
    note(ctx.run.id, os.getpid(), ctx.step_key, "begin")
    time.sleep(seconds)
    ctx.store["count"] = ctx.store["count"] + 1 if "count" in ctx.store else 1
    ctx.store[f"by {ctx.action.name}"] = ctx.step_key
    note(ctx.run.id, os.getpid(), ctx.step_key, "end")


@action
def count(ctx) -> None:
    """Count one more."""
    add(ctx, 0)


@action
def climb(ctx) -> None:
    """Count one more, slowly enough to be killed in the middle."""
    add(ctx, 0.008)


@action
def tally(ctx, item: int) -> int:
    """Do one item of many."""
    note(ctx.run.id, os.getpid(), ctx.step_key, "begin")
    time.sleep(0.002)
    note(ctx.run.id, os.getpid(), ctx.step_key, "end")
    return item * item


@action
def hang(ctx) -> None:
    """Hang until told to stop, or until there is a file that says so."""
    note(ctx.run.id, os.getpid(), ctx.step_key, "begin")
    while not ctx.cancelled and not Path("go").exists():
        time.sleep(0.005)
    ctx.store["hung"] = True
    note(ctx.run.id, os.getpid(), ctx.step_key, "cancelled" if ctx.cancelled else "end")


@action
def label(ctx, name: str) -> None:
    """Keep what this run alone is given."""
    ctx.store["label"] = f"label of {name}"


def four() -> list[int]:
    """What there is to do."""
    return [0, 1, 2, 3]


def _chain() -> Workflow:
    chain = Workflow("chain")
    for number in range(4):
        chain.do(f"one{number}", climb)
    chain.for_each("squares", four, tally, into="squares", concurrency=2)
    chain.parallel("both", left=steps().do(tally_left), right=steps().do(tally_right))
    for number in range(4):
        chain.do(f"two{number}", climb)
    return chain


@action
def tally_left(ctx) -> None:
    """One of two side by side."""
    note(ctx.run.id, os.getpid(), ctx.step_key, "begin")
    ctx.store["left"] = 1
    note(ctx.run.id, os.getpid(), ctx.step_key, "end")


@action
def tally_right(ctx) -> None:
    """The other one."""
    note(ctx.run.id, os.getpid(), ctx.step_key, "begin")
    ctx.store["right"] = 2
    note(ctx.run.id, os.getpid(), ctx.step_key, "end")


chain = _chain()
hung = Workflow("hung").do("before", count).do(hang).do("after", count)
short = Workflow("short").do(label).do("next", count)
asks = Workflow("asks").do("before", count).receive("go", into="said").do("after", count)
naps = Workflow("naps").do("before", count).sleep("rest", 0.02).do("after", count)


# -------------------------------------------------------------------- what processes do


def go_on(run_id: str) -> dict[str, Any]:
    """Try to go on with a run until somebody has finished it; gives who kept this one from it."""
    refusals: dict[str, int] = {}
    with Runner(DATABASE) as runner:
        while True:
            try:
                result = runner.resume(run_id)
            except RunOwned as error:
                text = str(error).splitlines()[0]
                refusals[text] = refusals.get(text, 0) + 1
                time.sleep(0.001)
            else:
                return {"status": result.status, "text": result.text, "refusals": refusals}


def run_hung(run_id: str, lease: float) -> dict[str, Any]:
    """Begin a run that hangs; gives what came of it."""
    with Runner(DATABASE, lease=lease) as runner:
        try:
            return {"status": runner.run(hung, run_id=run_id).status}
        except RunOwned as error:
            return {"owned": str(error)}


def resume(run_id: str) -> dict[str, Any]:
    """Go on with a run once."""
    with Runner(DATABASE) as runner:
        try:
            return {"status": runner.resume(run_id).status}
        except (RunOwned, DatabaseError) as error:
            return {"error": type(error).__name__, "text": str(error)}


def run_many(names: list[str]) -> list[float]:
    """Run one short run for each name; gives how long each took."""
    took = []
    with Runner(DATABASE) as runner:
        for name in names:
            began = time.perf_counter()
            result = runner.run(short, {"name": name}, run_id=name)
            took.append(time.perf_counter() - began)
            assert result.status == "completed", result
    return took


def begin_same(run_id: str) -> str:
    """Run under an id that others use as well; gives what came of it."""
    with Runner(DATABASE) as runner:
        try:
            return runner.run(short, {"name": "x"}, run_id=run_id).status
        except RunOwned as error:
            return type(error).__name__


def hold_write_lock() -> None:
    """Stop in the middle of a transaction, and finish it when told to go on."""
    database = SQLite(FILE)
    with database._here().writing as connection:
        connection.execute("UPDATE runs SET tags = tags")
        note("holds", os.getpid())
        os.kill(os.getpid(), signal.SIGSTOP)
    database.close()


def write_for_ever(run_id: str) -> None:
    """Go on with a run whenever that is possible, and begin others meanwhile."""
    with Runner(DATABASE) as runner:
        with suppress(RunOwned):
            runner.resume(run_id)
        while True:
            runner.run(short, {"name": "x"})
