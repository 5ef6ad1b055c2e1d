"""A peer: another engine that runs no-op steps; it says how, and measures nothing.

A module of this package has one, as `PEER`. It imports its engine when it is prepared, and through
`import_module`: engines are not installed where the types are checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from benchmarks.measure import Work


STANDARD: Final = "python"
"""The package of what comes with Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """An engine, in the way its documentation embeds it, with its default settings."""

    name: str
    package: str
    """The distribution that is installed, for the version."""
    is_durable: bool
    """Whether a step that has finished is on the disk."""
    steps: int
    """How long the chain is: as long as is usual for this engine."""
    prepare: Callable[[int], AbstractContextManager[Work]]
    """Builds a chain of so many no-op steps and gives back what runs it; the working directory is
    an empty folder of its own."""
    is_slow: bool = False
    """Takes many seconds to start."""
    synchronous: str = "FULL"
    """How safe its commits are, if they go to SQLite."""

    @property
    def version(self) -> str:
        """The version that is installed; empty if none is."""
        if self.package == STANDARD:
            return ""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return ""
