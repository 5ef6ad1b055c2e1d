"""The plan: a program plus one run's own edits (inserted, removed and disabled items).

The program is shared and frozen; whatever a run changes stands here. While nothing was changed,
finding the next op costs one truth test.

A for-each that runs items side by side gives each item a *zone*: what is inserted or removed inside
the item's body counts for that item alone. Zone 0 is the run's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from gostage._engine import forks, guards
from gostage._engine.program import Linker, Names, as_node, children
from gostage._engine.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gostage._engine.nodes import Item
    from gostage._engine.ops import Op
    from gostage._engine.program import Program


class Insertion(Value):
    """One inserted item: after a sibling, or (`after` is None) as the parent's last.

    `by` is the step that inserted it; when that step starts over, the insertion is gone.
    """

    __slots__ = ("after", "by", "item", "made", "op")

    def __init__(self, op: Op, item: Item, after: Op | None, by: Op, made: tuple[Op, ...]) -> None:
        self.op: Final = op
        self.item: Final = item
        self.after: Final = after
        self.by: Final = by
        self.made: Final = made

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was put somewhere else than right beside the step that asked for it."""
        return self.op.parent is not self.by.parent


class Edit(Value):
    """One change of the plan, as it can be undone."""

    __slots__ = ("kind", "op", "zone")

    def __init__(
        self, kind: Literal["insert", "remove", "disable", "enable"], zone: int, op: Op
    ) -> None:
        self.kind: Final = kind
        self.zone: Final = zone
        self.op: Final = op


class Overlay:
    """The edits of one zone: where its links differ from the program's."""

    __slots__ = (
        "disabled",
        "elsewhere",
        "firsts",
        "inserted",
        "lasts",
        "links",
        "made",
        "names",
        "removed",
    )

    def __init__(self, disabled: set[str]) -> None:
        self.disabled = disabled  # the plan's own, for all zones
        self.inserted: dict[str, Insertion] = {}
        self.elsewhere: dict[str, Insertion] = {}
        self.made: dict[str, Op] = {}
        self.removed: dict[str, Op] = {}
        self.links: dict[str, Op | None] = {}
        self.firsts: dict[str, Op] = {}
        self.lasts: dict[str, Op] = {}
        self.names: dict[str, Names] = {}

    def first(self, op: Op) -> Op | None:
        """The first child that was not removed."""
        return self.present(self.firsts.get(op.id, op.first))

    def next(self, op: Op) -> Op | None:
        """The next sibling that was not removed."""
        return self.present(self.following(op))

    def following(self, op: Op) -> Op | None:
        """The next sibling, removed or not."""
        return self.links.get(op.id, op.next)

    def present(self, op: Op | None) -> Op | None:
        """The op itself, or the first after it that was not removed."""
        while op is not None and op.id in self.removed:
            op = self.following(op)
        return op

    def names_below(self, parent: Op) -> Names:
        """Count the names below a parent, once."""
        names = self.names.get(parent.id)
        if names is None:
            names = self.names[parent.id] = Names()
            for child in children(parent):
                names.number(child.name.partition("#")[0])
        return names

    def link(self, parent: Op, op: Op, after: Op | None) -> None:
        """Put the op behind a sibling, or last."""
        last = self.lasts.get(parent.id, parent.last)
        after = after or last
        if after is None:
            self.firsts[parent.id] = op
        else:
            self.links[op.id] = self.following(after)
            self.links[after.id] = op
        if after is last:
            self.lasts[parent.id] = op

    def unlink(self, insertion: Insertion) -> None:
        """Take the op out again."""
        op = insertion.op
        parent = op.parent
        if parent is None:
            return
        before = insertion.after or self.firsts.get(parent.id, parent.first)
        if before is op:
            self.firsts.pop(parent.id)
            self.lasts.pop(parent.id)
        while before is not None and before is not op:
            following = self.following(before)
            if following is op:
                self.links[before.id] = self.following(op)
                if self.lasts.get(parent.id) is op:
                    self.lasts[parent.id] = before
            before = following
        self.links.pop(op.id, None)
        self.names_below(parent).forget(as_node(insertion.item).name)
        self.drop(insertion)

    def drop(self, insertion: Insertion) -> None:
        """Forget an insertion and all that was made for it."""
        del self.inserted[insertion.op.id]
        self.elsewhere.pop(insertion.op.id, None)
        for made in insertion.made:
            del self.made[made.id]
            self.removed.pop(made.id, None)
            self.disabled.discard(made.id)  # another one may be inserted under this id

    def add(self, insertion: Insertion) -> None:
        """Link an insertion and remember it."""
        op = insertion.op
        if op.parent is not None:
            self.link(op.parent, op, insertion.after)
        self.inserted[op.id] = insertion
        self.made.update((made.id, made) for made in insertion.made)
        if insertion.is_elsewhere:
            self.elsewhere[op.id] = insertion

    def restart(self, op: Op) -> None:
        """Forget what was inserted or removed below the op."""
        todo = [op]
        while todo:
            parent = todo.pop()
            todo.extend(_branching(parent))
            child = self.firsts.pop(parent.id, parent.first)
            self.lasts.pop(parent.id, None)
            self.names.pop(parent.id, None)
            while child is not None:
                todo.append(child)
                following = self.following(child)
                self.links.pop(child.id, None)
                self.removed.pop(child.id, None)
                if child.id in self.inserted:
                    self.drop(self.inserted[child.id])
                child = following

    def forget_elsewhere(self, op: Op) -> None:
        """Take out what steps below the op have put somewhere else."""
        for insertion in reversed(list(self.elsewhere.values())):
            is_there = self.elsewhere.get(insertion.op.id) is insertion
            if is_there and _is_below(insertion.by, op):
                self.forget_elsewhere(insertion.op)
                self.restart(insertion.op)
                self.unlink(insertion)


