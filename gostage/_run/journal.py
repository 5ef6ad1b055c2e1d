"""The journal: writes what a run does into its database, one commit for each step.

It is given everything the run does, and decides what belongs into one commit: what a step wrote and
where the run stands after it come together, or not at all. Waking and owning are others' business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._db.protocol import Commit, Item, Plan, Stop
from gostage._engine import effects as fx
from gostage._engine.position import dump_insertion, place_of
from gostage._run.chronicle import Chronicle
from gostage._run.line import text_of
from gostage._run.packing import StorePacking
from gostage._run.pauses import settle
from gostage._run.snapshots import Snapshots, is_sound
from gostage._run.text import quoted, to_text
from gostage.errors import DatabaseError, NotStorable, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._db.protocol import Database, Lease
    from gostage._engine.branch import Branch
    from gostage._engine.nodes import Item as PlanItem
    from gostage._engine.plan import Edit, Insertion
    from gostage._run.execution import Execution
    from gostage._run.line import Line, Staged

    # Any: JSON-able data.
    Json = Any
    # The branch and key of an entry.
    Place = tuple[int, str]

_STEPS: Final = frozenset(
    (fx.Call, fx.CallApart, fx.Ask, fx.Judge, fx.Items, fx.Listen, fx.Hold, fx.Start)
)
"""What is written down as soon as it is done; what is done between two steps comes with a step."""
_WAITS: Final = frozenset((fx.Pause, fx.Listen, fx.Hold))

EDITS: Final = -1
"""The branch under which the changes of the plan are kept."""
GONE: Final = '{"gone":"deleted"}'
ENDED: Final = -2
"""The branch under which stands what the store got while a run that failed unwound."""


class Journal:
    """What one run has done since its last commit, and the commits."""

    def __init__(self, run: Execution, database: Database, known: int = 0) -> None:
        self._run = run
        self._database = database
        self._packing = StorePacking(run.around.codec)
        self.begin()
        self.lease: Lease | None = None
        self.is_for_good = True
        """Whether what is written outlives the process; in a child, that of its parent."""
        self.known = known
        """The number of the last signal that the run knows."""
        self.broken: BaseException | None = None
        """Why nothing can be written any more: the run has lost its owner, or its database."""
        self.plan: Plan | None = None
        """What the run carries out from now on, if that is to be written down as well."""
        self.events = Chronicle()
        """What happened since the last commit."""
        self.closed: set[int] = set()
        """Branches that have just left middleware, which is not to be left again."""
        self._aside: list[tuple[int, dict[str, Staged]]] = []
        """What belongs to where branches stand now, and comes with whatever is written next."""
        self._used: dict[int, list[int]] = {}
        self._edits: dict[str, tuple[Insertion | None, Json]] = {}
        self._edits_made = 0
        self._version = -1
        self._saved_left: list[int] = []

    def begin(self) -> None:
        """Begin with where the run stands now."""
        self._snapshots = Snapshots(self._run.machine, self._packing)

    # ---------------------------------------------------------------- what the run tells

    def take(self, branch: Branch, effect: fx.Effect | None, following: Branch | None) -> None:
        """Take note of what a branch did, and write it down if that was a step."""
        if self.broken is not None or self._take_call(branch, effect, following):
            return
        if self._run.edits.pop(branch.key, None) is not None:
            self._version = -1
        now = following.effect if following is not None else None
        has_to_wait = type(now) in _WAITS
        if now is not None and has_to_wait:
            settle(self._run, now)
        self._snapshots.look(branch)
        has_ended = bool(branch.key) and branch.key not in self._run.machine.branches
        sound = is_sound(branch)
        # An item that failed, and whose for-each goes on, has failed for good.
        has_failed = has_ended and not sound and _goes_on(branch)
        is_step = type(effect) in _STEPS or branch.key in self.closed
        self.closed.discard(branch.key)
        if (is_step and sound) or has_to_wait or has_failed:
            self._write(branch)
        elif sound:
            self._set_aside(branch)

    def _take_call(
        self, branch: Branch, effect: fx.Effect | None, following: Branch | None
    ) -> bool:
        """Write a call down if another one follows, and nothing else has to come with it.

        Whatever is decided of other steps is settled here: most are such calls, and what the
        journal does for them takes half of the time so.
        """
        run = self._run
        if type(effect) is not fx.Call or following is not branch or run.edits or run.plan.edited:
            return False
        if self.closed or self._aside or self._used or self._saved_left or self.plan:
            return False
        position = self._snapshots.next_call(branch)
        line = run.lines.get(0)
        if position is None or line is None:
            return False
        if line.undo and not self._keep(line):
            return True
        at, events = run.clock.now(), self.events.take()
        if line.staged:
            written: list[Place] = []
            erased: list[Place] = []
            if len(line.staged) == 1:  # what `text_of` writes, without its loops
                ((key, entry),) = line.staged.items()
                text = f"[[0,{quoted(key)},{'null' if entry is None else entry}]]"
                (erased if entry is None else written).append((0, key))
            else:
                text = text_of({0: line.staged}, written, erased)
            line.staged.clear()
            self._send(Commit(at, position, events, text, written, erased))
        else:
            self._send(Commit(at, position, events))
        return True

    def used(self, branch: Branch, number: int) -> None:
        """A signal was taken by a branch; it is gone when what came of it is written."""
        self._used.setdefault(branch.key, []).append(number)

    def tell(self, kind: str, path: str = "", /, **data: Json) -> None:
        """Note something that did not happen to a step."""
        self.events.add((kind, self._run.clock.now(), path, data))

    def check_item(self, item: PlanItem) -> None:
        """Refuse an inserted item that another process could not find."""
        self._packing.pack_item(item)

    # ---------------------------------------------------------------- commits

    def first(self) -> Commit:
        """The commit a run begins with."""
        root = self._run.lines[0]
        return self._commit([(0, root)])

    def _write(self, branch: Branch) -> None:
        run = self._run
        lines: list[tuple[int, Line]] = []
        if is_sound(branch) and not self._keep(run.lines.get(branch.key)):
            return
        place: Branch | None = branch
        while place is not None:
            line = run.lines.get(place.key)
            if line is not None and line.staged and is_sound(place):
                lines.append((place.key, line))
            place = place.parent
        used = self._used.pop(branch.key, ()) if self._used else ()
        self._send(self._commit(lines, used))

    def _set_aside(self, branch: Branch) -> None:
        """Have what a branch wrote between steps, or at its end, come with the next commit.

        What its next step writes must not: it may be under way when another branch is done.
        """
        line = self._run.lines.get(branch.key)
        if line is not None and self._keep(line) and line.staged:
            self._aside.append((branch.key, dict(line.staged)))
            line.staged.clear()

    def _keep(self, line: Line | None) -> bool:
        """Keep what middleware wrote, on its way out or before a step that is tried again."""
        if line is not None and line.undo:
            try:
                line.commit()
            except NotStorable as error:
                self.fail(error)
                return False
        return True

    def _send(self, commit: Commit, stop: Stop | None = None) -> None:
        lease = self.lease
        if lease is None:
            raise AssertionError(f"run {self._run.run_id!r} is not held")
        if stop is not None:
            self.lease = None  # that it is gone is no surprise from here on
        try:
            self._database.commit(lease, commit, stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing can be written any more
            self.lease = lease
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Write nothing any more, and have the run stop."""
        if self.broken is None:
            if isinstance(error, DatabaseError) and error.where == Where():
                error.where = Where(run=self._run.run_id)
            self.broken = error
            self._run.stop()

    def _commit(self, lines: list[tuple[int, Line]], used: Json = ()) -> Commit:
        snapshots = self._snapshots
        changes = self._staged(lines)
        plan = self._run.plan
        if plan.edited and plan.version != self._version:
            changes[EDITS] = self._new_edits()
        written: list[Place] = []
        erased: list[Place] = []
        commit = Commit(
            self._run.clock.now(),
            snapshots.text(),
            self.events.take(),
            text_of(changes, written, erased),
            written,
            erased,
            self._saved_left + snapshots.left,
            [Item(b, step, kind, i, to_text(v)) for b, step, kind, i, v in snapshots.pieces],
            snapshots.dropped,
            used,
            self.plan,
        )
        if snapshots.left or snapshots.dropped or snapshots.pieces:
            snapshots.left, snapshots.dropped, snapshots.pieces = [], [], []
        self._saved_left, self.plan = [], None
        return commit

    def _staged(self, lines: list[tuple[int, Line]]) -> dict[int, dict[str, Staged]]:
        """All that is to be written now, by branch: what was set aside, and then the lines."""
        gone = set(self._snapshots.left)
        staged: dict[int, dict[str, Staged]] = {}
        for branch, aside in self._aside:
            if branch not in gone:
                staged.setdefault(branch, {}).update(aside)
        self._aside.clear()
        for branch, line in lines:
            if line.staged:
                staged.setdefault(branch, {}).update(line.staged)
                line.staged.clear()
        return staged

    # ---------------------------------------------------------------- the plan's edits

    def _new_edits(self) -> dict[str, Staged]:
        self._version = self._run.plan.version
        now = dict(self._edits_now())
        changes: dict[str, Staged] = {}
        for name in self._edits.keys() - now.keys():
            if self._snapshots.has_failed(int(name.split(":", 2)[1])):
                continue  # the plan has forgotten the branch, and the position has not
            changes[name] = None
            del self._edits[name]
        for name, insertion in now.items():
            known = self._edits.get(name)
            number = self._edits_made + 1
            if known is not None and known[0] is insertion:
                if self._is_there(name, *known):
                    continue
                number = known[1][0]
            self._edits_made = max(number, self._edits_made)
            made = () if insertion is None else insertion.made
            shown = [(op.id, op.kind) for op in made if not op.hidden]  # for who reads the history
            data = [number, self._edit_data(name, insertion), shown]
            self._edits[name] = (insertion, data)
            changes[name] = to_text(data)
        return changes

    def _is_there(self, name: str, insertion: Insertion | None, data: Json) -> bool:
        """Whether it still stands as it was written: who put it elsewhere may be gone since."""
        if insertion is None or not insertion.is_elsewhere:
            return True
        there: bool = place_of(self._run.plan, insertion, int(name.split(":", 2)[1])) == data[1][:4]
        return there

    def _edit_data(self, name: str, insertion: Insertion | None) -> Json:
        if insertion is None:
            return None
        zone = int(name.split(":", 2)[1])
        return dump_insertion(self._run.plan, insertion, zone, self._packing)

    def _edits_now(self) -> Iterator[tuple[str, Insertion | None]]:
        """What counts: not what calls that are still going on have done."""
        plan = self._run.plan
        pending: list[Edit] = [each for edits in self._run.edits.values() for each in edits]
        open_ = {(each.kind, each.zone, each.op.id) for each in pending}
        for zone, overlay in plan.overlays.items():
            for id_, insertion in overlay.inserted.items():
                if ("insert", zone, id_) not in open_:
                    yield f"insert:{zone}:{id_}", insertion
            for id_ in overlay.removed:
                if ("remove", zone, id_) not in open_:
                    yield f"remove:{zone}:{id_}", None
        for id_ in plan.disabled:
            if ("disable", 0, id_) not in open_:
                yield f"disable:0:{id_}", None
        for kind, _, id_ in open_:
            if kind == "enable":
                yield f"disable:0:{id_}", None

    def know_edits(self, edits: dict[str, Json]) -> None:
        """Take the edits that were read from the database for written."""
        plan = self._run.plan
        for name, data in edits.items():
            kind, zone, id_ = name.split(":", 2)
            overlay = plan.overlays.get(int(zone))
            insertion = overlay.inserted.get(id_) if kind == "insert" and overlay else None
            self._edits[name] = (insertion, data)
            self._edits_made = max(self._edits_made, data[0])
        self._version = plan.version

    # ---------------------------------------------------------------- the end

    def leave(self, stop: Stop, *, keeps_store: bool) -> None:
        """Let the run go; `keeps_store` says that it is never gone on with as it now stands."""
        if self.broken is not None:
            return
        run = self._run
        with run.lock:
            if stop.has_ended and not self._keep(run.lines[0]):
                return
            if stop.has_ended and not keeps_store:
                self._send(self._unwound(run.lines[0]), stop)
            elif stop.has_ended:
                self._send(self._commit([(0, run.lines[0])]), stop)
            else:
                used = [number for numbers in self._used.values() for number in numbers]
                self._send(self._commit([], used), stop)

    def forget(self, branches: list[int]) -> None:
        """Have the stores of these branches go with the next commit."""
        self._saved_left += branches

    # ---------------------------------------------------------------- children

    def know_plan(self) -> None:
        """Take all that was changed in the plan so far for written."""
        if self._run.plan.edited:
            self._new_edits()

    def rest(self) -> Commit:
        """What is not written yet, for a child to tell at its end."""
        run = self._run
        with run.lock:
            run.edits.clear()
            self._version = -1
            self._keep(run.lines[0])
            return self._commit([(0, run.lines[0])])

    def leave_part(
        self, branch: int, others: list[int], forks: set[tuple[int, str]], *, is_over: bool
    ) -> None:
        """Have all that is kept of a child go with a commit, when nobody can go on with it."""
        self._snapshots.leave_part(branch, others, forks, is_over=is_over)

    def look(self, branch: Branch) -> None:
        """Have where a branch stands now come with the next commit."""
        self._snapshots.look(branch)

    def bring(self, branch: int, key: str, entry: Staged) -> None:
        """Have an entry in the store of a child's branch come with the next commit."""
        self._aside.append((branch, {key: entry}))

    def bring_piece(self, branch: int, step: str, kind: str, index: int, value: Json) -> None:
        """Have a piece of what a fork in a child remembers come with the next commit."""
        self._snapshots.pieces.append((branch, step, kind, index, value))

    def drop_pieces(self, branch: int, step: str) -> None:
        """Have all of them go with the next commit."""
        self._snapshots.dropped.append((branch, step))

    def _unwound(self, root: Line) -> Commit:
        """What a run that failed leaves behind, without moving from where it can go on."""
        staged = self._staged([(0, root)]).get(0, {})
        changes = {ENDED: {key: entry or GONE for key, entry in staged.items()}}
        written: list[Place] = []
        text = text_of(changes, written)
        return Commit(self._run.clock.now(), None, self.events.take(), text, written)


def _goes_on(branch: Branch) -> bool:
    """Whether what a branch was forked from goes on as if nothing had happened."""
    return branch.parent is not None and is_sound(branch.parent)
