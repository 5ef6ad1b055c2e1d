"""Ctrl-C on a program that runs a workflow: the first cleans up, the second kills."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")

START = """
import asyncio, threading, time
from gostage import Runner, Stage, Workflow, resource, steps
say = lambda word: print(word, flush=True)

@resource
def lamp():
    yield
    say("lamp off")

def around():
    try:
        yield
    finally:
        say("left")

def wait(ctx, lamp):
    say("started")
    time.sleep(600)

async def await_(ctx, lamp):
    say("started")
    await asyncio.sleep(600)

def looks(ctx, lamp):
    say("started")
    while not ctx.cancelled:
        time.sleep(0.001)
    ctx.check()

def deaf(ctx):
    while True:
        try:
            say("started")
            time.sleep(600)
        except KeyboardInterrupt:
            say("no")

def deaf_branch(ctx):
    say("started")
    threading.Event().wait(600)

def begin(ctx, lamp):
    say("started")

after = lambda ctx: say("after")
flows = {
    "plain": Stage("s", wait, after).use(around),
    "async": Stage("s", await_, after).use(around),
    "branch": Stage("s").use(around).parallel("p", a=looks, b=lambda: None).do("after", after),
    "sleep": Stage("s", begin).sleep("long", 600).do("after", after).use(around),
    "deaf": Stage("s", deaf),
    "deaf branch": Stage("s").parallel("p", a=deaf_branch, b=lambda: None),
}

def main(name):
    runner = Runner(resources=[lamp])
    try:
        runner.run(Workflow("w", flows[name]), run_id="r")
    except KeyboardInterrupt:
        say(runner.get("r").status)
        raise SystemExit(7)
"""


@pytest.fixture
def start():
    """Start a program that runs one of the flows, and come back when its action has begun."""
    started = []

    def start(name: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", f"{START}\nmain({name!r})"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "started\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", ["plain", "async", "branch", "sleep"])
def test_the_first_cancels_and_cleans_up(start, name: str) -> None:
    """Nothing further begins, what is open is left, and the interrupt arrives at the caller."""
    process = start(name)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)

    assert out.split() == ["left", "lamp", "off", "cancelled"]
    assert (process.returncode, err) == (7, "")


@pytest.mark.parametrize(("name", "answer"), [("deaf", "no\n"), ("deaf branch", "")])
def test_the_second_kills(start, name: str, answer: str) -> None:
    """Neither an action that swallows it nor a branch that hangs keeps the process alive."""
    process = start(name)
    process.send_signal(signal.SIGINT)
    if answer:
        assert process.stdout.readline() == answer
        assert process.stdout.readline() == "started\n"
    while process.poll() is None:
        process.send_signal(signal.SIGINT)

    assert process.returncode == -signal.SIGINT
