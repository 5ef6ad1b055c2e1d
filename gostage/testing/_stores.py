"""The contract of stores: what every store must keep, as a test class to derive from."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

import pytest

from gostage._store.keys import Key
from gostage._store.transaction import undo_log
from gostage.errors import KeyExpired, KeyMissing, MergeConflict, TypeMismatch
from gostage.testing._clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gostage._store.store import Store

VALUES: Final[dict[str, object]] = {
    "nothing": None,
    "truth": True,
    "number": 2**100,
    "fraction": -0.5,
    "infinity": float("inf"),
    "text": "naïve ✓",
    "bytes": b"\x00\xff",
    "list": [1, [2, {"three": 4}]],
    "tuple": (1, (2,)),
    "set": {1, 2},
    "frozenset": frozenset({"a"}),
    "odd dict": {1: "one", (2, 3): "pair", "$type": "x"},
    "moment": datetime(2026, 5, 4, 3, 2, 1, tzinfo=timezone.utc),
    "duration": timedelta(days=1, microseconds=1),
    "decimal": Decimal("1.10"),
    "uuid": UUID(int=7),
    "path": PurePosixPath("a/b"),
    "complex": 1 + 2j,
}
"""A value of every kind that must come back as it was."""


class Make(Protocol):
    """Makes a store."""

    # Any: texts and keys, mixed.
    def __call__(
        self, initial: Mapping[Any, object] | None = None, *, clock: Callable[[], float]
    ) -> Store:
        """Make one with these values, which reads the time from that clock."""


# A test suite is made of asserts.
# ruff: noqa: S101
class StoreContract:
    """Derive from it, and override `make_store` if the store is made in another way.

    ```python
    class TestMyStore(StoreContract):
        @pytest.fixture
        def make_store(self):
            return MyStore
    ```
    """

    @pytest.fixture
    def make_store(self) -> Make:
        """How an empty store, or one with values, is made."""
        from gostage._store.store import Store  # 4 ms: where it is not overridden

        return Store

    @pytest.fixture
    def clock(self) -> FakeClock:
        """The time of the store."""
        return FakeClock()

    @pytest.fixture
    def store(self, make_store: Make, clock: FakeClock) -> Store:
        """An empty store."""
        return make_store(clock=clock.now)

    @pytest.fixture
    def full(self, make_store: Make, clock: FakeClock) -> Store:
        """A store with a value of every kind."""
        return make_store(deepcopy(VALUES), clock=clock.now)

    # ---------------------------------------------------------------- a mapping

    def test_what_was_put_is_there(self, store: Store) -> None:
        """Until it is deleted."""
        store["a"] = 1
        assert (store["a"], "a" in store, len(store), dict(store)) == (1, True, 1, {"a": 1})

        del store["a"]
        assert ("a" in store, len(store), list(store)) == (False, 0, [])

    def test_keys_stand_in_the_order_of_their_first_writing(self, store: Store) -> None:
        """Rewriting keeps the place, deleting gives it up."""
        for key in "bca":
            store[key] = key
        store["c"] = 2
        del store["b"]
        store["b"] = 3

        assert list(store) == ["c", "a", "b"]
        assert list(store.items()) == [("c", 2), ("a", "a"), ("b", 3)]
        assert list(store.values()) == [2, "a", 3]

    def test_a_missing_key_names_close_ones(self, store: Store) -> None:
        """It is a `KeyError`, so whoever knows dicts knows what to do."""
        store["order"] = 1

        with pytest.raises(KeyMissing) as caught:
            store["ordr"]
        assert isinstance(caught.value, KeyError)
        assert "'order'" in caught.value.hint
        with pytest.raises(KeyMissing):
            del store["ordr"]
        assert store.get("ordr", default=5) == 5
        assert store.delete("ordr") is False

    def test_it_equals_a_dict_with_the_same(self, full: Store) -> None:
        """However it came by its values."""
        assert full == VALUES
        assert full != {**VALUES, "more": 1}

    def test_it_can_be_emptied(self, full: Store) -> None:
        """At once, or one by one from the end."""
        last = list(VALUES)[-1]
        assert full.popitem() == (last, VALUES[last])
        full.clear()
        assert dict(full) == {}
        with pytest.raises(KeyMissing):
            full.popitem()

    # ---------------------------------------------------------------- types

    @pytest.mark.parametrize("key", VALUES)
    def test_a_value_keeps_its_type(self, full: Store, key: str) -> None:
        """What is read is of the very type that was put."""
        assert type(full[key]) is type(VALUES[key])
        assert full.types()[key] is type(VALUES[key])

    def test_another_type_is_refused_when_it_is_read(self, store: Store) -> None:
        """And a truth value is no number."""
        store["count"] = 1
        store["flag"] = True

        assert store.get("count", int) == 1
        with pytest.raises(TypeMismatch, match="'count'"):
            store.get("count", str)
        with pytest.raises(TypeMismatch, match="'flag'"):
            store.get("flag", int)

    def test_a_typed_key_refuses_another_type_when_it_is_written(self, store: Store) -> None:
        """What was there stays."""
        key = Key("total", int)
        store[key] = 1

        with pytest.raises(TypeMismatch, match="'total'"):
            store.put(key, "two")
        assert store[key] == 1

    # ---------------------------------------------------------------- times to live

    def test_a_value_lives_as_long_as_it_was_given(self, store: Store, clock: FakeClock) -> None:
        """The first read afterwards says that it expired, later ones that it is missing."""
        store.put("token", "t", ttl=60)
        clock.pass_by(59)
        assert store["token"] == "t"  # noqa: S105  # no secret at all

        clock.pass_by(1)
        assert "token" not in store
        assert (list(store), len(store), store.keys(tag="io")) == ([], 0, [])
        with pytest.raises(KeyExpired):
            store["token"]
        with pytest.raises(KeyMissing) as caught:
            store["token"]
        assert not isinstance(caught.value, KeyExpired)

    def test_writing_again_lets_a_value_live_for_ever(self, store: Store, clock: FakeClock) -> None:
        """Unless it is given a time again; zero is no time."""
        store.put("a", 1, ttl=60)
        store["a"] = 2
        store.put("b", 1, ttl=timedelta(seconds=60))
        store.put("b", 2, ttl=0)
        clock.pass_by(10_000)

        assert dict(store) == {"a": 2, "b": 2}

    # ---------------------------------------------------------------- metadata

    def test_metadata_stays_when_a_value_is_replaced(self, store: Store, clock: FakeClock) -> None:
        """Tags, properties and the description belong to the key, times to the writing."""
        store.put("a", 1, tags=["io"], props={"from": "x"}, description="what it is")
        created = store.meta("a").created_at
        clock.pass_by(5)
        store["a"] = 2

        meta = store.meta("a")
        assert (meta.tags, dict(meta.props), meta.description) == (
            ("io",),
            {"from": "x"},
            "what it is",
        )
        assert meta.created_at == created
        assert meta.updated_at == created + timedelta(seconds=5)

    def test_keys_are_found_by_what_is_known_of_them(self, store: Store) -> None:
        """By tag, by property and by type, all at once."""
        store.put("a", 1, tags=["io", "big"], props={"status": "active"})
        store.put("b", "x", tags=["io"])
        store.add_tag("b", "small")
        store.set_prop("b", "status", "idle")

        assert store.keys(tag="io") == ["a", "b"]
        assert store.keys(tags_any=["big", "small"]) == ["a", "b"]
        assert store.keys(tags_all=["io", "small"]) == ["b"]
        assert store.keys(prop=("status", "active")) == ["a"]
        assert store.keys(tag="io", type=str) == ["b"]
        assert store.remove_tag("b", "io") is True
        assert store.has_tag("b", "io") is False

    def test_a_sensitive_value_is_never_shown(self, store: Store) -> None:
        """But it can be read."""
        store.put("token", "hush", tags=["sensitive"])

        assert "hush" not in repr(store)
        assert store["token"] == "hush"  # noqa: S105  # as said

    # ---------------------------------------------------------------- undoing

    def test_a_rollback_brings_everything_back(self, store: Store, clock: FakeClock) -> None:
        """Values, metadata, times to live and the order of keys: an attempt counts or does not."""
        store["a"], store["b"] = 1, 2
        store.put("b", 2, tags=["io"], ttl=60)
        log = undo_log(store)
        before = store.export()

        mark = log.mark()
        clock.pass_by(1)
        del store["a"]
        store["c"] = 3
        store["a"] = 4
        store.add_tag("b", "more")
        log.rollback(mark)

        assert store.export()["entries"] == before["entries"]

    def test_a_commit_says_what_changed(self, store: Store) -> None:
        """Each key once, and what was taken back not at all."""
        log = undo_log(store)
        store["a"] = 1
        store["a"] = 2
        mark = log.mark()
        store["b"] = 1
        log.rollback(mark)

        assert log.commit() == ["a"]
        assert log.commit() == []

    # ---------------------------------------------------------------- several stores

    def test_a_clone_is_independent(self, full: Store) -> None:
        """What is changed in one is not changed in the other, in place neither."""
        clone = full.clone()
        clone["list"].append(5)
        clone["new"] = 1

        assert full == VALUES
        assert clone.export() != full.export()

    def test_stores_are_merged_as_it_is_said(self, make_store: Make, clock: FakeClock) -> None:
        """Where both have a key: an error that changes nothing, or one of the two."""
        ours = make_store({"a": 1, "b": 1}, clock=clock.now)
        theirs = make_store({"b": 2, "c": 2}, clock=clock.now)

        with pytest.raises(MergeConflict, match="'b'"):
            ours.merge(theirs)
        assert dict(ours) == {"a": 1, "b": 1}
        assert ours.merge(theirs, on_conflict="skip") == ["b"]
        assert dict(ours) == {"a": 1, "b": 1, "c": 2}
        assert ours.merge(theirs, on_conflict="overwrite") == ["b", "c"]
        assert dict(ours) == {"a": 1, "b": 2, "c": 2}

    # ---------------------------------------------------------------- leaving the process

    def test_an_export_loses_nothing(self, full: Store, clock: FakeClock) -> None:
        """Through JSON and back: values, types, order, metadata, and what is left of a time."""
        full.put("token", "t", ttl=60, tags=["sensitive"], props={"a": (1,)}, description="d")
        clock.pass_by(20)
        text = json.dumps(full.export(), allow_nan=False)
        later = FakeClock(clock.now() + 10_000)
        loaded = type(full).load(json.loads(text), clock=later.now)

        assert list(loaded.items()) == list(full.items())
        assert loaded.types() == full.types()
        assert loaded.meta("token").props == {"a": (1,)}
        assert loaded.meta("token").tags == ("sensitive",)
        later.pass_by(40)
        assert "token" not in loaded

    def test_an_export_is_independent(self, full: Store) -> None:
        """It says how the store was when it was made."""
        exported = full.export()
        full["list"].append(5)

        loaded = type(full).load(exported)
        assert loaded["list"] == VALUES["list"]
