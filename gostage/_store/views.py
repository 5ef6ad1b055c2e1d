"""The views of a store: its keys, values and items, as they are at the moment of looking."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from gostage.errors import KeyMissing

__all__ = ["Items", "Keys", "Values"]


class Keys(KeysView[str]):
    """The keys of a store; equal to a list of the same keys in the same order, too."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Compare with a list in order, with anything else as a set."""
        return list(self) == other if isinstance(other, list) else super().__eq__(other)

    __hash__ = None  # type: ignore[assignment] # like any other view of keys


class Values(ValuesView[Any]):  # Any: a store holds values of every type
    """The values of a store; one that expires meanwhile is left out."""

    __slots__ = ()
    _mapping: Mapping[str, Any]

    def __iter__(self) -> Iterator[Any]:
        """Each value."""
        for _, value in _pairs(self._mapping):
            yield value


class Items(ItemsView[str, Any]):  # Any: as above
    """The keys and values of a store; what expires meanwhile is left out."""

    __slots__ = ()
    _mapping: Mapping[str, Any]

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Each key with its value."""
        return _pairs(self._mapping)


def _pairs(store: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:  # Any: as above
    for key in list(store):
        try:
            yield key, store[key]
        except KeyMissing:
            continue
