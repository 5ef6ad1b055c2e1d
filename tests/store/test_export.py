"""Exporting and loading: nothing is lost."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._store.codec import Codec
from gostage._store.store import Store
from gostage._store.transaction import export_entry
from gostage.errors import NotStorable, StoreError
from tests.store.samples import Address, Clock, Plain, User
from tests.store.test_codec import anything


def through_json(store: Store, clock: Clock) -> Store:
    return Store.load(json.loads(json.dumps(store.export(), allow_nan=False)), clock=clock)


def test_a_store_comes_back_as_it_was():
    """Values, types, order and metadata."""
    clock = Clock()
    store = Store({"b": (1, 2), "a": User("Ada", Address("Rome"))}, clock=clock)
    clock.tick(5)
    store.put("t", b"x", tags=["io"], props={"p": {1: 2}}, description="d", ttl=60)

    result = through_json(store, clock)

    assert list(result.items()) == list(store.items())
    assert result.types() == store.types()
    assert [result.meta(key) for key in result] == [store.meta(key) for key in store]


def test_the_remaining_time_to_live_goes_on():
    """What was left when it was exported is left when it is loaded."""
    clock, later = Clock(1000.0), Clock(9000.0)
    store = Store(clock=clock)
    store.put("k", 1, ttl=60)
    store.put("short", 1, ttl=1)
    clock.tick(20)

    result = through_json(store, later)

    assert list(result) == ["k"]
    assert result.meta("k").expires_at.timestamp() == 9040.0
    later.tick(40)
    assert "k" not in result


def test_a_loaded_store_goes_on_like_any_other():
    """New keys come after the loaded ones."""
    store = through_json(Store({"a": 1, "b": 2}), Clock())
    store["a"] = 3
    store["c"] = 4

    assert list(store.items()) == [("a", 3), ("b", 2), ("c", 4)]


def test_an_export_is_independent():
    """Changing the store later does not change what was exported, nor the other way."""
    store = Store({"rows": [1]})
    exported = store.export()
    store["rows"].append(2)
    exported["entries"][0]["value"].append(3)

    assert Store.load(exported)["rows"] == [1, 3]
    assert store["rows"] == [1, 2]


def test_a_sensitive_value_stands_in_an_export_like_any_other():
    """It has to be there again; what is shown is another matter."""
    store = Store()
    store.put("token", "tok", tags=["sensitive"])
    result = Store.load(store.export())

    assert result["token"] == "tok"
    assert result.meta("token").sensitive
    assert "tok'" not in repr(result)


def test_what_cannot_leave_is_named():
    """With key, path and type; of a secret only the key."""
    store = Store({"rows": [0, {"x": threading.Lock()}]})
    with pytest.raises(NotStorable, match=r"'rows'\[1\]\['x'\] of type lock"):
        store.export()

    store = Store()
    store.put("token", {"hunter2": threading.Lock()}, tags=["sensitive"])
    with pytest.raises(NotStorable, match=r"\*\*\*.*'token'") as caught:
        store.export()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_properties_must_be_storable_too():
    """The error says whose they are."""
    store = Store()
    store.put("k", 1, props={"lock": threading.Lock()})

    with pytest.raises(NotStorable, match=r"props of k.*\['lock'\]"):
        store.export()


def test_a_store_uses_its_own_codec():
    """Types that it knows can leave, and come back through a codec that knows them too."""
    codec = Codec()
    codec.register(Plain, "plain", lambda plain: plain.value, Plain)
    store = Store({"k": Plain(5)}, clock=Clock(), codec=codec)

    assert Store.load(store.export(), codec=codec)["k"].value == 5
    with pytest.raises(StoreError, match="key 'k' cannot be read"):
        Store.load(store.export())
    with pytest.raises(NotStorable):
        Store({"k": Plain(5)}).export()
    assert store.clone().export() == store.export()


def test_one_entry_can_be_exported():
    """As it stands in the export of all; nothing if the key is gone."""
    store = Store({"a": 1, "b": [2]})

    assert export_entry(store, "b") == store.export()["entries"][1]
    assert export_entry(store, "c") is None


@given(st.dictionaries(st.text(min_size=1), anything), st.sampled_from([None, timedelta(days=1)]))
def test_nothing_is_lost(values, ttl):
    """Whatever the keys and values are."""
    clock = Clock()
    store = Store(clock=clock)
    for key, value in values.items():
        store.put(key, value, ttl=ttl, tags=[key])

    result = through_json(store, clock)

    assert result.export() == store.export() or repr(result) == repr(store)
    assert list(result) == list(store)
    assert [result.meta(key) for key in result] == [store.meta(key) for key in store]


def test_entries_can_be_kept_apart():
    """Whoever keeps them one by one can make a store of them, and times to live go on meanwhile."""
    clock = Clock()
    store = Store(clock=clock)
    store.put("b", 1, ttl=60)
    store.put("a", 2, ttl=600)
    rows = [export_entry(store, key) for key in ("a", "b")]
    clock.tick(100)

    result = Store.load({"version": 1, "now": clock.now, "entries": rows}, clock=clock)

    assert list(result) == ["a"]
    assert result.meta("a") == store.meta("a")
