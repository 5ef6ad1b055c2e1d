"""Kept: where a child stood when it last told of a step, so that another one can go on there.

A child counts its branches from nought. Here each gets a number of its own, far from those of the
run's own branches, under which a database keeps what stands in its store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._engine import position
from gostage._engine.ops import Do
from gostage._engine.plan import Edit
from gostage._run.text import from_text, to_text
from gostage.errors import UnknownState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gostage._engine import effects as fx
    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._engine.plan import Plan
    from gostage._run.execution import Execution
    from gostage._run.packing import StorePacking

    # Any: JSON-able data.
    Json = Any

FOREIGN: Final = 1_000_000_000
"""From here on numbers are those of branches in children."""


class Kept:
    """What the child of one branch has told, as far as another child needs it."""

    __slots__ = ("edits", "entries", "is_waiting", "items", "numbers", "op", "position")

    def __init__(self, op: Op) -> None:
        self.op = op
        self.position: Json = None
        """Where the child stood; nothing if it has not finished a step."""
        self.entries: dict[int, dict[str, Json]] = {}
        """What stands in the stores of its own branches."""
        self.items: dict[tuple[int, str, str, int], Json] = {}
        """What its forks remember, piece by piece."""
        self.numbers: dict[int, int] = {}
        """What its branches are called here."""
        self.edits: dict[str, Json] = {}
        """What its own branches did to the plan for themselves."""
        self.is_waiting = False

    # ---------------------------------------------------------------- data

    def to_data(self) -> Json:
        """All of it, for the next child."""
        if self.position is None:
            return None
        return {
            "position": self.position,
            "entries": [
                [b, key, entry] for b, of in self.entries.items() for key, entry in of.items()
            ],
            "items": [[*place, value] for place, value in self.items.items()],
            "edits": list(self.edits.items()),
        }

    def position_data(self) -> Json:
        """What stands in the position of the run; stores and pieces are kept beside it."""
        numbers = {str(local): number for local, number in self.numbers.items()}
        data = {"position": self.position, "numbers": numbers}
        if self.edits:
            data["edits"] = list(self.edits.items())
        return {**data, "waits": True} if self.is_waiting else data

    @classmethod
    def from_data(cls, op: Op, data: Mapping[str, Json]) -> Kept:
        """Read what `position_data` gave."""
        made = cls(op)
        made.position = data["position"]
        made.numbers = {int(local): int(number) for local, number in data["numbers"].items()}
        made.edits = dict(data.get("edits", ()))
        made.is_waiting = bool(data.get("waits"))
        return made

    def fill(self, data: Mapping[str, Json]) -> None:
        """Read what `to_data` gave; the rest is known."""
        for branch, key, entry in data["entries"]:
            self.entries.setdefault(branch, {})[key] = entry
        for *place, value in data["items"]:
            branch, step, kind, index = place
            self.items[branch, step, kind, index] = value

    # ---------------------------------------------------------------- one step more

    def take(
        self, run: Execution, branch: Branch, commit: Mapping[str, Json], rows: Sequence[Json]
    ) -> None:
        """Take what a step left of the child's own branches, and have it written down."""
        self.is_waiting = False
        if commit["position"] is not None:
            self.position = commit["position"]
        self._leave(run, [local for local in commit["left"] if local > 0])
        journal = run.journal
        for local, key, entry in rows:
            of = self.entries.setdefault(local, {})
            of.pop(key, None)
            if entry is not None:
                of[key] = entry
            if journal is not None:
                text = None if entry is None else to_text(entry)
                journal.bring(self._number(run, local), key, text)
        self._take_pieces(run, branch, commit)

    def _leave(self, run: Execution, gone: Sequence[int]) -> None:
        """Forget branches; what comes after has to do with others, of the same numbers maybe."""
        for local in gone:
            self.entries.pop(local, None)
            for place in [each for each in self.items if each[0] == local]:
                del self.items[place]
        numbers = [self.numbers.pop(local) for local in gone if local in self.numbers]
        if run.journal is not None:
            run.journal.forget(numbers)

    def left_behind(self, branch: Branch) -> tuple[list[int], set[tuple[int, str]]]:
        """What is kept of it in a database: its branches, and its forks as branch and step."""
        places = {(local, step) for local, step, *_ in self.items}
        forks = {
            (self.numbers[local] if local else branch.key, step)
            for local, step in places
            if not local or local in self.numbers
        }
        return list(self.numbers.values()), forks

    def _take_pieces(self, run: Execution, branch: Branch, commit: Mapping[str, Json]) -> None:
        journal = run.journal
        for local, step in commit["dropped"]:
            for place in [each for each in self.items if each[:2] == (local, step)]:
                del self.items[place]
            if journal is not None:
                journal.drop_pieces(self._number(run, local, branch), step)
        for local, step, kind, index, value in commit["items"]:
            self.items[local, step, kind, index] = value
            if journal is not None:
                journal.bring_piece(self._number(run, local, branch), step, kind, index, value)

    def _number(self, run: Execution, local: int, branch: Branch | None = None) -> int:
        if not local and branch is not None:
            return branch.key
        number = self.numbers.get(local)
        if number is None:
            run.foreign = max(run.foreign, FOREIGN) + 1
            number = self.numbers[local] = run.foreign
        return number

    def take_edits(
        self,
        run: Execution,
        branch: Branch,
        edits: Mapping[str, Json],
        packing: StorePacking,
    ) -> list[Edit]:
        """Do to the plan what the child did to its own; gives what was done."""
        ordered = sorted(edits.items(), key=lambda pair: pair[1][0] if pair[1] else 0)
        own = [(name, data) for name, data in ordered if name.split(":", 2)[1] == "0"]
        done: list[str] = []
        made: list[Edit] = []
        try:
            for name, data in own:
                told = None if data is None else data[1] or ()
                position.do_edit(run.plan, name, branch.zone, told, packing)
                if told is not None:
                    done.append(name)
                made += _edits_of(run.plan, name, branch.zone, is_done=told is not None)
        except BaseException:
            for name in reversed(done):
                position.do_edit(run.plan, name, branch.zone, None, packing)
            raise
        for name, data in ordered:
            if name.split(":", 2)[1] == "0":
                continue
            self.edits.pop(name, None)
            if data is not None:
                self.edits[name] = data[1]
        return made

    # ---------------------------------------------------------------- where it stood

    def next_call(self, plan: Plan, part: Op, zone: int) -> Op | None:
        """The action it was about to call, or was calling, if it did one thing at a time."""
        if self.position is None:
            first = plan.first(part, zone)  # of a stage it may be its middleware that died
            return first if isinstance(first, Do) else None
        entries = list(self.position["branches"].values())
        if len(entries) != 1 or entries[0]["do"] != "call":
            return None
        return plan.find(entries[0]["at"], zone) or plan.find(entries[0]["at"])

    def was_let_go(self) -> bool:
        """Whether the child only came back because it was told to, and can go on at once."""
        if not self.is_waiting or self.position is None:
            return False
        doing = {entry["do"] for entry in _standing(self.position)}
        return not doing <= {"fork", "pause", "listen", "hold"}

    def waits(self, plan: Plan, zone: int, packing: StorePacking) -> Iterator[fx.Effect]:
        """What the child's branches wait for, if they wait."""
        if not self.is_waiting or self.position is None:
            return
        for entry in _standing(self.position):
            op = plan.find(entry["at"], zone) or plan.find(entry["at"])
            if op is None:
                raise UnknownState(f"a child waits at {entry['at']!r}, which is not there")
            effect = position.waiting_effect(op, entry, packing)
            if effect is not None:
                yield effect


