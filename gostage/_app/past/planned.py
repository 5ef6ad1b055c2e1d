"""The plan of a run as it was: the stored structure with what the run itself has changed in it.

Only paths and kinds are known of it; no code is looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from gostage._app.past.declared import declared_keys
from gostage._app.past.saved import EDITS, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gostage._app.past.saved import Data, Saved

Mark = Literal["", "inserted", "removed", "disabled"]

SINGLE: Final = frozenset({"action", "receive", "sleep", "wait"})
"""The kinds that nothing stands in."""
_WIRING: Final = "//"
"""What stands in the ids of items that have no record of their own."""
_KINDS: Final[Mapping[str, str]] = {
    "do": "action",
    "steps": "group",
    "wait_for": "wait",
    "branch": "case",
}
"""The kinds that a definition has another word for."""


class Planned(NamedTuple):
    """One item of a plan."""

    path: str
    kind: str
    mark: Mark = ""


class Plan:
    """A plan while the run changes it, commit by commit."""

    def __init__(self, plan_json: str | None, run_id: str) -> None:
        told = table(plan_json, run_id, "the plan")
        self._structure = _structure(told.get("structure"))
        self._declared = declared_keys(told.get("definition"), self._structure)
        self.arms = _arms(told.get("ways"))
        """The arm of a case that a step stands in, of those that stand in one themselves."""
        self._edits: dict[str, Any] = {}  # Any: JSON

    def take(self, saved: Saved) -> None:
        """Take in what a commit changed."""
        for branch, name, data in saved.changes:
            if branch == EDITS and data is None:
                self._edits.pop(name, None)
            elif branch == EDITS:
                self._edits[name] = data

    def items(self) -> list[Planned]:
        """Every item, in order; what was inserted for one item of a for_each is not among them."""
        if not self._edits:
            return [Planned(path, kind) for path, kind in self._structure]
        tree = _Tree([Planned(path, kind) for path, kind in self._structure])
        for kind, path, data in sorted(self._read_edits(), key=_number):
            if kind == "insert":
                for each, parent, after in _inserted(path, data):
                    tree.add(each, tree.owner(each.path) if parent is None else parent, after)
            else:
                tree.mark(path, "removed" if kind == "remove" else "disabled")
        return list(tree.walk())

    def maker(self, key: str, paths: Iterable[str]) -> str | None:
        """The one of these items, none of them an action, that says it writes a key."""
        makers = self._declared.get(key, ())
        return next((path for path in paths if path in makers), None)

    def _read_edits(self) -> Iterator[tuple[str, str, Any]]:  # Any: as above
        for name, data in self._edits.items():
            kind, _, rest = name.partition(":")
            zone, _, path = rest.partition(":")
            if zone == "0" and isinstance(data, list) and data:
                yield kind, path, data


def with_more(items: list[Planned], more: Iterable[Planned]) -> list[Planned]:
    """Put items that the plan does not know any more behind those they stand beside."""
    rest = list(more)
    if not rest:
        return items
    tree = _Tree(items)
    for each in rest:
        tree.add(each, tree.owner(each.path), None)
    return list(tree.walk())


class _Tree:
    """Items in those they stand in."""

    def __init__(self, items: Iterable[Planned]) -> None:
        self._items: dict[str, Planned] = {}
        self._kinds: dict[str, str] = {}
        self._inside: dict[str, list[str]] = {"": []}
        for each in items:
            self.add(each, self.owner(each.path), None)

    def owner(self, path: str) -> str:
        """What a path stands in."""
        return owner_of(path, self._kinds)

    def add(self, item: Planned, parent: str, after: str | None) -> None:
        """Put an item behind another one, or as the parent's last."""
        path = item.path
        if not path or path in self._items:
            return
        beside = self._inside.get(parent, self._inside[""])  # known before: no circle comes of it
        self._items[path] = item
        self._kinds[path] = item.kind
        self._inside[path] = []
        if after is not None and after in beside:
            beside.insert(beside.index(after) + 1, path)
        else:
            beside.append(path)

    def mark(self, path: str, mark: Mark) -> None:
        """Mark an item with all that stands in it."""
        for each in self._below(path) if path in self._items else ():
            self._items[each] = self._items[each]._replace(mark=mark)

    def walk(self) -> Iterator[Planned]:
        """Everything, in order."""
        return (self._items[path] for path in self._below("") if path)

    def _below(self, path: str) -> Iterator[str]:
        todo = [path]
        while todo:
            each = todo.pop()
            yield each
            todo.extend(reversed(self._inside[each]))


def owner_of(path: str, kinds: Mapping[str, str]) -> str:
    """The item that a path leads through last; empty for the run itself.

    It is the longest one that is known: a slash may also be a part of a name.
    """
    above = path.rpartition("/")[0]
    while above and kinds.get(above, "action") in SINGLE:
        above = above.rpartition("/")[0]
    return above


def shown(id_: str) -> str:
    """The path of the item that is shown for an id, which may be of wiring inside it."""
    return id_.partition(_WIRING)[0]


# Any, here and below: JSON.
def _structure(rows: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    return [
        (row[0], row[1])
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, list)
        and len(row) >= 2
        and isinstance(row[0], str)
        and row[0]
        and isinstance(row[1], str)
        and row[1] != "arm"
        and _WIRING not in row[0]
    ]


def _arms(ways: Any) -> dict[str, str]:  # noqa: ANN401
    """The arms among the ways of a structure, which tell of loops as well."""
    pairs = ways.items() if isinstance(ways, dict) else ()
    arms = ((path, str(way).partition(",")[0]) for path, way in pairs)
    return {path: arm for path, arm in arms if arm == "else" or arm.startswith("arm ")}


def _number(edit: tuple[str, str, Any]) -> int:
    number = edit[2][0]
    return number if isinstance(number, int) else 0


def _inserted(path: str, data: Any) -> Iterator[tuple[Planned, str | None, str | None]]:  # noqa: ANN401
    """An inserted item and all in it; with what it stands in, if known, and behind what."""
    place = data[1] if len(data) > 1 and isinstance(data[1], list) else []
    parent, after, item = (place[1], place[2], place[4]) if len(place) == 5 else (None, None, None)
    structure = _structure(data[2]) if len(data) > 2 else []
    first, *rest = structure or [(path, _kind(item))]
    yield Planned(*first, "inserted"), None if parent is None else shown(str(parent)), after
    for each, kind in rest:
        yield Planned(each, kind, "inserted"), None, None


def _kind(packed: Any) -> str:  # noqa: ANN401
    """The kind of an item, as its definition says."""
    items: Data = packed if isinstance(packed, dict) else {}
    found = items.get("items")
    if isinstance(found, list) and found and isinstance(found[0], dict):
        kind = str(found[0].get("kind"))
        return _KINDS.get(kind, kind)
    return "action"
