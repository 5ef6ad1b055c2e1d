"""Workflows to be killed: sound ones, and some whose mistakes only a crash shows."""

from __future__ import annotations

import os
import sys
import time
import uuid
from pathlib import Path

from gostage import Context, Retry, Workflow, action, resource, steps

SEEN: list[str] = []


@action(provides="total")
def add(ctx: Context, total: int = 0, by: int = 1) -> int:
    """Add to what is in the store: sound."""
    return total + by


@action
def remember(ctx: Context, label: str) -> None:
    """Keep something in the memory of the process: lost in a crash."""
    SEEN.append(label)
    ctx.store["seen"] = list(SEEN)


@action
def stamp(ctx: Context) -> None:
    """Write what no two runs have in common."""
    ctx.store["id"] = uuid.uuid4()
    ctx.store["at"] = time.time()


@action
def fail() -> None:
    """Fail, always."""
    raise ValueError("no such order")


@action(retry=Retry(attempts=3))
def flaky(ctx: Context) -> None:
    """Fail twice."""
    if ctx.attempt < 3:
        raise OSError("not yet")
    ctx.store["attempt"] = ctx.attempt


@action(provides="count")
def ask(ctx: Context) -> int:
    """Wait to be told how many."""
    if not ctx.resuming:
        ctx.suspend("how many?")
    return int(ctx.resume_data)


@action
def leave() -> None:
    """End the process, but politely."""
    sys.exit("enough")


@action
def vanish() -> None:
    """End the process without a word."""
    os._exit(3)


@action
def abort() -> None:
    """Crash, as a broken library would."""
    os.abort()


@action
def hang() -> None:
    """Never come back."""
    print("about to hang", flush=True)
    while True:
        time.sleep(1)


@resource
def folder(tmp: str) -> Path:
    """Make a folder for as long as the process lives."""
    made = Path(tmp, str(os.getpid()))
    made.mkdir()
    return made


@action
def save(folder: Path) -> None:
    """Leave a file in it."""
    folder.joinpath("rows.txt").write_text("one", encoding="utf-8")


@action(provides="rows")
def load(folder: Path) -> str:
    """Read the file: it is there unless another process saved it."""
    return folder.joinpath("rows.txt").read_text(encoding="utf-8")


def is_five(total: int) -> bool:
    """Whether it is enough."""
    return total >= 5


@action
def long(ctx: Context, item: int) -> int:
    """Be one of many."""
    return item * item


sums = Workflow("sums").do(add).do(add.bind(by=2)).stage("more", add, add)
forgets = Workflow("forgets").do(add).do("one", remember.bind(label="one"))
forgets.do("two", remember.bind(label="two"))
stamped = Workflow("stamped").do(add).do(stamp).do(add)
failing = Workflow("failing").stage("first", add, fail, add)
tries = Workflow("tries").do(flaky).sleep("nap", 3600).do(add)
waits = Workflow("waits").do(ask).receive("approval", into="approved").do(add)
leaves = Workflow("leaves").do(add).do(leave)
vanishes = Workflow("vanishes").do(add).do(vanish)
aborts = Workflow("aborts").do(add).do(abort)
hangs = Workflow("hangs").do(add).do(hang)
files = Workflow("files").do(save).do(load)
loop = Workflow("loop").loop_until("five", is_five, steps(add))
many = Workflow("many", initial={"numbers": [1, 2, 3, 4]})
many.for_each("squares", "numbers", long, into="squares", concurrency=2)
