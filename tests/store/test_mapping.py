"""The store as a mapping."""

from __future__ import annotations

import copy
import enum

import pytest

from gostage._store.keys import Key
from gostage._store.store import Store
from gostage.errors import KeyMissing, StoreError


def test_a_store_is_a_mapping_in_order_of_first_writing():
    """Keys come out in the order in which they were first put, and rewriting keeps the place."""
    store = Store({"b": 1})
    store["a"] = 2
    store["b"] = 3

    assert list(store) == ["b", "a"]
    assert dict(store) == {"b": 3, "a": 2}
    assert len(store) == 2
    assert store == {"b": 3, "a": 2}


def test_keys_compare_with_lists_and_sets():
    """The view of keys equals a list in order and a set in any order."""
    store = Store({"b": 1, "a": 2})

    assert store.keys() == ["b", "a"]
    assert store.keys() != ["a", "b"]
    assert store.keys() == {"a", "b"}
    assert "a" in store.keys()  # noqa: SIM118 - the view is what is tested
    assert len(store.keys()) == 2
    assert store.keys() & {"a"} == {"a"}


def test_values_and_items_come_in_order_of_keys():
    """Views give what subscription gives."""
    store = Store({"b": 1, "a": None})

    assert list(store.values()) == [1, None]
    assert list(store.items()) == [("b", 1), ("a", None)]


def test_none_is_a_value_like_any_other():
    """A stored None is there, and reading it is not missing."""
    store = Store({"nothing": None})

    assert "nothing" in store
    assert store["nothing"] is None
    assert store.get("nothing", default=3) is None
    assert store.types() == {"nothing": type(None)}


def test_values_are_held_by_reference():
    """What is read is what was put, so a change in place stays."""
    rows: list[int] = []
    store = Store({"rows": rows})

    store["rows"].append(1)

    assert store["rows"] is rows
    assert rows == [1]


def test_a_missing_key_names_close_ones():
    """The error is a KeyError that says what was meant."""
    store = Store({"order.id": 1})

    with pytest.raises(KeyMissing, match=r"no key 'order\.ids'") as caught:
        store["order.ids"]

    assert isinstance(caught.value, KeyError)
    assert "'order.id'" in caught.value.hint


@pytest.mark.parametrize("key", [5, None, "", 1.5, b"k", ("a",), [], {}], ids=repr)
def test_only_texts_are_keys(key):
    """Anything else is refused with a sentence, whatever is done with it."""
    store = Store()

    for use in (
        lambda: store[key],
        lambda: store.__setitem__(key, 1),
        lambda: store.get(key),
        lambda: store.put(key, 1),
        lambda: store.delete(key),
        lambda: store.meta(key),
    ):
        with pytest.raises(StoreError, match="must be a text"):
            use()
    assert key not in store


def test_a_subclass_of_text_becomes_a_plain_key():
    """A member of a text enum is the key that its value is."""

    class Name(str, enum.Enum):
        A = "a"

    store = Store()
    store[Name.A] = 1

    assert [type(key) for key in store] == [str]
    assert store["a"] == store[Name.A] == 1


def test_deleting_takes_a_key_away():
    """`del`, `delete`, `pop`, `popitem` and `clear` do what they do to a dict."""
    store = Store({"a": 1, "b": 2, "c": 3, "d": 4})

    del store["a"]
    assert store.delete("b")
    assert not store.delete("b")
    assert store.pop("missing", 7) == 7
    assert store.popitem() == ("d", 4)
    assert store.pop("c") == 3
    with pytest.raises(KeyMissing):
        del store["c"]
    store["x"] = 1
    store.clear()
    assert len(store) == 0
    with pytest.raises(KeyMissing, match="empty"):
        store.popitem()


def test_setdefault_writes_only_what_is_missing():
    """The first value stays."""
    store = Store()

    assert store.setdefault("a", 1) == 1
    assert store.setdefault("a", 2) == 1


def test_update_without_a_key_puts_several():
    """As with a dict: a mapping, pairs, names, or none at all."""
    store = Store()

    store.update({"a": 1}, b=2)
    store.update([("c", 3)])
    store.update(d=4)
    store.update()

    assert store == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_copying_a_store_makes_two():
    """Neither kind of copy shares entries with the store."""
    store = Store({"rows": [1]})

    for twin in (copy.copy(store), copy.deepcopy(store)):
        twin["rows"].append(2)
        twin["new"] = 1

    assert store == {"rows": [1]}


def test_repr_hides_sensitive_values():
    """A sensitive value is three stars, wherever it got its tag."""
    store = Store({"name": "Ada"})
    store.put("token", "tok-1", tags=["sensitive"])
    store[Key("pin", int, secret=True)] = 4711

    assert repr(store) == "Store({'name': 'Ada', 'token': ***, 'pin': ***})"
    assert "4711" not in repr(store.items()) + repr(store.values()) + repr(store.keys())
