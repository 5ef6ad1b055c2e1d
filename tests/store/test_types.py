"""Whether a value satisfies an annotation, and what an annotation is called."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from numbers import Number
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NewType,
    Optional,
    Protocol,
    SupportsInt,
    TypedDict,
    TypeVar,
    Union,
    runtime_checkable,
)

import pytest
import typing_extensions

from gostage._store.types import kind_of, satisfies, type_name
from tests.store.samples import Box, Color, Level, Plain, Point, User

UserId = NewType("UserId", int)
Bounded = TypeVar("Bounded", bound=Sequence)  # type: ignore[type-arg]
Chosen = TypeVar("Chosen", int, str)
Free = TypeVar("Free")
Tree = typing_extensions.TypeAliasType("Tree", "dict[str, Tree] | int")  # type: ignore[misc]


class Movie(TypedDict):
    name: str
    year: int


class Partial(Movie, total=False):
    rating: float


class Nested(TypedDict):
    name: str
    inner: Nested | None  # type: ignore[misc]


class Closes(Protocol):
    name: str

    def close(self) -> None: ...


@runtime_checkable
class Sized(Protocol):
    def __len__(self) -> int: ...


class File:
    name = "f"

    def close(self) -> None:
        raise AssertionError("only looked at")


class Careful:
    close = File.close

    @property
    def name(self) -> str:
        raise AssertionError("only looked at")


class Made:
    def __getattr__(self, name: str) -> object:
        return name


class Never:
    __len__ = None


def endless() -> Iterator[int]:
    while True:
        yield "no number"  # type: ignore[misc]


YES = [
    (1, int),
    (True, bool),
    (1.0, float),
    ("x", str),
    (None, None),
    (None, type(None)),
    (None, object),
    (object(), Any),
    (datetime(2024, 1, 1), datetime),
    (date(2024, 1, 1), date),
    (1, Number),
    (True, int | bool),
    (1, Optional[int]),
    (None, Optional[int]),
    ("x", Union[int, str]),
    ("a", Literal["a", "b"]),
    (1, Literal[1, "b"]),
    ([1, 2], list[int]),
    ([], list[int]),
    ([1], list),
    ([1], typing.List),  # noqa: UP006
    ({"a": [1]}, dict[str, list[int]]),
    ((1, "a"), tuple[int, str]),
    ((1, 2, 3), tuple[int, ...]),
    ((), tuple[()]),
    ((), tuple[int, ...]),
    ({1}, set[int]),
    (frozenset({"a"}), frozenset[str]),
    ("x", Annotated[str, "note"]),
    (1, Annotated[int, []]),
    (1, UserId),
    ([1], Bounded),
    (1, Chosen),
    (object(), Free),
    ({"name": "x", "year": 1}, Movie),
    ({"name": "x", "year": 1, "rating": 1.5}, Partial),
    ({"name": "x", "year": 1}, Partial),
    ({"name": "x", "inner": {"name": "y", "inner": None}}, Nested),
    (len, Callable),
    (len, Callable[[object], int]),
    (int, type),
    (bool, type[int]),
    (int, type[int | str]),
    (int, type[Any]),
    ([1], Sequence),
    ([1], Sequence[int]),
    ("abc", Sequence[str]),
    ({"a": 1}, Mapping[str, int]),
    (endless(), Iterable[int]),
    (endless(), Iterator[int]),
    ("x", Hashable),
    (File(), Closes),
    (Careful(), Closes),
    (Made(), Closes),
    ([1], Sized),
    (1, SupportsInt),
    (Box(1), Box),
    (Box(1), Box[int]),
    (Point(1), Point),
    (Point(1), tuple),
    (Color.RED, Color),
    (Level.LOW, Level),
    (3, "int"),
    (3, ForwardRef("Nobody")),
    ([3], list["Nobody"]),  # type: ignore[name-defined]  # noqa: F821
    ({"a": {"b": 1}}, Tree),
    ("x", typing_extensions.LiteralString),
    (User, type[User]),
]
NO = [
    (True, int),
    (1, bool),
    (1, float),
    (1.0, int),
    (1, complex),
    (Level.LOW, int),
    ("x", bytes),
    (None, int),
    (None, str),
    (0, None),
    (datetime(2024, 1, 1), date),
    (True, int | str),
    (1.5, Optional[int]),
    ("c", Literal["a", "b"]),
    (True, Literal[1]),
    (1, Literal[True]),
    ([1, "2"], list[int]),
    ([True], list[int]),
    ((1,), list[int]),
    ({"a": ["1"]}, dict[str, list[int]]),
    ({1: 1}, dict[str, int]),
    ((1,), tuple[int, str]),
    ((1, 2), tuple[()]),
    ((1, "a"), tuple[int, ...]),
    ({"1"}, set[int]),
    (1, Annotated[str, "note"]),
    ("1", UserId),
    (1, Bounded),
    (1.5, Chosen),
    ({"name": "x"}, Movie),
    ({"name": "x", "year": "1"}, Movie),
    ({"name": "x", "year": 1, "rating": "5"}, Partial),
    ({"name": "x", "inner": {"name": 5, "inner": None}}, Nested),
    (3, Movie),
    (3, Callable),
    (3, type),
    (str, type[int]),
    (3, type[int]),
    (3, Sequence),
    ([1], Sequence[str]),
    ({"a": 1}, Mapping[str, str]),
    (3, Iterable[int]),
    ([], Hashable),
    (Plain(), Closes),
    (Never(), Sized),
    ("x", SupportsInt),
    (Plain(), Box),
    (Plain(), Box[int]),
    ((1, 0), Point),
    (3, typing.NoReturn),
    (3, typing_extensions.Never),
    (3, typing_extensions.LiteralString),
]


def name(value: object) -> str:
    return type(value).__name__ if isinstance(value, (Plain, Made)) else str(value)[:40]


@pytest.mark.parametrize(("value", "annotation"), YES, ids=name)
def test_a_value_satisfies_its_annotation(value, annotation):
    """What a reader of the annotation expects is accepted."""
    assert satisfies(value, annotation)


@pytest.mark.parametrize(("value", "annotation"), NO, ids=name)
def test_another_value_does_not(value, annotation):
    """What a reader of the annotation does not expect is refused."""
    assert not satisfies(value, annotation)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (None, "None"),
        (Any, "Any"),
        (list[int], "list[int]"),
        (dict[str, list[int]], "dict[str, list[int]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Optional[int], "int | None"),
        (int | str, "int | str"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Annotated[int, 3], "int"),
        (Callable[[int], str], "Callable[[int], str]"),
        (collections.abc.Sequence[int], "Sequence[int]"),
        (User, "User"),
        (UserId, "UserId"),
        (Box[int], "Box[int]"),
        ("Order", "Order"),
        (ForwardRef("Order"), "Order"),
    ],
    ids=str,
)
def test_an_annotation_has_a_short_name(annotation, text):
    """It is called what the author would call it."""
    assert type_name(annotation) == text


def test_a_local_class_is_called_by_its_own_name():
    """Where it was defined says nothing to the reader of a message."""

    class Local: ...

    assert type_name(Local) == "Local"


def test_an_iterator_is_not_consumed():
    """Looking at a value leaves it as it was."""
    items = iter([1, "two"])

    assert satisfies(items, Iterable[int])
    assert list(items) == [1, "two"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ([1, 2], "list[int]"),
        ([], "list"),
        ({"a": 1}, "dict[str, int]"),
        ({1, "a"}, "set[int | str]"),
        ([1, "a", 2.0, None], "list"),
        ((1, 2), "tuple"),
        (True, "bool"),
    ],
    ids=str,
)
def test_a_value_is_called_by_what_it_holds(value, name):
    """A container names the types of its items, as long as they are few."""
    assert kind_of(value) == name
