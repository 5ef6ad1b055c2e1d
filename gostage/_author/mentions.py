"""Mentions: the code that a stored definition names, step by step; nothing is imported for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    # Any: JSON.
    Data = Mapping[str, Any]

_CODE: Final = frozenset(
    (
        "action",
        "backoff",
        "cond",
        "function",
        "handler",
        "items_of",
        "merge",
        "random",
        "when",
    )
)
"""Where there is a reference; or an object, which holds it under one of these again."""
_LAYERS: Final = "use"
_NESTED: Final = frozenset(("into", "options", "over", "provides", "retry"))
"""Where there may be more of these."""


def mentions(definition: Data) -> Iterator[tuple[str, ...]]:
    """The references of the workflow itself, then of each of its steps and branches, in order."""
    yield tuple(_named(definition))
    yield from _items(definition["items"])


def _items(items: list[Data]) -> Iterator[tuple[str, ...]]:
    for item in items:
        inner = item.get("workflow", {})
        arms = item.get("arms", ())
        conditions = (name for arm in arms for name in _named(arm))
        yield (*_named(item), *conditions, *_named(inner))
        for body in (*arms, item, inner):
            for key in ("items", "body", "otherwise"):
                yield from _items(body.get(key, []))
        for branch in item.get("branches", {}).values():
            yield ()
            yield from _items(branch)


def _named(data: object) -> Iterator[str]:
    """The references in one object, those of the steps inside excepted."""
    if isinstance(data, list):
        for each in data:
            yield from _named(each)
    if not isinstance(data, Mapping):
        return
    for key, value in data.items():
        if key == _LAYERS:
            yield from value
        elif key in _CODE and isinstance(value, str):
            yield value
        elif key in _CODE or key in _NESTED:
            yield from _named(value)
