"""What takes too long in children of the tests."""

from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path

from gostage import Context, Stage, action, steps

MOMENT = 0.2
"""A timeout; what it is for never ends by itself."""


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(1000)


async def block() -> None:
    time.sleep(1000)  # noqa: ASYNC251 - it blocks the loop, and that is its mistake


async def wait() -> None:
    await asyncio.sleep(1000)


def hold_on() -> None:
    """Never let another thread of Python work, and never look for signals."""
    all(itertools.repeat(True))


def deny() -> None:
    """Go on, whatever is raised."""
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            continue


def convert() -> None:
    try:
        time.sleep(1000)
    except BaseException as error:
        raise ValueError("interrupted") from error


def clean_up(ctx: Context) -> None:
    try:
        time.sleep(1000)
    finally:
        Path(ctx.store["note"]).write_text("cleaned up")


def write_and_spin(ctx: Context) -> None:
    ctx.store["half"] = "done"
    spin()


@action(timeout=MOMENT)
def second_time(ctx: Context) -> None:
    if ctx.attempt == 1:
        spin()
    ctx.store["attempt"] = ctx.attempt


@action(timeout=600)
def patient(ctx: Context) -> None:
    ctx.store["patient"] = True


def is_odd(ctx: Context) -> bool:
    return bool(ctx.item % 2)


def count(ctx: Context) -> None:
    ctx.store["count"] = ctx.store.get("count", default=0) + 1


CALLS = {each.__name__: each for each in (spin, sleep, wait, convert)}
STUBBORN = {each.__name__: each for each in (deny, block)}


def limited(act, name: str = "act"):
    """The same as an action with a timeout."""
    return action(name=name, timeout=MOMENT)(act)


def beside():
    """Two that never end, side by side."""
    one, two = (steps().do(name, limited(spin, name)) for name in ("one", "two"))
    return steps().parallel("both", left=one, right=two)


def within(act) -> Stage:
    """A stage that has less time than what is in it."""
    return Stage("inner", action(name="act")(act), timeout=MOMENT)
