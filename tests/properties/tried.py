"""How many trees, checkpoints, commits and deaths the laws were tried on in this session."""

from __future__ import annotations


class Tried:
    """Counts."""

    def __init__(self) -> None:
        self.trees = 0
        self.checkpoints = 0
        self.commits = 0
        self.children = 0
        self.deaths = 0


# Module-level state: the terminal summary is far away from the test that counts.
TRIED = Tried()
