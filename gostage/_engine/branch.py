"""A branch: one line of a run, with exactly one outstanding effect; nothing but data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gostage._engine.effects import Effect
    from gostage._engine.ops import Op

ENTER: Final = 0
LEAVE: Final = 1
FAIL: Final = 2


class Branch:
    """Where one line of the run stands."""

    __slots__ = (
        "around",
        "cancelled",
        "children",
        "effect",
        "error",
        "failed_at",
        "frames",
        "index",
        "interrupted",
        "key",
        "op",
        "parent",
        "root",
        "turn",
        "value",
        "zone",
    )

    def __init__(self, key: int, root: Op, parent: Branch | None = None, index: int = 0) -> None:
        self.key = key
        self.root = root
        self.op = root
        self.turn = ENTER
        self.parent = parent
        self.index = index
        self.zone: int = 0 if parent is None else parent.zone
        self.effect: Effect | None = None
        self.children: dict[int, Branch] = {}
        # Any: what a guard counts and remembers, by its id; each kind of op knows its own keys.
        self.frames: dict[str, dict[str, Any]] = {}
        self.around: dict[str, dict[str, Any]] = {}
        """What guards outside remember that this process does not carry out."""
        self.value: object = None
        self.error: BaseException | None = None
        self.failed_at: Op | None = None
        self.interrupted = False
        self.cancelled = False

    def cancel(self) -> None:
        """Ask this branch and all below it to stop at the next step."""
        self.cancelled = True
        for child in self.children.values():
            child.cancel()

    # Any: as above.
    def frame_of(self, op: Op) -> dict[str, Any] | None:
        """Find what the guard remembers: here, or in the branch this one was forked from."""
        branch: Branch | None = self
        while branch is not None:
            frame = branch.frames.get(op.id) or branch.around.get(op.id)
            if frame is not None:
                return frame
            branch = branch.parent
        return None
