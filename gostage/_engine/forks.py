"""Ops that fork: branches side by side, and a body per item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._engine.branch import ENTER, FAIL, LEAVE
from gostage._engine.ops import Op

if TYPE_CHECKING:
    from gostage._engine import nodes
    from gostage._engine.branch import Branch
    from gostage._engine.machine import Machine


class Forking(Op):
    """What all forks share: children that end, and a join when none is left."""

    __slots__ = ("fork", "join")

    def __init__(self, id_: str, name: str, parent: Op | None, source: object) -> None:
        super().__init__(id_, name, parent, source)
        self.fork = fx.Fork(self)
        self.join = fx.Join(self)

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        branch.turn = LEAVE  # the join worked
        return None

    # Any: what the op remembers, see Branch.frames.
    def open_frame(self, branch: Branch, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Remember which children ended and the first error or interrupt among them."""
        frame = {"ended": {}, "error": None, "by": None, "at": None, "interrupt": None, **more}
        branch.frames[self.id] = frame
        return frame

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        frame = branch.frames.get(self.id)
        if frame is not None and frame["at"] is not None and branch.error is frame["error"]:
            branch.failed_at = machine.plan.find(frame["at"], branch.zone)
        branch.turn = FAIL
        return None

    def child_ended(self, machine: Machine, branch: Branch, child: Branch) -> Branch | None:
        """Take note of a child's end; give the branch to go on with in its place."""
        frame = branch.frames[self.id]
        del branch.children[child.index]
        if child.error is None:
            self.child_completed(frame, child)
        elif child.interrupted:
            self._child_stopped(branch, frame, child)
        else:
            self.child_failed(machine, branch, frame, child)
        following = self.start_next(machine, branch, frame)
        if following is None and not branch.children:
            branch.effect = self.join
        return following

    # Any: as above.
    def child_completed(self, frame: dict[str, Any], child: Branch) -> None:
        """Keep what the child left."""
        frame["ended"][child.index] = child.key

    # Any: as above.
    def child_failed(
        self, machine: Machine, branch: Branch, frame: dict[str, Any], child: Branch
    ) -> None:
        """Remember the first failure, and where it was."""
        if frame["error"] is None:
            frame["error"] = child.error
            frame["by"] = child.index
            frame["at"] = _place(machine, branch, child)

    # Any: as above.
    def start_next(self, machine: Machine, branch: Branch, frame: dict[str, Any]) -> Branch | None:
        """Start what can now be started."""
        return None

    @staticmethod
    # Any: as above.
    def _child_stopped(branch: Branch, frame: dict[str, Any], child: Branch) -> None:
        if child.cancelled and (frame["error"] is not None or frame["interrupt"] is not None):
            return  # it was told to stop because of a sibling
        frame["interrupt"] = child.error
        for sibling in branch.children.values():
            sibling.cancel()


class Parallel(Forking):
    """Named branches, all at once; the first failure cancels the others."""

    __slots__ = ("branches",)
    kind = "parallel"

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.Parallel) -> None:
        super().__init__(id_, name, parent, node)
        self.branches: list[Op] = []

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        self.open_frame(branch)
        for index, root in enumerate(self.branches):
            machine.fork(branch, root, index)
        return machine.forked(branch, self)

    # Any: see Branch.frames.
    def child_failed(
        self, machine: Machine, branch: Branch, frame: dict[str, Any], child: Branch
    ) -> None:
        super().child_failed(machine, branch, frame, child)
        for sibling in branch.children.values():
            sibling.cancel()


