"""Merging, copying and cloning stores."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._store.store import Store
from gostage._store.transaction import undo_log
from gostage.errors import MergeConflict, StoreError
from tests.store.samples import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_merge_takes_in_what_is_new(clock):
    """Without common keys nothing collides; metadata comes along."""
    ours, theirs = Store({"a": 1}, clock=clock), Store(clock=clock)
    theirs.put("b", 2, tags=["t"], props={"p": 1}, description="d", ttl=5)

    assert ours.merge(theirs) == []
    assert ours == {"a": 1, "b": 2}
    assert ours.meta("b") == theirs.meta("b")


def test_merge_with_a_collision_changes_nothing():
    """The error names all keys that both hold."""
    ours, theirs = Store({"a": 1, "b": 1}), Store({"new": 0, "b": 2, "a": 2})
    log = undo_log(ours)

    with pytest.raises(MergeConflict, match="'a', 'b'") as caught:
        ours.merge(theirs)

    assert caught.value.keys == ["a", "b"]
    assert ours == {"a": 1, "b": 1}
    assert not log


def test_merge_can_skip():
    """What is here stays here."""
    ours = Store({"a": 1})

    assert ours.merge(Store({"a": 2, "b": 2}), on_conflict="skip") == ["a"]
    assert ours == {"a": 1, "b": 2}


def test_merge_can_overwrite(clock):
    """Their value, time to live and properties; the tags of both; nothing we know is dropped."""
    ours, theirs = Store(clock=clock), Store(clock=clock)
    ours.put("a", 1, tags=["x", "y"], props={"p": 1}, description="ours", ttl=5)
    ours.put("b", 1, tags=["x"], props={"p": 1}, ttl=5)
    theirs.put("a", "two", tags=["y", "z"], props={"q": 2}, ttl=50)
    theirs["b"] = 2

    assert ours.merge(theirs, on_conflict="overwrite") == ["a", "b"]

    meta = ours.meta("a")
    assert ours["a"] == "two"
    assert (meta.tags, meta.props, meta.description) == (("x", "y", "z"), {"q": 2}, "ours")
    assert meta.expires_at == theirs.meta("a").expires_at
    assert ours.meta("b").tags == ("x",)
    assert ours.meta("b").props == {"p": 1}
    assert ours.meta("b").expires_at is None


def test_merge_shares_nothing():
    """Values are copied in."""
    ours, theirs = Store(), Store({"rows": [1]})
    ours.merge(theirs)
    ours["rows"].append(2)

    assert theirs["rows"] == [1]


def test_merge_knows_only_its_three_words():
    """Any other is an error with a suggestion."""
    with pytest.raises(StoreError, match="unknown on_conflict 'overwite'") as caught:
        Store().merge(Store(), on_conflict="overwite")

    assert "'overwrite'" in caught.value.hint


@pytest.mark.parametrize("other", [None, 3, [("a", 1)]], ids=repr)
def test_the_other_store_must_be_one(other):
    """A mapping will do, nothing else."""
    store = Store()
    assert store.merge({"a": 1}) == []
    for use in (store.merge, store.copy_from, store.collisions):
        with pytest.raises(StoreError, match="another store"):
            use(other)


def test_an_expired_key_is_no_collision(clock):
    """Neither ours nor theirs."""
    ours, theirs = Store(clock=clock), Store(clock=clock)
    ours.put("a", 1, ttl=1, tags=["old"])
    ours["b"] = 1
    theirs["a"] = 2
    theirs.put("b", 2, ttl=1)
    clock.tick(1)

    assert ours.collisions(theirs) == []
    assert ours.merge(theirs) == []
    assert ours == {"b": 1, "a": 2}
    assert ours.meta("a").tags == ()


def test_a_store_can_be_merged_with_itself():
    """It collides with every key, and stays what it is."""
    store = Store({"a": [1]})

    assert store.merge(store, on_conflict="skip") == ["a"]
    assert store.copy_from(store) == (0, 0)
    assert store.copy_from(store, overwrite=True) == (0, 1)
    assert store == {"a": [1]}


def test_copy_from_counts(clock):
    """New keys and overwritten ones; without overwriting ours stay."""
    source = Store(clock=clock)
    source.put("a", [1], tags=["t"], ttl=5)
    source["b"] = 2
    ours, kept = Store({"a": 0}, clock=clock), Store({"a": 0}, clock=clock)

    assert ours.copy_from(source, overwrite=True) == (1, 1)
    assert ours == {"a": [1], "b": 2}
    assert ours.meta("a").tags == ("t",)
    assert ours.meta("a").expires_at == source.meta("a").expires_at
    ours["a"].append(2)
    assert source["a"] == [1]
    result = kept.copy_from(source)
    assert (result.copied, result.overwritten) == (1, 0)
    assert kept == {"a": 0, "b": 2}


def test_an_expired_key_does_not_block_a_copy(clock):
    """It counts as new."""
    ours = Store(clock=clock)
    ours.put("a", 1, ttl=1)
    clock.tick(1)

    assert ours.copy_from(Store({"a": 2}, clock=clock)) == (1, 0)
    assert ours == {"a": 2}


def test_what_remains_of_a_time_to_live_counts():
    """Stores with different clocks agree on how long something lives."""
    early, late = Clock(1000.0), Clock(5000.0)
    source, target = Store(clock=early), Store(clock=late)
    source.put("k", 1, ttl=10)
    early.tick(4)

    target.copy_from(source)

    assert target.meta("k").expires_at.timestamp() == 5006.0
    assert source.clone().meta("k").expires_at.timestamp() == 1010.0


def test_a_clone_is_independent(clock):
    """Values, metadata and entries are its own; times to live go on."""
    lock = threading.Lock()
    store = Store({"rows": [1], "lock": lock, "none": None}, clock=clock)
    store.put("k", 1, ttl=timedelta(seconds=5), tags=["t"], props={"p": [1]})
    twin = store.clone()

    twin["rows"].append(2)
    twin.add_tag("k", "u")
    twin["lock"] = 0
    del twin["none"]

    assert store == {"rows": [1], "lock": lock, "none": None, "k": 1}
    assert store.meta("k").tags == ("t",)
    clock.tick(5)
    assert "k" not in store
    assert "k" not in twin
    assert list(store.clone()) == ["rows", "lock", "none"]


def test_collisions_come_in_our_order():
    """They are the keys both hold."""
    assert Store({"b": 1, "a": 1, "c": 1}).collisions(Store({"a": 2, "b": 2})) == ["b", "a"]


stores = st.dictionaries(st.sampled_from("abcde"), st.integers())


@given(stores, stores, st.sampled_from(["error", "skip", "overwrite"]))
def test_merge_is_dict_union(ours, theirs, how):
    """Skip is theirs under ours, overwrite is ours under theirs, error is either union or ours."""
    store = Store(ours)
    common = [key for key in ours if key in theirs]
    try:
        assert store.merge(Store(theirs), on_conflict=how) == common
    except MergeConflict:
        assert how == "error"
        assert common
        assert store == ours
    else:
        assert store == ({**theirs, **ours} if how == "skip" else {**ours, **theirs})
