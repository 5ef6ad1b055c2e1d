"""The board: how a run stands, as far as its events tell; pure, it knows no clock and no screen.

It remembers what is open and a little of what has just ended; of everything else only counts, so
that it stays small however long the run is.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gostage._app.past.telling import text_of_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gostage import Event

KEPT: Final = 50
"""How many ended items of one parent are remembered."""

TURNING: Final = frozenset({"for_each", "loop", "retry"})
"""The kinds whose body may run several times."""


class Item:
    """One item of the run: where it stands in the tree, and how it is going."""

    __slots__ = (
        "attempt",
        "begun",
        "children",
        "done",
        "duration",
        "ended",
        "error",
        "forgotten",
        "head",
        "kind",
        "lanes",
        "name",
        "parent",
        "path",
        "recent",
        "running",
        "since",
        "status",
        "total",
        "turns",
    )

    def __init__(self, path: str, kind: str, parent: Item | None) -> None:
        self.path = path
        self.kind = kind
        self.parent = parent
        self.name = path[len(parent.path) + 1 :] if parent is not None and parent.path else path
        self.status = "pending"
        self.since = 0.0
        """When what it does now began."""
        self.duration: float | None = None
        self.error = ""
        """What its last attempt failed with."""
        self.attempt = 1
        self.running = 0
        """How often it runs right now: the items of a for_each may run it side by side."""
        self.ended = 0
        """How often it has ended since its parent began."""
        self.turns = 0
        """How often it stands among those of its parent that have ended."""
        self.clear()

    def clear(self) -> None:
        """Know of nothing below it."""
        self.children: dict[str, Item] = {}
        self.recent: deque[Item] = deque()
        """The children that have ended, the one that is forgotten next first."""
        self.forgotten = 0
        self.done: dict[str, int] = {}
        """How the items below it have ended that have no items of their own."""
        self.total: int | None = None
        """Of a for_each, how many items there are."""
        self.begun = 0
        """How often its body has begun."""
        self.lanes = 0
        """For how many items of a for_each the body ran at once, at most."""
        self.head: Item | None = None
        """The first item of its body."""

    @property
    def is_open(self) -> bool:
        """Whether it has begun and not ended."""
        return self.running > 0 or self.status == "retrying"

    @property
    def passed(self) -> int:
        """Of a for_each: how many items it is through with, by what can be known."""
        ended = min((child.ended for child in self.children.values()), default=0)
        return max(self.begun - self.lanes, ended)

    def above(self) -> Iterator[Item]:
        """What it stands in, from the inside out."""
        each = self.parent
        while each is not None:
            yield each
            each = each.parent


class Board:
    """All items that are worth showing, by path."""

    def __init__(self) -> None:
        self.root = Item("", "run", None)
        self.name = ""
        self.total = 0
        """How many items the workflow itself has, as far as is known."""
        self.passed = 0
        """How many of them have ended."""
        self._items: dict[str, Item] = {}
        self._plan: Sequence[str] = ()
        self._places: dict[str, int] = {}
        self._removed: set[str] = set()
        self._reached = 0
        self._handlers = {
            "step_started": self._step_started,
            "step_ended": self._step_ended,
            "step_retried": self._step_retried,
            "items_listed": self._items_listed,
            "plan_changed": self._plan_changed,
        }

    def __len__(self) -> int:
        """How many items are remembered."""
        return len(self._items)

    def begin(self, name: str, plan: Sequence[str], now: float) -> None:
        """Forget everything: a run of this workflow begins, with these items, if they are known."""
        self._forget_below(self.root)
        self.root.since = now
        self.name = name
        self.total = len(plan)
        self.passed = self._reached = 0
        self._plan = plan
        self._places = {name: place for place, name in enumerate(plan)}
        self._removed.clear()

    def ahead(self, limit: int) -> list[str]:
        """The next items of the workflow itself."""
        rest = islice(self._plan, self._reached, None)
        return list(islice((name for name in rest if name not in self._removed), limit))

    def apply(self, event: Event, now: float) -> None:
        """Take in what happened; what time it is the caller says."""
        handle = self._handlers.get(event.kind)
        if handle is not None:
            handle(event.path, event.data, now)

    # ---------------------------------------------------------------- items

    # Any, here and below: what events tell.
    def _step_started(self, path: str, data: Mapping[str, Any], now: float) -> None:
        item = self._find(path, data["kind"])
        parent = item.parent or self.root
        if item.status != "retrying":
            self._note_turn(parent, item)
        if item.running == 0:
            self._begin(item, now)
        item.running += 1
        item.attempt = data["attempt"]
        if parent.kind == "for_each":
            parent.lanes = max(parent.lanes, sum(c.running for c in parent.children.values()))

    def _begin(self, item: Item, now: float) -> None:
        if item.status != "retrying":
            if item.done or item.children:
                self._forget_below(item)
            item.error = ""
        item.status = "running"
        item.since = now
        item.duration = None

    def _step_ended(self, path: str, data: Mapping[str, Any], now: float) -> None:
        item = self._find(path, data["kind"])
        parent = item.parent or self.root
        if not item.is_open:  # it was skipped
            self._note_turn(parent, item)
        status = data["status"]
        item.ended += 1
        item.running = max(0, item.running - 1)
        item.duration = data["duration"]
        item.error = text_of_error(data["error"])
        if not item.children and not item.done:
            for each in item.above():
                each.done[status] = each.done.get(status, 0) + 1
        if item.running:
            return
        item.status = status
        item.since = now
        if parent is self.root:
            self.passed += 1
        if item.children:
            self._forget_below(item, counts=False)
        self._keep_few(parent, item)

    def _step_retried(self, path: str, data: Mapping[str, Any], now: float) -> None:
        item = self._find(path, data["kind"])
        item.attempt = data["attempt"] + 1
        item.error = text_of_error(data["error"])
        for each in (item, *item.above()):  # it did not stay a failure
            if each.done.get("failed"):
                each.done["failed"] -= 1
        if item.kind == "action":
            item.status = "retrying"
            item.since = now
            item.ended -= 1
            if item.parent is self.root:
                self.passed -= 1

    def _items_listed(self, path: str, data: Mapping[str, Any], now: float) -> None:
        item = self._items.get(path)
        if item is not None:
            item.total = data["total"]

    def _plan_changed(self, path: str, data: Mapping[str, Any], now: float) -> None:
        if any(above in self._items or above in self._places for above in _prefixes(path)):
            return  # what is not in the workflow itself is seen when it begins
        if data["change"] == "insert":
            self.total += 1
        elif data["change"] == "remove":
            self.total -= 1
            self._removed.add(path)

    # ---------------------------------------------------------------- the tree

    def _find(self, path: str, kind: str) -> Item:
        """The item of a path; a new one is put below the longest path that leads to it."""
        item = self._items.get(path)
        if item is None:
            known = (self._items[above] for above in _prefixes(path) if above in self._items)
            parent = next(known, self.root)
            item = self._items[path] = parent.children[path] = Item(path, kind, parent)
            if parent is self.root:
                self._reached = max(self._reached, self._places.get(path, -1) + 1)
        return item

    def _note_turn(self, parent: Item, item: Item) -> None:
        """Note that a body begins again, if that is what its first item says."""
        if parent.kind not in TURNING:
            return
        if parent.head is None:
            parent.head = item
        if parent.head is item:
            parent.begun += 1
            for each in parent.children.values():
                if not each.is_open:
                    each.status = "pending"

    def _forget_below(self, item: Item, *, counts: bool = True) -> None:
        todo = [item]
        while todo:
            each = todo.pop()
            todo.extend(each.children.values())
            for path in each.children:
                del self._items[path]
        done, total = item.done, item.total
        item.clear()
        if not counts:
            item.done, item.total = done, total

    def _keep_few(self, parent: Item, item: Item) -> None:
        """Forget the oldest of many that have ended beside each other."""
        if parent.kind in TURNING:
            return  # the same few come again and again, and they are counted
        parent.recent.append(item)
        item.turns += 1
        while len(parent.recent) > KEPT:
            oldest = parent.recent.popleft()
            oldest.turns -= 1
            if oldest.turns == 0 and not oldest.is_open:
                parent.forgotten += 1
                del parent.children[oldest.path]
                del self._items[oldest.path]


def _prefixes(path: str) -> Iterator[str]:
    """What a path may lead through, the longest first: names may have slashes of their own."""
    above = path.rpartition("/")[0]
    while above:
        yield above
        above = above.rpartition("/")[0]
