"""What goes with what: annotations against annotations, and names against names."""

from __future__ import annotations

import datetime as dt
import enum
import pathlib
from collections import abc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    Protocol,
    TypedDict,
    TypeVar,
)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._app.check.kinds import Fit, are_apart, element, fit
from gostage._app.check.near import is_near, misspelt
from gostage._store.types import satisfies


class Customer:
    pass


class Order:
    pass


class Vip(Customer):
    pass


class One:
    pass


class Other:
    pass


class Both(One, Other):
    pass


class Closing(Protocol):
    def close(self) -> None: ...


class Row(TypedDict):
    name: str


class Color(str, enum.Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: int


T = TypeVar("T")
UserId = NewType("UserId", int)

NEVER = [
    (int, str),
    (int, float),
    (bool, int),
    (None, str),
    (str, None),
    (list, dict),
    (tuple, list),
    (list, Mapping),
    (list[int], Iterator[int]),
    (int, Sequence),
    (str, Callable[..., int]),
    (Customer, Order),
    (Customer, dict),
    (str, Color),
    (Color, str),
    (Row, list),
    (pathlib.Path, str),
    (dt.datetime, dt.date),
    (Optional[int], str),
    (int | str, bytes),
    (Literal["a"], int),
    (int, Literal["a"]),
    (Literal["a"], Literal["b"]),
    (tuple[int, str], tuple[int, int]),
    (tuple[int, str], tuple[int]),
    (UserId, str),
    (Annotated[int, "m"], str),
]
EMPTY = [
    (list[int], list[str]),
    (list[int], Sequence[str]),
    (dict[str, int], dict[str, str]),
    (dict[str, int], Mapping[int, int]),
    (list[list[int]], list[list[str]]),
    (set[int], abc.Set[str]),
]
MAY = [
    (Any, int),
    (int, Any),
    (object, int),
    (int, int),
    (float, int),
    (int, bool),
    (dt.date, dt.datetime),
    (list[int], list),
    (list, list[int]),
    (list[Any], list[int]),
    (list[int], Iterable[int]),
    (Sequence, str),
    (Iterable[int], list[int]),
    (Customer, Vip),
    (Vip, Customer),
    (One, Other),
    (Customer, Closing),
    (Closing, Customer),
    (dict[str, Any], Row),
    (Row, dict[str, int]),
    (str, Literal["a"]),
    (Literal["a", 1], int),
    (Optional[int], int),
    (int, str | int),
    (Point, tuple[int, int]),
    (tuple[int, ...], tuple[str, ...]),
    (UserId, int),
    (Final[int], int),
    ("Unknown", int),
    (int, "Unknown"),
    (T, int),
    (type[int], type),
    (int, abc.Hashable),
    (type, Callable[[], int]),
]


def words(value: object) -> str:
    """An annotation as the id of a test."""
    return str(getattr(value, "__name__", value))


@pytest.mark.parametrize(
    ("offered", "wanted", "expected"),
    [
        pytest.param(*pair, expected, id=" for ".join(map(words, pair)))
        for expected, pairs in ((Fit.NEVER, NEVER), (Fit.EMPTY, EMPTY), (Fit.MAY, MAY))
        for pair in pairs
    ],
)
def test_annotations_go_together_as_values_would(offered, wanted, expected) -> None:
    """Only what no value can satisfy never fits; of containers, the empty one may."""
    assert fit(offered, wanted) is expected


VALUES: list[object] = [
    *(0, 1.5, True, "", "a", b"", None, [], [1], ["a"], {}, {"a": 1}, (), (1, "a"), {1}),
    *(Customer(), Vip(), Order(), Both(), Color.RED, Point(1, 2), pathlib.Path("x")),
    *(dt.date(2026, 1, 1), dt.datetime(2026, 1, 1), print, int, iter([])),
]
ANNOTATIONS = [each for pair in (*NEVER, *EMPTY, *MAY) for each in pair]


@given(st.sampled_from(ANNOTATIONS), st.sampled_from(ANNOTATIONS))
def test_no_value_satisfies_what_never_fits(offered, wanted) -> None:
    """A value of the offered annotation that satisfies the wanted one refutes the verdict."""
    if fit(offered, wanted) is Fit.NEVER:
        both = [each for each in VALUES if satisfies(each, offered) and satisfies(each, wanted)]
        assert both == []
    if fit(offered, wanted) is Fit.EMPTY:
        both = [each for each in VALUES if satisfies(each, offered) and satisfies(each, wanted)]
        assert not any(both)


@given(st.sampled_from(ANNOTATIONS))
def test_an_annotation_fits_itself(annotation) -> None:
    """What is offered is wanted."""
    assert fit(annotation, annotation) is Fit.MAY


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(int, str, True, id="a number and a text"),
        pytest.param(list[int], dict, True, id="two containers"),
        pytest.param(int, float, False, id="two numbers"),
        pytest.param(bool, int, False, id="a bool and a number"),
        pytest.param(type(None), list, False, id="a placeholder"),
        pytest.param(list[int], list[str], False, id="empty lists"),
        pytest.param(Any, list, False, id="anything"),
    ],
)
def test_two_providers_are_apart_or_not(one, other, expected) -> None:
    """Numbers go with each other, and so does None with everything."""
    assert are_apart(one, other) is expected
    assert are_apart(other, one) is expected


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (list[int], int),
        (dict[str, int], str),
        (tuple[int, ...], int),
        (tuple[int, str], Any),
        (Iterable[str], str),
        (Annotated[list[int], "m"], int),
        (list, Any),
        (int, Any),
        (Callable[[int], str], Any),
    ],
    ids=str,
)
def test_items_have_the_type_that_the_container_says(annotation, expected) -> None:
    """Only where there is one type for all of them."""
    assert element(annotation) is expected


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("custmers", "customers"),
        ("cutsomers", "customers"),
        ("customerss", "customerz"),
        ("userid", "user_id"),
        ("order.adress", "order.address"),
        ("connecton_string", "connection_string"),
        ("totla", "total"),
    ],
    ids=lambda text: text,
)
def test_slips_are_near(name, known) -> None:
    """A letter more or less, swapped or changed in a long word."""
    assert is_near(name, known)
    assert misspelt(name, [known, "something_else"]) == known


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("row", "rows"),
        ("file1", "file2"),
        ("input_a", "input_b"),
        ("min_value", "max_value"),
        ("port", "post"),
        ("left_rows", "right_rows"),
        ("a", "b"),
        ("first_name", "last_name"),
        ("rows", "rows.raw"),
        ("x", "x"),
    ],
    ids=lambda text: text,
)
def test_names_that_differ_on_purpose_are_not_near(name, known) -> None:
    """One and many, numbers, sides, and short words."""
    assert misspelt(name, [known]) is None
