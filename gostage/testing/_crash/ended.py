"""How a process of a crash test has ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child has ended."""

    signal: int = 0
    """What killed it, if anything did."""
    value: object = None
    """What it gave back, or the exception that it raised."""
    has_value: bool = False
    is_late: bool = False
    """Whether it was killed because it took too long."""
    output: str = ""
    """The end of what it wrote."""
