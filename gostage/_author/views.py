"""Views: the actions of a stage, or the stages of a workflow, as a list that may be changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, MutableSequence
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from gostage._author.tree import Flow
    from gostage._engine.nodes import Item

T = TypeVar("T")


class View(MutableSequence[T], Generic[T]):
    """The items of one kind, in order; other items keep their places between them."""

    __slots__ = ("_flow",)

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    @abstractmethod
    def shown(self, item: Item) -> T | None:
        """Give what this view shows of an item, or `None` if the item is not of its kind."""

    @abstractmethod
    def made(self, value: object) -> Item:
        """Make the item for a value that is put in; what cannot stand here is refused."""

    def __iter__(self) -> Iterator[T]:
        for item in self._flow.items:
            value = self.shown(item)
            if value is not None:
                yield value

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return list(self)[index]

    @overload
    def __setitem__(self, index: int, value: T) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[T]) -> None: ...
    def __setitem__(self, index: int | slice, value: T | Iterable[T]) -> None:
        values = list(self)
        if isinstance(index, slice):
            values[index] = cast("Iterable[T]", value)
        else:
            values[index] = cast("T", value)
        self._replace(values)

    def __delitem__(self, index: int | slice) -> None:
        values = list(self)
        del values[index]
        self._replace(values)

    def insert(self, index: int, value: T) -> None:
        """Put a value before the one at this position."""
        values = list(self)
        values.insert(index, value)
        self._replace(values)

    def append(self, value: T) -> None:
        """Put a value at the end, after every other item."""
        self._flow.put(self.made(value))

    def sort(self, *, key: Callable[[T], object] | None = None, reverse: bool = False) -> None:
        """Sort in place, as a list does."""
        self._replace(sorted(self, key=key, reverse=reverse))  # type: ignore[type-var,arg-type]

    def reverse(self) -> None:
        """Reverse in place."""
        self._replace(list(self)[::-1])

    def copy(self) -> list[T]:
        """Make a plain list."""
        return list(self)

    def clear(self) -> None:
        """Take all of them out; items of another kind stay."""
        self._replace([])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (list, View)):
            return list(self) == list(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as a list: what can be changed has no hash

    def __add__(self, other: Iterable[T]) -> list[T]:
        return [*self, *other]

    def __iadd__(self, other: Iterable[T]) -> Self:
        self.extend(list(other))
        return self

    def __repr__(self) -> str:
        return repr(list(self))

    def _replace(self, values: list[T]) -> None:
        """Make the view show these values; what is the same at both ends is not touched."""
        flow = self._flow
        before = list(flow.items)
        places = [number for number, item in enumerate(before) if self.shown(item) is not None]
        start, end = self._changed([self.shown(before[number]) for number in places], values)
        freed = places[start : len(places) - end]
        behind = places[len(places) - end] if end else len(before)
        gone = set(freed)
        # While the new items are checked, only what stays may be in their way.
        flow.items[:] = [item for number, item in enumerate(before) if number not in gone]
        try:
            made = self._checked(values[start : len(values) - end], [before[n] for n in freed])
        except BaseException:
            flow.items[:] = before
            raise
        flow.items[:] = _placed(before, freed, made, behind)
        flow.changes += 1

    @staticmethod
    def _changed(old: list[T | None], new: list[T]) -> tuple[int, int]:
        """How many values are the very same at the beginning, and how many at the end."""
        most = min(len(old), len(new))
        start = next((n for n in range(most) if old[n] is not new[n]), most)
        most -= start
        end = next((n for n in range(most) if old[-1 - n] is not new[-1 - n]), most)
        return start, end

    def _checked(self, values: list[T], freed: list[Item]) -> list[Item]:
        """Make the items for values; a named step that only moves keeps its name."""
        flow = self._flow
        kept: dict[int, list[Item]] = {}
        for item in freed:
            kept.setdefault(id(self.shown(item)), []).append(item)
        made: list[Item] = []
        for value in values:
            known = kept.get(id(value))
            item = known.pop(0) if known else self.made(value)
            flow.check_place(item, len(flow.items), may_repeat=True)
            flow.items.append(item)
            made.append(item)
        return made


def _placed(before: list[Item], freed: list[int], made: list[Item], behind: int) -> list[Item]:
    """Put items into the freed places, and the rest behind the last of them."""
    slots: dict[int, list[Item]] = {place: made[n : n + 1] for n, place in enumerate(freed)}
    rest = made[len(freed) :]
    if freed:
        slots[freed[-1]].extend(rest)
        rest = []
    after = [slots.get(number, [item]) for number, item in enumerate(before)]
    after.insert(behind, rest)
    return [item for items in after for item in items]
