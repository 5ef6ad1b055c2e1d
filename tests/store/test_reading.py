"""Reading with a type, a default or a key."""

from __future__ import annotations

import operator
import pickle
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from gostage._store.keys import Key, merging_key
from gostage._store.store import Store
from gostage.errors import KeyMissing, StoreError, TypeMismatch


def test_get_takes_any_without_a_type():
    """Without a type, `get` is like subscription."""
    store = Store({"a": [1]})

    assert store.get("a") == [1]
    with pytest.raises(KeyMissing):
        store.get("b")


@pytest.mark.parametrize(
    ("value", "asked", "is_fine"),
    [
        (1, int, True),
        (True, int, False),
        (1, float, False),
        ("x", Sequence, True),
        ([1], list[int], True),
        (["1"], list[int], False),
        (None, object, True),
        (None, Any, True),
        (None, str | None, True),
        (3, str | None, False),
    ],
    ids=str,
)
def test_get_with_a_type_is_exact(value, asked, is_fine):
    """A value of another type is refused, and the types are named."""
    store = Store({"k": value})

    if is_fine:
        assert store.get("k", asked) is value
    else:
        with pytest.raises(TypeMismatch, match=f"'k' holds {type(value).__name__}"):
            store.get("k", asked)


def test_the_default_is_for_missing_keys_only():
    """A value of a wrong type is an error even where there is a default."""
    store = Store({"n": "three"})

    assert store.get("m", int, default=3) == 3
    assert store.get("m", int, default=None) is None
    assert store.get("m", default=3) == 3
    with pytest.raises(TypeMismatch):
        store.get("n", int, default=3)


@pytest.mark.parametrize("slip", ["World", None, 3, [], {}], ids=repr)
def test_a_default_in_place_of_the_type_is_explained(slip):
    """The habit of dict.get is met with the right words."""
    with pytest.raises(StoreError) as caught:
        Store({"name": "Ada"}).get("name", slip)

    assert f"default={slip!r}" in caught.value.hint


def test_a_key_is_typed_both_ways():
    """A typed key refuses a wrong type when it is written, and again when it is read."""
    order = Key("order.id", str)
    store = Store()

    with pytest.raises(TypeMismatch, match=r"'order\.id' takes str, not int"):
        store[order] = 5
    assert order not in store
    store[order] = "ORD-1"
    assert store[order] == store["order.id"] == store.get(order) == "ORD-1"
    store["order.id"] = 5
    with pytest.raises(TypeMismatch):
        store[order]
    assert store.get(order, int) == 5


def test_a_key_works_wherever_a_text_does():
    """Every method takes it."""
    key = Key("k", list)
    store = Store({key: [1]})

    store.add_tag(key, "t")
    store.set_prop(key, "p", 1)
    store.update(key, {"0": 2})

    assert key in store
    assert store.has_tag(key, "t")
    assert store.get_prop(key, "p") == 1
    assert store.meta(key).tags == ("t",)
    assert store.schema(key)["type"] == "array"
    assert store.pop(key) == [2]
    assert not store.delete(key)
    assert store.setdefault(key, []) == []


def test_update_through_a_key_checks_its_type():
    """An update may not leave a value the key would refuse."""
    key = Key("k", list[int])
    store = Store({key: [1]})

    with pytest.raises(TypeMismatch):
        store.update(key, {"0": "one"})

    assert store[key] == [1]


def test_a_key_has_a_default():
    """It is for missing keys, and every reader gets one of their own."""
    rows = Key("rows", list, default=[])
    store = Store()

    store.get(rows).append(1)

    assert store.get(rows) == []
    assert store.get(rows, default=None) is None
    with pytest.raises(KeyMissing):
        store[rows]
    with pytest.raises(TypeMismatch):
        Key("rows", list, default=3)


def test_a_key_is_a_value():
    """Equal keys are equal, hash alike, survive pickling, and cannot be changed."""
    key = Key("total", int, merge=operator.add)

    assert key == Key("total", int, merge=operator.add)
    assert key != Key("total", int)
    assert key != "total"
    assert hash(key) == hash(Key("total", float))
    assert pickle.loads(pickle.dumps(key)) == key
    assert str(key) == "total"
    assert repr(Key("pin", list[int], secret=True)) == "Key('pin', list[int], secret=True)"
    for change in (lambda: setattr(key, "name", "x"), lambda: delattr(key, "name")):
        with pytest.raises(FrozenInstanceError):
            change()


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Key(""), "not empty"),
        (lambda: Key(5), "text"),  # type: ignore[call-overload]
        (lambda: Key("k", int, merge=3), "function"),  # type: ignore[call-overload]
    ],
    ids=["empty", "number", "merge"],
)
def test_a_key_that_makes_no_sense_is_refused(make, word):
    """The error says what is expected."""
    with pytest.raises(StoreError, match=word):
        make()


def test_a_merging_key_is_found_by_name_while_it_lives():
    """The latest one counts, and one that comes and goes takes nothing with it."""
    kept = Key("found.by.name", int, merge=operator.add)
    Key("found.by.name", int, merge=operator.add)

    assert merging_key("found.by.name") is kept
    del kept
    assert merging_key("found.by.name") is None
