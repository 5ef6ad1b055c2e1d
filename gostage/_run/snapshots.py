"""Snapshots: where each branch of a run stood when it was last sound, as text that can be saved.

A branch that unwinds keeps the snapshot from before: a run that failed goes on where it failed, and
one that is killed while it cleans up does so as well. Nothing is written here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._engine import effects as fx
from gostage._engine.position import dump_branch
from gostage._run.text import quoted, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from gostage._engine.branch import Branch
    from gostage._engine.machine import Machine
    from gostage._run.packing import StorePacking

    # Any: JSON-able data.
    Json = Any
    Piece = tuple[int, str, str, int, Json]

LISTS: Final = ("items", "ended", "results", "failures")
"""What a fork remembers of each item or branch: it only grows, and is saved piece by piece."""
_WITHOUT: Final = frozenset(LISTS)
_PLAIN: Final = frozenset((bool, int, float, str, type(None)))
"""What is the same for as long as it is equal; lists and the like may change where they are."""


def is_sound(branch: Branch) -> bool:
    """Whether nothing has gone wrong in it that was not dealt with."""
    if branch.error is not None or branch.interrupted:
        return False
    effect = branch.effect
    if type(effect) is fx.Fork or type(effect) is fx.Join:
        frame = branch.frames[effect.op.id]
        return frame["error"] is None and frame["interrupt"] is None
    return True


class _Fork:
    """What of one fork's memory is saved already."""

    __slots__ = ("children", "counts", "frame")

    def __init__(self, frame: dict[str, Json]) -> None:
        self.frame = frame
        self.counts = dict.fromkeys(LISTS, 0)
        self.children: set[int] = set()
        """The branches that came to an end here, and are not joined yet."""

    def know_all(self) -> None:
        """Take everything for saved."""
        self.counts = {kind: len(self.frame.get(kind, ())) for kind in LISTS}
        self.children = set(self.frame["ended"].values())