class Plan:
    """Where each op of one run leads."""

    __slots__ = ("disabled", "edited", "overlays", "program", "version")

    def __init__(self, program: Program, disabled: frozenset[str] = frozenset()) -> None:
        self.program = program
        self.version = 0
        """Grows with every change."""
        self.overlays: dict[int, Overlay] = {}
        self.disabled: set[str] = {id_ for id_ in disabled if id_ in program.ops}
        self.edited = bool(self.disabled)

    def first(self, op: Op, zone: int = 0) -> Op | None:
        """The op's first child that was not removed."""
        overlay = self.overlays.get(zone) if self.edited else None
        return op.first if overlay is None else overlay.first(op)

    def next(self, op: Op, zone: int = 0) -> Op | None:
        """The next sibling that was not removed."""
        overlay = self.overlays.get(zone) if self.edited else None
        return op.next if overlay is None else overlay.next(op)

    def children(self, op: Op, zone: int = 0) -> Iterator[Op]:
        """What the op holds now, in order: arms, branches and bodies included."""
        yield from _branching(op)
        child = self.first(op, zone)
        while child is not None:
            yield child
            child = self.next(child, zone)

    def walk(self, op: Op | None = None, zones: Mapping[str, int] | None = None) -> Iterator[Op]:
        """Everything below the op (or the root) in order; `zones` says where a zone begins."""
        top = op or self.program.root
        zones = zones or {}
        zone = _zone_at(top, zones)
        stack = [(self.children(top, zone), zone)]
        while stack:
            siblings, zone = stack[-1]
            child = next(siblings, None)
            if child is None:
                stack.pop()
                continue
            yield child
            zone = zones.get(child.id, zone)
            stack.append((self.children(child, zone), zone))

    def find(self, id_: str, zone: int = 0) -> Op | None:
        """The op of this id, declared or inserted."""
        op = self.program.ops.get(id_)
        if op is None and zone in self.overlays:
            op = self.overlays[zone].made.get(id_)
        return op

    def ahead(self, op: Op, zones: Mapping[str, int]) -> Iterator[tuple[Op, int]]:
        """What comes after the op, with its zone: its later siblings, then its parent's, and on."""
        place: Op | None = op
        while place is not None:
            zone = _zone_at(place, zones)
            sibling = self.next(place, zone)
            while sibling is not None:
                yield sibling, zone
                for below in self.walk(sibling, zones):
                    yield below, _zone_at(below, zones)
                sibling = self.next(sibling, zone)
            place = place.parent

    def insert_after(self, anchor: Op, item: Item, by: Op, zone: int = 0) -> Edit:
        """Put an item right after a sibling."""
        return self._insert(anchor.parent or self.program.root, item, anchor, by, zone)

    def append(self, parent: Op, item: Item, by: Op, zone: int = 0) -> Edit:
        """Put an item behind the parent's last."""
        return self._insert(parent, item, None, by, zone)

    def _insert(self, parent: Op, item: Item, after: Op | None, by: Op, zone: int) -> Edit:
        self.version += 1
        overlay = self._overlay(zone)
        ops = self.program.ops
        linker = Linker(self.program.id, lambda id_: id_ in ops or id_ in overlay.made)
        op = linker.link(parent, item, overlay.names_below(parent))
        linker.run()
        overlay.add(Insertion(op, item, after, by, tuple(linker.by_id.values())))
        return Edit("insert", zone, op)

    def tail(self, op: Op, zone: int = 0) -> Op:
        """The last item that steps below the op have put right behind it, or the op itself."""
        overlay = self.overlays.get(zone)
        if overlay is None:
            return op
        for insertion in reversed(overlay.elsewhere.values()):
            if insertion.after is not None and _is_below(insertion.by, op):
                return insertion.op
        return op

    def remove(self, op: Op, zone: int = 0) -> Edit:
        """Take an item out."""
        self.version += 1
        self._overlay(zone).removed[op.id] = op
        return Edit("remove", zone, op)

    def disable(self, op: Op) -> Edit | None:
        """Skip the item when the run reaches it; nothing if that is so already."""
        if op.id in self.disabled:
            return None
        self.version += 1
        self.disabled.add(op.id)
        self.edited = True
        return Edit("disable", 0, op)

    def enable(self, op: Op) -> Edit | None:
        """Run the item again; nothing if it was not disabled."""
        if op.id not in self.disabled:
            return None
        self.version += 1
        self.disabled.discard(op.id)
        return Edit("enable", 0, op)

    def undo(self, edit: Edit) -> None:
        """Take one edit back; edits are undone youngest first."""
        self.version += 1
        if edit.kind == "insert":
            overlay = self._overlay(edit.zone)
            overlay.unlink(overlay.inserted[edit.op.id])
        elif edit.kind == "remove":
            self._overlay(edit.zone).removed.pop(edit.op.id, None)
        elif edit.kind == "disable":
            self.disabled.discard(edit.op.id)
        else:
            self.disabled.add(edit.op.id)

    def restart(self, op: Op, zone: int = 0) -> None:
        """Begin a body again from its declaration: what its steps inserted or removed is gone."""
        overlay = self.overlays.get(zone) if self.edited else None
        if overlay is not None and (overlay.inserted or overlay.removed):
            self.version += 1
            overlay.forget_elsewhere(op)
            overlay.restart(op)

    def next_item(self, op: Op, zone: int = 0) -> None:
        """Begin a body for another item: what the last one's steps put elsewhere stays."""
        overlay = self.overlays.get(zone) if self.edited else None
        if overlay is not None and (overlay.inserted or overlay.removed):
            self.version += 1
            overlay.restart(op)

    def forget_elsewhere(self, op: Op, zone: int = 0) -> None:
        """Take out what steps below a failed op have put somewhere else."""
        if zone in self.overlays:
            self.version += 1
            self.overlays[zone].forget_elsewhere(op)

    def forget(self, zone: int) -> None:
        """The zone's item has ended."""
        self.version += self.overlays.pop(zone, None) is not None

    def _overlay(self, zone: int) -> Overlay:
        self.edited = True
        return self.overlays.setdefault(zone, Overlay(self.disabled))


def _branching(op: Op) -> Iterator[Op]:
    if isinstance(op, guards.Choice):
        yield from op.arms
        if op.otherwise is not None:
            yield op.otherwise
    elif isinstance(op, forks.Parallel):
        yield from op.branches
    elif isinstance(op, forks.ForEach) and op.body is not None:
        yield op.body


def _is_below(op: Op, ancestor: Op) -> bool:
    place: Op | None = op
    while place is not None and place is not ancestor:
        place = place.parent
    return place is not None


def _zone_at(op: Op, zones: Mapping[str, int]) -> int:
    place: Op | None = op
    while place is not None:
        if place.id in zones:
            return zones[place.id]
        place = place.parent
    return 0
