"""A backend whose children are not to be trusted: each sends what the test tells it to."""

from __future__ import annotations

import os  # noqa: F401 - what a stranger would like to reach through this module
import threading
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from multiprocess import Pipe

from gostage import Context, action, hookimpl
from gostage._spawn.backend import Capabilities
from gostage._spawn.link import Link, LinkLost
from gostage._spawn.wire import FROM_CHILD, FROM_PARENT, PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "rogue"
CALLS: list[object] = []


@action
def victim(ctx: Context) -> None:
    """What the child was asked to do."""


@action
def other(ctx: Context, mark: str = "") -> None:
    """An action of the same author; a child may add it."""
    CALLS.append(mark)


def beside(ctx: Context) -> bool:
    """A condition of the same author."""
    CALLS.append("beside")
    return True


class Evil(Exception):
    """An error whose own code must never be called."""

    def __new__(cls, *args: object) -> Evil:  # noqa: PYI034 - needs Python 3.11
        CALLS.append("new")
        return super().__new__(cls)

    def __init__(self, *args: object) -> None:
        CALLS.append("init")

    def __reduce__(self) -> Any:
        CALLS.append("reduce")
        return super().__reduce__()

    def __setattr__(self, name: str, value: object) -> None:
        CALLS.append("setattr")

    def __setstate__(self, state: Any) -> None:
        CALLS.append("setstate")

    def __init_subclass__(cls) -> None:
        CALLS.append("init_subclass")


@dataclass
class Trap:
    """A class that is made from data, and whose own code is not called for it."""

    x: int = 0

    def __post_init__(self) -> None:
        CALLS.append("post_init")


class Plot:
    """What the next child sends, given the number of its task."""

    def __init__(self) -> None:
        self.frames: Callable[[int], list[Any]] = lambda number: []


# Module-level state: a backend is made by the runner, far from the test that plots.
PLOT = Plot()


class RogueChild:
    """A thread on a real pipe."""

    _numbers = count(1)

    def __init__(self) -> None:
        here, there = Pipe()
        self.id = f"rogue-{next(self._numbers)}"
        self.pid = None
        self.exit_code: int | None = None
        self.link = Link(here, accepts=FROM_CHILD)
        self._connection = there
        self._far = Link(there, accepts=FROM_PARENT)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def _live(self) -> None:
        try:
            self._far.send("hello", {"protocol": PROTOCOL, "python": "3", "pid": 1})
            for kind, data in iter(self._far.receive, None):
                if kind == "task":
                    self._attack(data["n"])
        except (LinkLost, OSError):
            pass  # the parent has heard enough
        finally:
            self.exit_code = 0
            self._far.close()

    def _attack(self, number: int) -> None:
        for frame in PLOT.frames(number):
            if isinstance(frame, bytes):
                self._far._stream.write(memoryview(frame), [])
            else:
                self._far.send(*frame)

    def stop(self, grace: float) -> None:
        """It does not listen."""

    def kill(self) -> None:
        """Cut it off."""
        self._far.close()

    def join(self, timeout: float | None = None) -> int | None:
        """Wait for its end."""
        self._thread.join(timeout)
        return self.exit_code

    def output(self) -> tuple[str, str]:
        """It prints nothing."""
        return "", ""

    def close(self) -> None:
        """Hang up."""
        self.link.close()
        self._thread.join(10)


class Rogue:
    """The backend."""

    name = NAME
    capabilities = Capabilities(streams=True, cancels=True, by_value=True, shares_files=True)

    def start(self, placement: object, *, depth: int) -> RogueChild:
        """Start one."""
        return RogueChild()

    def close(self) -> None:
        """They end with their links."""


@hookimpl
def gostage_spawner(name: str) -> Rogue | None:
    """Supply the backend."""
    return Rogue() if name == NAME else None
