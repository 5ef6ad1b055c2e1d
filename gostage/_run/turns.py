"""Turns: which pass and which item a step belongs to, fixed at the moment it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._engine.forks import ForEach
from gostage._engine.guards import Loop
from gostage._engine.value import Value

if TYPE_CHECKING:
    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op


class Turn(Value):
    """The nearest item and its position, and all passes around as text: `[2][0]`."""

    __slots__ = ("index", "item", "passes")

    def __init__(self, index: int | None = None, item: object = None, passes: str = "") -> None:
        self.index: Final = index
        self.item: Final = item
        self.passes: Final = passes


NO_TURN: Final = Turn()


def turn_of(branch: Branch, op: Op) -> Turn:
    """Climb from the op to the root and collect what repeats on the way."""
    nearest: tuple[int, object] | None = None
    passes: list[str] = []
    place, here = op, branch
    while place.parent is not None:
        parent = place.parent
        forked_from = here.parent if place is here.root else None
        frame = (forked_from or here).frames.get(parent.id) or here.around.get(parent.id)
        if frame is not None and isinstance(parent, Loop):
            passes.append(str(frame["pass"]))
        elif frame is not None and isinstance(parent, ForEach):
            index = frame["index"] if forked_from is None else here.index
            passes.append(str(index))
            nearest = nearest or (index, frame["items"][index])
        here = forked_from or here
        place = parent
    text = "".join(f"[{each}]" for each in reversed(passes))
    return Turn(None, None, text) if nearest is None else Turn(*nearest, text)