def _edits_of(plan: Plan, name: str, zone: int, *, is_done: bool) -> list[Edit]:
    """The edit of that name as the plan knows it, done or taken back."""
    kind, _, id_ = name.split(":", 2)
    op = plan.find(id_, zone)
    if op is None:
        return []
    if kind == "disable":
        return [Edit("disable" if is_done else "enable", 0, op)]
    if not is_done:
        return []
    return [Edit("insert" if kind == "insert" else "remove", zone, op)]


def _standing(where: Json) -> Iterator[Json]:
    """Where all branches of a child stand, and those of its own children that wait."""
    for entry in where["branches"].values():
        part = entry.get("frames", {}).get(entry["at"], {}).get("part")
        if part is not None and part.get("waits") and part["position"] is not None:
            yield from _standing(part["position"])
        else:
            yield entry


def load_parts(
    run: Execution,
    entries: Mapping[int, Mapping[str, Json]],
    pieces: Sequence[tuple[int, str, str, int, str]],
) -> None:
    """Know what was kept of the children that carried out parts; pieces are texts of JSON."""
    for branch in run.machine.branches.values():
        for id_, frame in branch.frames.items():
            op = run.plan.find(id_, branch.zone) if "part" in frame else None
            if op is None:
                continue
            kept = run.parts[branch.key] = Kept.from_data(op, frame["part"])
            places = {number: local for local, number in kept.numbers.items()}
            run.foreign = max(run.foreign, *places, FOREIGN)
            for number, local in places.items():
                kept.entries[local] = dict(entries.get(number, {}))
            for number, step, kind, index, text in pieces:
                local = 0 if number == branch.key else places.get(number, -1)
                if local > 0 or (not local and step not in branch.frames):
                    kept.items[local, step, kind, index] = from_text(text)
