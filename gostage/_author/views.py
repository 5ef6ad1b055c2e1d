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
        """Put these values where the ones shown now stand; what is left over goes after them."""
        flow = self._flow
        flow.changes += 1
        before = list(flow.items)
        mine = [number for number, item in enumerate(before) if self.shown(item) is not None]
        kept: dict[int, list[Item]] = {}
        for number in mine:
            kept.setdefault(id(self.shown(before[number])), []).append(before[number])
        flow.items[:] = [item for item in before if self.shown(item) is None]
        try:
            self._refill(values, mine, kept)
        except BaseException:
            flow.items[:] = before
            raise

    def _refill(self, values: list[T], mine: list[int], kept: dict[int, list[Item]]) -> None:
        flow = self._flow
        for number, value in enumerate(values):
            known = kept.get(id(value))
            item = known.pop(0) if known else self.made(value)
            # First the places there were; the rest right behind the last of them.
            place = mine[number] if number < len(mine) else self._behind(mine, number)
            flow.check_place(item, place, may_repeat=True)
            flow.items.insert(place, item)

    def _behind(self, mine: list[int], number: int) -> int:
        return mine[-1] + number - len(mine) + 1 if mine else len(self._flow.items)
