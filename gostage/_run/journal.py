"""The journal: writes what a run does into its database, one commit for each step.

It is given everything the run does, and decides what belongs into one commit: what a step wrote and
where the run stands after it come together, or not at all. Waking and owning are others' business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._db.protocol import Commit, Item, Plan, Stop
from gostage._engine import effects as fx
from gostage._engine.position import dump_insertion, place_of
from gostage._run.packing import StorePacking
from gostage._run.pauses import settle
from gostage._run.snapshots import Snapshots, is_sound
from gostage._run.text import to_text
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

_STEPS: Final = frozenset((fx.Call, fx.Ask, fx.Judge, fx.Items, fx.Listen, fx.Hold, fx.Start))
"""What is written down as soon as it is done; what is done between two steps comes with a step."""
_WAITS: Final = frozenset((fx.Pause, fx.Listen, fx.Hold))

EDITS: Final = -1
"""The branch under which the changes of the plan are kept."""
ENDED: Final = -2
"""The branch under which stands what the store got while a run that failed unwound."""


class Journal:
    """What one run has done since its last commit, and the commits."""

    def __init__(self, run: Execution, database: Database, known: int = 0) -> None:
        self._run = run
        self._database = database
        self._packing = StorePacking(run.around.codec)
        self._snapshots = Snapshots(run.machine, self._packing)
        self.lease: Lease | None = None
        self.known = known
        """The number of the last signal that the run knows."""
        self.broken: BaseException | None = None
        """Why nothing can be written any more: the run has lost its owner, or its database."""
        self.plan: Plan | None = None
        """What the run carries out from now on, if that is to be written down as well."""
        self.events: list[Json] = []
        """What happened since the last commit."""
        self._late: list[int] = []
        """Branches that have come to an end, and whose last changes are not written yet."""
        self.closed: set[int] = set()
        """Branches that have just left middleware, which is not to be left again."""
        self._aside: list[tuple[int, dict[str, Staged]]] = []
        """What belongs to where branches stand now, and comes with whatever is written next."""
        self._used: dict[int, list[int]] = {}
        self._edits: dict[str, tuple[Insertion | None, Json]] = {}
        self._edits_made = 0
        self._version = -1
        self._saved_left: list[int] = []

    # ---------------------------------------------------------------- what the run tells

    def take(self, branch: Branch, effect: fx.Effect | None, following: Branch | None) -> None:
        """Take note of what a branch did, and write it down if that was a step."""
        if self.broken is not None:
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
        elif has_ended and sound:
            self._late.append(branch.key)
        elif sound:
            self._set_aside(branch)

    def used(self, branch: Branch, number: int) -> None:
        """A signal was taken by a branch; it is gone when what came of it is written."""
        self._used.setdefault(branch.key, []).append(number)

    def tell(self, kind: str, path: str = "", /, **data: Json) -> None:
        """Note something that did not happen to a step."""
        self.events.append((kind, self._run.clock.now(), path, data))

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
        if self._late:
            lines += [(key, run.lines[key]) for key in self._late if key in run.lines]
            self._late.clear()
        used = self._used.pop(branch.key, ()) if self._used else ()
        self._send(self._commit(lines, used))

    def _set_aside(self, branch: Branch) -> None:
        """Have what a branch wrote between two steps come with its position, whoever writes that.

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
        changes: list[Json] = []
        written: list[tuple[int, str]] = []
        erased: list[tuple[int, str]] = []
        for branch, staged in self._staged(lines).items():
            for key, entry in staged.items():
                changes.append((branch, key, entry))
                (erased if entry is None else written).append((branch, key))
        plan = self._run.plan
        if plan.edited and plan.version != self._version:
            self._take_edits(changes, written, erased)
        events = to_text(self.events)
        self.events.clear()
        commit = Commit(
            self._run.clock.now(),
            snapshots.text(),
            events,
            to_text(changes) if changes else "[]",
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

    def _take_edits(
        self, changes: list[Json], written: list[tuple[int, str]], erased: list[tuple[int, str]]
    ) -> None:
        self._version = self._run.plan.version
        now = dict(self._edits_now())
        for name in self._edits.keys() - now.keys():
            changes.append((EDITS, name, None))
            erased.append((EDITS, name))
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
            changes.append((EDITS, name, data))
            written.append((EDITS, name))

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

    def _unwound(self, root: Line) -> Commit:
        """What a run that failed leaves behind, without moving from where it can go on."""
        staged = self._staged([(0, root)]).get(0, {})
        rows = [(ENDED, key, entry or {"gone": "deleted"}) for key, entry in staged.items()]
        events = to_text(self.events)
        self.events.clear()
        return Commit(
            self._run.clock.now(),
            None,
            events,
            to_text(rows),
            [(ENDED, key) for key in staged],
        )


def _goes_on(branch: Branch) -> bool:
    """Whether what a branch was forked from goes on as if nothing had happened."""
    return branch.parent is not None and is_sound(branch.parent)
