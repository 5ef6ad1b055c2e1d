"""What a type checker knows about values of a store; checked, never run."""

from __future__ import annotations

import operator
from collections.abc import KeysView
from typing import Any

from typing_extensions import assert_type

from gostage import Key, Metadata, Store

ORDER = Key("order.id", str)
TOTAL = Key("total", int, merge=operator.add)
ROWS = Key("rows", list[int])
store = Store({"order.id": "ORD-1"})


def keys_are_typed() -> None:
    """A key carries the type it was made with."""
    assert_type(ORDER, Key[str])
    assert_type(TOTAL, Key[int])
    assert_type(ROWS, Key[list[int]])


def reading() -> None:
    """A key or a type says what comes out; a bare name says nothing."""
    assert_type(store[ORDER], str)
    assert_type(store[ROWS], list[int])
    assert_type(store["order.id"], Any)
    assert_type(store.get(ORDER), str)
    assert_type(store.get("order.id"), Any)
    assert_type(store.get("order.id", str), str)
    assert_type(store.get("rows", list[int]), list[int])


def reading_with_a_default() -> None:
    """The default's type is one that may come out."""
    assert_type(store.get("order.id", str, default=None), str | None)
    assert_type(store.get("order.id", str, default="none"), str)
    assert_type(store.get(ORDER, default=None), str | None)


def writing() -> None:
    """A typed key refuses another type, a bare name takes anything."""
    store[ORDER] = "ORD-2"
    store["anything"] = object()
    store[ORDER] = 2  # type: ignore[misc]


def looking() -> None:
    """Listings are of names; metadata is a value."""
    assert_type(store.keys(), KeysView[str])
    assert_type(store.keys(tag="io"), list[str])
    assert_type(store.meta("order.id"), Metadata)
    assert_type(store.has_tag("order.id", "io"), bool)
    assert_type(store.delete("order.id"), bool)
    assert_type(store.clone(), Store)
    assert_type(len(store), int)
