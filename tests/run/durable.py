"""Actions that another process finds again, and what they are told to do; it knows no test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from gostage import Context, Key, Runner, action
from gostage.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gostage import Result


@dataclass
class World:
    """What is outside of a run: it remembers the calls, and has some of them fail."""

    calls: list[str] = field(default_factory=list)
    broken: set[object] = field(default_factory=set)
    """The actions, or the items, that fail for now."""

    def note(self, what: str) -> None:
        """Remember a call; it fails if that is broken."""
        self.calls.append(what)
        if what in self.broken:
            raise OSError(f"{what} is broken")

    def forget(self) -> None:
        """Begin again."""
        self.calls.clear()
        self.broken.clear()


WORLD = World()
TOTAL = Key("total", int)


@action
def load(ctx: Context) -> None:
    """Bring rows."""
    WORLD.note("load")
    ctx.store["rows"] = [1, 2]


@action
def check(ctx: Context) -> None:
    """Change something in place, and maybe fail."""
    ctx.store["rows"].append(3)
    ctx.store["checked"] = True
    WORLD.note("check")


@action
def save(ctx: Context) -> None:
    """Add the rows up."""
    WORLD.note("save")
    ctx.store[TOTAL] = sum(ctx.store["rows"])


@action
def ask(ctx: Context) -> None:
    """Stop until somebody answers."""
    WORLD.note("ask")
    if not ctx.resuming:
        ctx.store["asked"] = True
        ctx.suspend("how many?", least=1)
    ctx.store["answer"] = ctx.resume_data


@action
def handle(ctx: Context, item: int) -> int:
    """Do one item."""
    WORLD.note(f"item {item}")
    return item * 10


def turn() -> None:
    """Do what a loop does once."""
    WORLD.note("turn")


def always() -> bool:
    """Hold."""
    return True


class Shop:
    """A database file, and one runner after another on it, as processes are."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "runs.db"
        self.clock = FakeClock()

    def runner(self, **options: object) -> Runner:
        """Open another runner; it remembers nothing of those before it."""
        return Runner(self.file, clock=self.clock, **options)  # type: ignore[arg-type] # any of them


def statuses(result: Result) -> dict[str, str]:
    """How each step stands."""
    return {step.path: step.status for step in result.steps}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A database of its own, and a world in which nothing is broken."""
    WORLD.forget()
    yield Shop(tmp_path)
    WORLD.forget()
