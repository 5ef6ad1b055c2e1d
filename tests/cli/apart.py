"""Flows whose parts run in children, as a user has them in a project; it knows no test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.folders import write

if TYPE_CHECKING:
    from pathlib import Path

FLOWS = """
import logging
import os
import signal
import sys
import time
from pathlib import Path

from gostage import Stage, Workflow, action, steps


@action
def begin(ctx):
    ctx.store["pids"] = [os.getpid()]


@action
def say(ctx):
    print("said by", ctx.path)
    os.system("echo from a program")
    print("an error", file=sys.stderr)
    print("half a line", end="")
    ctx.store["pids"] = [*ctx.store["pids"], os.getpid()]


@action
def log(ctx):
    ctx.log.debug("looking closely")
    ctx.log.info("by the way")
    logging.getLogger("shop.stock").warning("nearly empty")


@action
def fail(ctx):
    print("last words")
    if not Path("mended").exists():
        raise ValueError("no such row")
    ctx.store["mended"] = True


@action
def die(ctx):
    print("dying", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


@action
def hang(ctx):
    print("started", flush=True)
    try:
        time.sleep(600)
    finally:
        print("cleaned up", flush=True)


@action
def stubborn(ctx):
    while True:
        try:
            print("started", flush=True)
            time.sleep(600)
        except KeyboardInterrupt:
            print("no", flush=True)


@action
def count(ctx):
    name = ctx.item
    for number in range(200):
        print(name, number)
    if name == "bad":
        raise ValueError(name)
    return name


@action
def ask(ctx):
    if not ctx.resuming:
        ctx.suspend("how many?")
    ctx.store["answer"] = ctx.resume_data


whole = Workflow("whole").do(begin).stage("far", say, isolate=True).do("end", begin)
loud = Workflow("loud").stage("far", log, isolate=True)
bad = Workflow("bad").do(begin).stage("far", say, fail, isolate=True).do("end", log)
dead = Workflow("dead").do(begin).stage("far", say, die, isolate=True)
hung = Workflow("hung").do(begin).stage("far", log, hang, isolate=True)
deaf = Workflow("deaf").stage("far", stubborn, isolate=True)
items = Workflow("items", initial={"names": ["a", "b", "bad", "c"]}).for_each(
    "each",
    "names",
    count,
    into="out",
    isolate=True,
    concurrency=2,
    on_error="continue",
)
waits = (
    Workflow("waits")
    .do(begin)
    .spawn("far", steps().do("one", say).receive("go", into="got").do("two", log))
    .do("end", log)
)
asks = Workflow("asks").do(begin).stage("far", ask, isolate=True)
sleeps = Workflow("sleeps").spawn("far", steps().sleep("rest", 3600).do(log))

if __name__ == "__main__":
    from gostage import Runner

    print(Runner().run(loud).status)
"""
STAGES = {
    "steps/stage_1.py": """
import os
from gostage import Stage, action

stage = Stage("first", isolate=True)


@action
def one(ctx):
    ctx.store["child"] = os.getpid()
""",
    "steps/stage_2.py": """
import os
from gostage import action


@action
def two(ctx):
    ctx.store["parent"] = os.getpid()
""",
    "stageconf.py": """
import os
from gostage import hookimpl


@hookimpl(wrapper=True)
def gostage_action(ctx, action):
    print("around", action.name, flush=True)
    return (yield)


@hookimpl
def gostage_event(event):
    with open("events.txt", "a") as file:
        file.write(f"{os.getpid()} {event.kind} {event.path}\\n")
""",
    "extra.py": """
from gostage import hookimpl


@hookimpl(wrapper=True)
def gostage_child(run):
    print("in the child of", run.id, flush=True)
    return (yield)


@hookimpl(wrapper=True)
def gostage_spawn(spawn):
    print("a child for", spawn.path, flush=True)
    return (yield)
""",
}


def project(folder: Path, settings: str = "", **files: str) -> Path:
    """Make a project with flows that have children."""
    write(folder, {"flows.py": FLOWS, "pyproject.toml": f"[tool.gostage]\n{settings}\n", **files})
    return folder
