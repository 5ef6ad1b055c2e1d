"""Code that stored definitions can name: importable actions, conditions, middleware and classes."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

from gostage._author.action import Action, action
from gostage._author.isolate import Isolate, Limits
from gostage._author.resource import resource
from gostage._store.keys import Key
from tests.author import helpers

if TYPE_CHECKING:
    from collections.abc import Iterator


@action(tags=["io"])
def load(ctx: object, batch: int = 1, source: str = "here") -> int:
    """Load rows."""
    return batch


@action(name="save!", timeout=30, provides=("a", "b"))
def save(ctx: object) -> tuple[int, int]:
    """Save rows."""
    return 1, 2


def plain(ctx: object, rows: list[int] | None = None) -> None:
    """A function without decoration."""


def is_ready(ctx: object, limit: int = 3) -> bool:
    """A condition."""
    return True


def give_up(ctx: object, error: Exception, attempt: int) -> bool:
    """A handler of a retry."""
    return False


def pause(attempt: int) -> float:
    """A backoff."""
    return 1.0


def draw() -> float:
    """Chance, without any."""
    return 0.5


def around(run: object, stage: object = None) -> Iterator[None]:
    """A middleware."""
    yield


def around_action(ctx: Any) -> Iterator[None]:
    """A middleware around actions."""
    yield


@resource
def connection(ctx: object) -> Iterator[int]:
    """A resource."""
    yield 1


class Step(Action):
    """A class action without state."""

    tags = ["class"]  # noqa: RUF012 - as an author writes it

    def run(self, ctx: object, size: int = 1) -> int:
        """Do it."""
        return size


class Guarded(Action):
    """A class action with its condition as a method."""

    def run(self, ctx: object) -> None:
        """Do it."""

    def when(self, ctx: object) -> bool:
        """Whether to."""
        return True


class Copy(Action):
    """A class action with state."""

    def __init__(self, path: str) -> None:
        self.path = path

    def run(self, ctx: object) -> str:
        """Do it."""
        return self.path


class Slotted(Action):
    """A class action with state in slots."""

    __slots__ = ("place",)

    def __init__(self) -> None:
        self.place = 1

    def run(self, ctx: object) -> int:
        """Do it."""
        return self.place


copy_here = Copy("here")
a_lambda = action(lambda ctx: 1)
total = Key("total", int, merge=operator.add)
names = Key("names", dict[str, list[int]], secret=True)


PLACE = Isolate("process", keys=["rows"], limits=Limits("512MB", cpu=60), env={"LEVEL": "3"})


class Tools:
    """Holds methods of each kind."""

    @classmethod
    def check(cls, ctx: object) -> bool:
        """A condition as a class method."""
        return True

    @staticmethod
    def look(ctx: object) -> bool:
        """A condition as a static method."""
        return True

    def use(self, ctx: object) -> None:
        """A method of an object."""


class Ready:
    """A condition that is an object."""

    def __call__(self, ctx: object) -> bool:
        """Whether it holds."""
        return True


tools = Tools()
some = functools.partial(plain, rows=[1])
ready = Ready()
wrapped = helpers.noting(plain)