class Snapshots:
    """All that the position of a run is made of."""

    def __init__(self, machine: Machine, packing: StorePacking) -> None:
        self._machine = machine
        self._packing = packing
        self._texts: dict[int, str] = {}
        self._parents: dict[int, int] = {}
        self._failed: set[int] = set()
        """Branches that have failed, below one that is not sound."""
        self._forks: dict[tuple[int, str], _Fork] = {}
        self._owed: dict[int, tuple[Sequence[int], Collection[tuple[int, str]]]] = {}
        """What children have left that failed, by branch: it may still be gone on with."""
        self._moved: Branch | None = None
        """The only branch, if it has moved since its snapshot was taken."""
        self._frames: dict[str, dict[str, Json]] | None = None
        """The last frames of the only branch, as long as all in them is plain."""
        self._frames_text = ""
        self.left: list[int] = []
        """Branches that are no more."""
        self.dropped: list[tuple[int, str]] = []
        """Forks that are no more, as branch and step."""
        self.pieces: list[Piece] = []
        """What was added to the memory of forks: branch, step, kind, index, value."""
        for branch in machine.branches.values():
            self._keep(branch)
            self._know(branch)

    def _know(self, branch: Branch) -> None:
        for id_, frame in branch.frames.items():
            if "ended" in frame:
                fork = self._forks[branch.key, id_] = _Fork(frame)
                fork.know_all()

    def text(self) -> str:
        """The whole position."""
        if self._moved is not None:
            self._keep(self._moved)
            self._moved = None
        if len(self._texts) == 1 and 0 in self._texts:
            return f'{{"branches":{{"0":{self._texts[0]}}}}}'
        rows = ",".join([f'"{key}":{text}' for key, text in self._texts.items()])
        return f'{{"branches":{{{rows}}},"keys":{self._machine.keys}}}'

    def next_call(self, branch: Branch) -> str | None:
        """The whole position, if all there is of it is an only branch before its next call.

        That is so after most steps by far, and takes a fifth of the time of `look` and `text`.
        """
        effect = branch.effect
        if (
            type(effect) is not fx.Call
            or branch.frames != self._frames
            or branch.parent is not None
            or branch.error is not None
            or branch.interrupted
            or len(self._machine.branches) != 1
            or len(self._texts) != 1
            or self._forks
            or self.left
            or self.dropped
            or self.pieces
        ):
            return None
        self._moved = branch  # its text is not kept: it moves on
        at = quoted(effect.op.id)
        return f'{{"branches":{{"0":{{"at":{at},"do":"call"{self._frames_text}}}}}}}'

    def leave_part(
        self,
        key: int,
        branches: Sequence[int],
        forks: Collection[tuple[int, str]],
        *,
        is_over: bool,
    ) -> None:
        """Have all that is kept of a child go, at once or when its branch goes on without it."""
        self._owed[key] = (branches, forks)
        if is_over:
            self._pay(key)

    def _pay(self, key: int) -> None:
        branches, forks = self._owed.pop(key, ((), ()))
        self.left.extend(branches)
        self.dropped.extend(forks)

    def has_failed(self, key: int) -> bool:
        """Whether a branch has ended with an error that nobody has dealt with yet."""
        return key in self._failed

    def look(self, branch: Branch) -> None:
        """Look at a branch that has just moved, and at those it came from."""
        is_alone = len(self._machine.branches) == 1 and len(self._texts) == 1
        is_first = is_alone and not branch.key and not self._forks and not self._owed
        # Plain frames are none of a fork.
        if is_first and (branch.frames == self._frames or not _has_fork(branch)):
            self._moved = branch  # it may move on before anything is saved
            return
        self._moved = None
        place: Branch | None = branch
        while place is not None:
            self._look_at(place)
            place = place.parent
        for key, new in list(self._machine.branches.items()):
            if key not in self._texts:
                self._keep(new)

    def _look_at(self, branch: Branch) -> None:
        if branch.key not in self._machine.branches and branch.key:
            self._has_ended(branch)
            return
        self._add_pieces(branch)
        if is_sound(branch):
            self._drop_forks(branch)
            for key in [k for k in self._failed if self._parents.get(k) == branch.key]:
                self._forget(key)
            self._pay(branch.key)
            self._keep(branch)

    def _keep(self, branch: Branch) -> None:
        if is_sound(branch):
            self._texts[branch.key] = self._text_of(branch)
        if branch.parent is not None:
            self._parents[branch.key] = branch.parent.key

    def _text_of(self, branch: Branch) -> str:
        effect = branch.effect
        is_at_top = branch.parent is None
        # By far the commonest: the next action of a stage.
        if type(effect) is fx.Call and is_at_top and branch.frames == self._frames:
            return f'{{"at":{quoted(effect.op.id)},"do":"call"{self._frames_text}}}'
        dumped = dump_branch(branch, self._packing, _WITHOUT)
        dumped.pop("cancelled", None)  # it goes on as if nobody had told it to stop
        if type(effect) is fx.Call and is_at_top:
            self._know_frames(branch, dumped)
        return to_text(dumped)

    def _know_frames(self, branch: Branch, dumped: dict[str, Json]) -> None:
        """Keep the text of frames that the next steps may well have again."""
        frames = branch.frames
        is_plain = all(type(value) in _PLAIN for each in frames.values() for value in each.values())
        is_usual = dumped.keys() <= {"at", "do", "frames"}
        is_known = is_plain and is_usual
        self._frames = {key: dict(each) for key, each in frames.items()} if is_known else None
        self._frames_text = f',"frames":{to_text(dumped["frames"])}' if is_known and frames else ""

    def _has_ended(self, branch: Branch) -> None:
        if branch.key not in self._texts:
            return
        if branch.error is not None:
            self._failed.add(branch.key)
            return
        for key, id_ in [each for each in self._forks if each[0] == branch.key]:
            self._drop(key, id_)
        del self._texts[branch.key]
        self._parents.pop(branch.key, None)

    def _add_pieces(self, branch: Branch) -> None:
        for id_, frame in branch.frames.items():
            if "ended" not in frame:
                continue
            fork = self._forks.get((branch.key, id_))
            if fork is None or fork.frame is not frame:
                if fork is not None:
                    self._drop(branch.key, id_)
                fork = self._forks[branch.key, id_] = _Fork(frame)
            fork.children.update(frame["ended"].values())
            for kind, index, value in self._new_in(fork):
                self.pieces.append((branch.key, id_, kind, index, value))

    def _new_in(self, fork: _Fork) -> Iterator[tuple[str, int, Json]]:
        pack: Mapping[str, Callable[[Any], Json]] = {
            "items": self._packing.pack_value,
            "results": self._packing.pack_value,
            "failures": self._packing.pack_error,
        }
        for kind, known in fork.counts.items():
            values: Json = fork.frame.get(kind) or ()
            new = len(values) - known
            if new <= 0:
                continue
            fork.counts[kind] = len(values)
            found = enumerate(values) if kind == "items" else _last(values, new)
            for index, value in found:
                yield kind, index, pack[kind](value) if kind in pack else value

    def _drop_forks(self, branch: Branch) -> None:
        gone = [
            (key, id_) for key, id_ in self._forks if key == branch.key and id_ not in branch.frames
        ]
        for key, id_ in gone:
            self._drop(key, id_)

    def _drop(self, key: int, id_: str) -> None:
        fork = self._forks.pop((key, id_))
        self.dropped.append((key, id_))
        self.pieces = [piece for piece in self.pieces if piece[:2] != (key, id_)]
        self.left.extend(sorted(fork.children))

    def _forget(self, key: int) -> None:
        """Forget a branch that failed, now that this was dealt with, and all that came of it."""
        self._failed.discard(key)
        self._pay(key)
        self._texts.pop(key, None)
        self._parents.pop(key, None)
        self.left.append(key)
        for below in [k for k, parent in self._parents.items() if parent == key]:
            self._forget(below)
        for owner, id_ in [each for each in self._forks if each[0] == key]:
            self._drop(owner, id_)


def _has_fork(branch: Branch) -> bool:
    return any("ended" in frame for frame in branch.frames.values())


def _last(values: Mapping[int, Json], count: int) -> list[tuple[int, Json]]:
    # The last ones, without a look at all those before.
    found = reversed(values)
    return [(key, values[key]) for key in [next(found) for _ in range(count)][::-1]]
