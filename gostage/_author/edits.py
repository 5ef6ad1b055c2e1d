"""Edits: counts the changes made to actions that stand in some definition already.

Programs are kept for as long as their definition stays the same. A definition notices what is added
to it; an action may stand in many, so its changes are counted here, for all of them together.
"""

from __future__ import annotations

from typing import Final


class Edits:
    """How many changes there were."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


# Module-level state, and harmless: a count that is too high makes a program be built once more.
EDITS: Final = Edits()
