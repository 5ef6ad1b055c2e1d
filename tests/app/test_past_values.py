"""Saved values as a line for people."""

from __future__ import annotations

import enum
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from uuid import UUID

import pytest

from gostage._app.past.values import cut, readable, shown_value, value_text
from gostage._store.codec import encode


@dataclass
class Order:
    number: int
    lines: list[str]


class Color(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (12, "12"),
        (1.5, "1.5"),
        (float("inf"), "inf"),
        (2**100, "1267650600228229401496703205376"),
        ("Ada", "'Ada'"),
        ("a\nb", r"'a\nb'"),
        ("\udc80", r"'\udc80'"),
        ([1, [2, "x"]], "[1, [2, 'x']]"),
        ((1,), "(1,)"),
        ((1, 2), "(1, 2)"),
        ((), "()"),
        ({1}, "{1}"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        ({"a": 1, "b": {"c": 2}}, "{'a': 1, 'b': {'c': 2}}"),
        ({}, "{}"),
        ({1: "x", (2, 3): "y"}, "{1: 'x', (2, 3): 'y'}"),
        ({"$set": [1]}, "{'$set': [1]}"),
        (b"raw", "b'raw'"),
        (1 + 2j, "(1+2j)"),
        (date(2026, 11, 21), "2026-11-21"),
        (datetime(2026, 11, 21, 15, tzinfo=timezone.utc), "2026-11-21T15:00:00+00:00"),
        (time(15, 36), "15:36:00"),
        (timedelta(days=1, seconds=5), "1 day, 0:00:05"),
        (Decimal("1.50"), "1.50"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (PurePosixPath("a/b"), "pureposixpath('a/b')"),
        (Fraction(1, 3), "fraction([1, 3])"),
        (deque([1], 3), "deque([[1], 3])"),
        (Counter("aa"), "counter([('a', 2)])"),
        (OrderedDict(a=1), "ordereddict([('a', 1)])"),
        (Order(7, ["x"]), "Order(number=7, lines=['x'])"),
    ],
    ids=repr,
)
def test_a_saved_value_reads_much_as_python_writes_it(value, text) -> None:
    """What the codec makes of a value is shown without the codec's own signs."""
    assert readable(encode(value)) == text


def test_an_enum_is_shown_by_its_class_and_what_it_holds() -> None:
    """The class itself is not looked for."""
    assert readable(encode(Color.RED)).startswith("Color(")


@pytest.mark.parametrize(
    "data",
    [
        {"$datetime": 5},
        {"$datetime": "two\nlines"},
        {"$tuple": 5},
        {"$dict": [[1]]},
        {"$object": 5},
        {"$object": "a:B", "fields": 5},
        {"$int": "zz"},
        {"$bytes": "é"},
        {"$str": "zz"},
        {"$timedelta": [1, 2, 3, 4, 5, 6, 7, 8]},
        {"$never-heard-of": [1, {"$set": None}]},
        {"$": 1},
    ],
    ids=str,
)
def test_what_was_not_made_by_the_codec_is_shown_somehow(data) -> None:
    """A line for people never fails for what it has to show."""
    text = readable(data)

    assert text.isprintable()
    assert text


@pytest.mark.parametrize("value", ["x" * 1000, list(range(1000)), {"k" * 500: [1] * 500}], ids=type)
def test_a_long_value_is_cut(value) -> None:
    """The sign at its end says so."""
    text = readable(value, 20)

    assert len(text) == 20
    assert text.endswith("…")
    assert readable(value)[:19] == text[:19]


def test_a_huge_value_is_not_made_whole_to_be_cut() -> None:
    """Only as much of it is looked at as is shown."""

    class Endless(list):
        def __iter__(self):
            while True:
                yield 1

    assert readable(Endless([1]), 10) == "[1, 1, 1,…"


@pytest.mark.parametrize(("text", "width", "shown"), [
    ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abcd", None, "abcd"), ("abc", 0, "…"),
])  # fmt: skip
def test_a_text_is_cut_to_a_width(text, width, shown) -> None:
    """No width means no cut."""
    assert cut(text, width) == shown


@pytest.mark.parametrize("tags", [["sensitive"], ["a", "sensitive"], "sensitive", 5], ids=str)
def test_a_sensitive_value_is_never_shown(tags) -> None:
    """Nor is one whose tags do not read: it might be."""
    entry = {"key": "token", "value": "hush", "tags": tags}

    assert value_text(entry) == "***"
    assert shown_value(entry) == "***"
    assert value_text({"key": "k", "value": "open", "tags": ["a"]}) == "'open'"
