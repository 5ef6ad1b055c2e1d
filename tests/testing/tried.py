"""How many kill points were tried in this session."""

from __future__ import annotations


class Tried:
    """Counts."""

    def __init__(self) -> None:
        self.runs = 0
        self.points = 0


# Module-level state: the terminal summary is far away from the tests that count.
TRIED = Tried()