class ForEach(Forking):
    """The body once per item: in this branch, or in up to `concurrency` branches at a time."""

    __slots__ = ("body", "concurrency", "into", "isolate", "items", "keeps_going", "over")
    kind = "for_each"
    repeats = True

    def __init__(self, id_: str, name: str, parent: Op | None, node: nodes.ForEach) -> None:
        super().__init__(id_, name, parent, node)
        self.over = node.over
        self.into = node.into
        self.concurrency = node.concurrency
        self.isolate = node.isolate
        self.keeps_going = node.on_error == "continue"
        self.items = fx.Items(self)
        self.body: Op | None = None

    def enter(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        return self.items

    def fed(self, machine: Machine, branch: Branch, outcome: fx.Outcome) -> fx.Effect | None:
        if not isinstance(outcome, fx.Listed):
            return super().fed(machine, branch, outcome)
        frame = self.open_frame(
            branch, items=list(outcome.items), next=0, index=None, results={}, failures={}, spots=[]
        )
        if not frame["items"]:
            machine.note_inside(self, "skipped")
        if self.concurrency == 1:
            return self._next_here(machine, branch, frame)
        for _ in range(min(self.concurrency, len(frame["items"]))):
            self._start(machine, branch, frame)
        return machine.forked(branch, self)

    def after(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        frame = branch.frames[self.id]
        self._keep(frame, frame["index"], branch.value)
        return self._next_here(machine, branch, frame)

    def broke(self, machine: Machine, branch: Branch) -> fx.Effect | None:
        frame = branch.frames.get(self.id)
        inside = frame is not None and branch.effect is not self.join
        if frame is None or not inside or branch.interrupted or not self._goes_on(machine):
            return super().broke(machine, branch)
        self._keep_failure(frame, frame["index"], branch.error, _place(machine, branch, branch))
        branch.error = branch.failed_at = None
        return self._next_here(machine, branch, frame)

    # Any: see Branch.frames.
    def _next_here(
        self, machine: Machine, branch: Branch, frame: dict[str, Any]
    ) -> fx.Effect | None:
        index = self._take_index(frame)
        if index is None or self.body is None:
            return self.join
        frame["index"] = index
        branch.value = None
        machine.plan.next_item(self, branch.zone)
        branch.op, branch.turn = self.body, ENTER
        return None

    # Any: see Branch.frames.
    def _keep(self, frame: dict[str, Any], index: int, value: object) -> None:
        if self.into is not None and value is not None:  # what nobody asks for takes no room
            frame["results"][index] = value

    # Any: see Branch.frames.
    def _start(self, machine: Machine, branch: Branch, frame: dict[str, Any]) -> Branch | None:
        index = self._take_index(frame)
        if index is None or self.body is None:
            return None
        return machine.fork(branch, self.body, index)

    @staticmethod
    # Any: see Branch.frames.
    def _take_index(frame: dict[str, Any]) -> int | None:
        """The next item to do: one that failed and is to be done again, or the next in order."""
        again = frame.get("again")
        if again:
            index: int = again.pop(0)
            return index
        index = frame["next"]
        if index >= len(frame["items"]):
            return None
        frame["next"] = index + 1
        return index

    def repeat_failed(self, machine: Machine, branch: Branch) -> None:
        """Do the items again that failed, instead of joining what all have left."""
        old = branch.frames[self.id]
        again = sorted(old["failures"])
        # A new frame, so that whoever saves it piece by piece begins anew as well.
        frame = {**old, "failures": {}, "spots": [], "again": again, "index": None}
        branch.frames[self.id] = frame
        if self.concurrency == 1:
            branch.effect = self._next_here(machine, branch, frame)
            return
        for _ in range(min(self.concurrency, len(again))):
            self._start(machine, branch, frame)
        branch.effect = self.fork

    # Any: see Branch.frames.
    def start_next(self, machine: Machine, branch: Branch, frame: dict[str, Any]) -> Branch | None:
        stopped = frame["interrupt"] is not None or branch.cancelled
        failed = frame["error"] is not None and not self._goes_on(machine)
        if stopped or failed:
            return None
        return self._start(machine, branch, frame)

    # Any: see Branch.frames.
    def child_completed(self, frame: dict[str, Any], child: Branch) -> None:
        super().child_completed(frame, child)
        self._keep(frame, child.index, child.value)

    # Any: see Branch.frames.
    def child_failed(
        self, machine: Machine, branch: Branch, frame: dict[str, Any], child: Branch
    ) -> None:
        if self._goes_on(machine):
            place = _place(machine, branch, child)
            self._keep_failure(frame, child.index, child.error, place)
        else:
            super().child_failed(machine, branch, frame, child)

    def _goes_on(self, machine: Machine) -> bool:
        """Whether the other items are done although one failed."""
        return self.keeps_going and not machine.exit_first

    @staticmethod
    # Any: see Branch.frames.
    def _keep_failure(
        frame: dict[str, Any], index: int, error: BaseException | None, place: str | None
    ) -> None:
        frame["failures"][index] = error
        if place is not None and place not in frame["spots"]:
            frame["spots"].append(place)


def _place(machine: Machine, branch: Branch, child: Branch) -> str | None:
    """Where the child failed; what was inserted for one item alone is not known outside it."""
    place = child.failed_at
    while place is not None and machine.plan.find(place.id, branch.zone) is not place:
        place = place.parent
    return None if place is None else place.id
