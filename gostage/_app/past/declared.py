"""Keys that the items of a stored definition say they write, so that changes find their makers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    # Any: JSON of any shape, here and wherever this alias stands.
    Json = Any

_TELLING: Final = frozenset({"stage", "for_each", "receive", "sub", "spawn"})
"""The kinds that write keys without an action."""


def declared_keys(definition: Json, structure: Sequence[tuple[str, str]]) -> dict[str, set[str]]:
    """Find which items write which keys: of each key their paths."""
    found = list(_items(definition))
    places = [(path, kind) for path, kind in structure if kind in _TELLING]
    if [kind for kind, _ in found] != [kind for _, kind in places]:
        return {}  # not one made of the other
    makers: dict[str, set[str]] = {}
    for (_, keys), (path, _) in zip(found, places, strict=True):
        for key in keys:
            makers.setdefault(key, set()).add(path)
    return makers


def _items(definition: Json) -> Iterator[tuple[str, list[str]]]:
    """Every item of those kinds, in program order, with its keys."""
    todo = [definition]
    while todo:
        item = todo.pop()
        if not isinstance(item, dict):
            continue
        kind = item.get("kind")
        if kind in _TELLING:
            inner = item.get("workflow")
            yield kind, [*_keys(item), *(_keys(inner) if isinstance(inner, dict) else ())]
        todo.extend(reversed(list(_inside(item))))


def _keys(item: Mapping[str, Json]) -> Iterator[str]:
    into, initial = item.get("into"), item.get("initial")
    if isinstance(into, dict):
        into = into.get("key")
    if isinstance(into, str):
        yield into
    yield from initial if isinstance(initial, dict) else ()


def _inside(item: Mapping[str, Json]) -> Iterator[Json]:
    arms, branches = item.get("arms"), item.get("branches")
    for arm in arms if isinstance(arms, list) else ():
        yield from _list(arm.get("body")) if isinstance(arm, dict) else ()
    yield from _list(item.get("otherwise"))
    for branch in branches.values() if isinstance(branches, dict) else ():
        yield from _list(branch)
    yield from _list(item.get("items"))
    yield from _list(item.get("body"))
    if isinstance(item.get("workflow"), dict):
        yield from _list(item["workflow"].get("items"))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
