"""What a backend and its children are to the host: protocols, and nothing that does anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from gostage._author.isolate import Isolate
    from gostage._spawn.link import Link


class Capabilities(NamedTuple):
    """What a backend can do; the host asks for these and never for a class."""

    streams: bool
    """Messages and commits arrive while the child works, and not only at its end."""
    cancels: bool
    """A child at work can be told to stop."""
    by_value: bool
    """A child can be given code that it could not import."""
    shares_files: bool
    """A child sees the files of its parent under the same paths."""


class Child(Protocol):
    """One child, from its start to the last trace of it; safe from any thread."""

    @property
    def id(self) -> str:
        """A short name that no other child of the tree has."""

    @property
    def pid(self) -> int | None:
        """Its process id, where it has one."""

    @property
    def link(self) -> Link:
        """The parent's end of what they talk over; the first frame that arrives is `hello`."""

    @property
    def exit_code(self) -> int | None:
        """`None` while it lives, negative for a signal."""

    def stop(self, grace: float) -> None:
        """Ask it to end, and end it when `grace` seconds are over; does not wait.

        It may be called again: a shorter grace counts, a longer one does not.
        """

    def kill(self) -> None:
        """End it now, and whatever it started; does not wait."""

    def join(self, timeout: float | None = None) -> int | None:
        """Wait until it has ended; its exit code, or `None` if the time is up before."""

    def output(self) -> tuple[str, str]:
        """What it wrote to stdout and stderr since it was last asked, complete up to now.

        At most the last 64 kB of each.
        """

    def close(self) -> None:
        """End it if it lives, at once if it waits for work; afterwards nothing is left of it."""


class Backend(Protocol):
    """A place where children run."""

    @property
    def name(self) -> str:
        """The name that `isolate=` and `backend=` take."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def start(self, placement: Isolate, *, depth: int) -> Child:
        """Start a child and return at once; it may still fail to come up."""

    def close(self) -> None:
        """End all of its children that are left."""
