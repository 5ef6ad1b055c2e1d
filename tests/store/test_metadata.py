"""Tags, properties, descriptions, times, and what expires."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from gostage._store.keys import Key
from gostage._store.store import Store
from gostage._store.transaction import undo_log
from gostage.errors import KeyExpired, KeyMissing, StoreError
from tests.store.samples import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(clock=clock)


def test_metadata_is_what_was_put(store, clock):
    """Everything given with a value can be read again; times are aware and in UTC."""
    store.put(
        "token",
        "t",
        ttl=timedelta(hours=1),
        tags=["io", "io", "sensitive"],
        props={"source": "api"},
        description="a token",
    )
    start = datetime.fromtimestamp(clock.now, tz=timezone.utc)

    meta = store.meta("token")

    assert meta.tags == ("io", "sensitive")
    assert meta.props == {"source": "api"}
    assert meta.description == "a token"
    assert meta.created_at == meta.updated_at == start
    assert meta.expires_at == start + timedelta(hours=1)
    assert meta.sensitive
    assert meta.has_tag("io")


def test_metadata_of_a_plain_value_is_empty(store):
    """A value that was only assigned has times and nothing else."""
    store["k"] = 1

    meta = store.meta("k")

    assert (meta.tags, dict(meta.props), meta.description) == ((), {}, "")
    assert meta.expires_at is None


def test_metadata_is_a_snapshot(store):
    """What was handed out does not change, and cannot be used to change the store."""
    source = {"deep": [1]}
    store.put("k", 1, props=source)
    meta = store.meta("k")

    source["deep"].append(2)
    meta.props["deep"].append(3)
    store.add_tag("k", "new")

    assert meta.tags == ()
    assert store.get_prop("k", "deep") == [1]
    with pytest.raises(TypeError):
        meta.props["x"] = 1


def test_putting_again_keeps_the_metadata_and_clears_the_time_to_live(store, clock):
    """Only what is given changes; created stays, updated moves."""
    store.put("k", 1, ttl=10, tags=["a"], props={"p": 1}, description="d")
    first = store.meta("k")
    clock.tick(5)

    store["k"] = 2

    second = store.meta("k")
    assert (second.tags, second.props, second.description) == (("a",), {"p": 1}, "d")
    assert second.expires_at is None
    assert second.created_at == first.created_at
    assert second.updated_at == first.updated_at + timedelta(seconds=5)
    store.put("k", 3, tags=[])
    assert store.meta("k").tags == ()
    assert store.meta("k").props == {"p": 1}


def test_expired_is_said_once_and_missing_from_then_on(store, clock):
    """The first read of an expired key says so and drops it."""
    store.put("k", 1, ttl=10)
    clock.tick(10)

    with pytest.raises(KeyExpired, match="'k' has expired"):
        store["k"]
    with pytest.raises(KeyMissing) as caught:
        store["k"]
    assert not isinstance(caught.value, KeyExpired)


def test_an_expired_key_is_in_no_listing(store, clock):
    """Listings, counts, membership, types and exports are of what is there."""
    store.put("old", 1, ttl=1, tags=["t"])
    store["new"] = 2
    clock.tick(1)

    assert list(store) == list(store.keys()) == ["new"]
    assert list(store.values()) == [2]
    assert list(store.items()) == [("new", 2)]
    assert len(store) == 1
    assert "old" not in store
    assert store.keys(tag="t") == []
    assert store.types() == {"new": int}
    assert [entry["key"] for entry in store.export()["entries"]] == ["new"]
    assert repr(store) == "Store({'new': 2})"
    assert not store.delete("old")


def test_asking_whether_a_key_is_there_does_not_use_up_the_first_read(store, clock):
    """Listing and membership leave the expired entry for the read that is told."""
    store.put("k", 1, ttl=1)
    clock.tick(1)

    assert "k" not in store
    assert list(store) == []
    with pytest.raises(KeyExpired):
        store.get("k")


def test_the_default_is_for_expired_keys_too(store, clock):
    """An expired value is as good as none."""
    store.put("k", 1, ttl=1)
    clock.tick(1)

    assert store.get("k", int, default=5) == 5


def test_writing_over_an_expired_key_starts_afresh(store, clock):
    """Nothing of the old entry comes back: not its metadata, not its place."""
    store.put("k", 1, ttl=1, tags=["old"], props={"p": 1}, description="d")
    store["other"] = 0
    clock.tick(1)

    store["k"] = 2

    meta = store.meta("k")
    assert (meta.tags, dict(meta.props), meta.description) == ((), {}, "")
    assert meta.created_at == meta.updated_at
    assert list(store) == ["other", "k"]


@pytest.mark.parametrize("ttl", [0, -1, timedelta(0), timedelta(seconds=-5), None], ids=str)
def test_no_time_to_live_is_for_ever(store, clock, ttl):
    """Zero and less never expire, and clear an earlier time to live."""
    store.put("k", 1, ttl=5)
    store.put("k", 1, ttl=ttl)
    clock.tick(10**6)

    assert store["k"] == 1
    assert store.meta("k").expires_at is None


@pytest.mark.parametrize("ttl", ["60", True, float("nan"), []], ids=repr)
def test_a_time_to_live_is_a_duration(store, ttl):
    """Anything else is refused, and nothing is written."""
    with pytest.raises(StoreError, match="ttl of key 'k'"):
        store.put("k", 1, ttl=ttl)

    assert "k" not in store


def test_tags_are_added_and_removed(store):
    """Adding twice is once; removing says whether it was there."""
    store["k"] = 1

    store.add_tag("k", "a")
    store.add_tag("k", "a")

    assert store.meta("k").tags == ("a",)
    assert store.has_tag("k", "a")
    assert not store.has_tag("k", "b")
    assert store.remove_tag("k", "a")
    assert not store.remove_tag("k", "a")


def test_properties_are_set_and_read(store):
    """A missing property names close ones, unless there is a default."""
    store["k"] = 1
    store.set_prop("k", "status", "active")

    assert store.get_prop("k", "status") == "active"
    assert store.get_prop("k", "nothing", None) is None
    with pytest.raises(KeyMissing, match="no property 'statu'") as caught:
        store.get_prop("k", "statu")
    assert "status" in caught.value.hint


@pytest.mark.parametrize(
    "use",
    [
        lambda s: s.meta("x"),
        lambda s: s.add_tag("x", "t"),
        lambda s: s.remove_tag("x", "t"),
        lambda s: s.has_tag("x", "t"),
        lambda s: s.set_prop("x", "p", 1),
        lambda s: s.get_prop("x", "p"),
        lambda s: s.schema("x"),
        lambda s: s.update("x", {}),
    ],
    ids=["meta", "add_tag", "remove_tag", "has_tag", "set_prop", "get_prop", "schema", "update"],
)
def test_metadata_of_a_missing_key_is_an_error(store, use):
    """There is no metadata without a value."""
    with pytest.raises(KeyMissing):
        use(store)


@pytest.mark.parametrize(
    "options",
    [{"tags": "io"}, {"tags": [1]}, {"tags": [""]}, {"props": ["a"]}, {"props": {1: 2}}],
    ids=str,
)
def test_slips_in_metadata_are_refused(store, options):
    """A bare text for tags is the commonest; nothing is written."""
    with pytest.raises(StoreError, match="'k'"):
        store.put("k", 1, **options)

    assert "k" not in store


def test_a_secret_key_marks_what_it_writes(store):
    """The tag stays when the value is put again through a plain name."""
    pin = Key("pin", int, secret=True)
    store.put(pin, 1, tags=["io"])

    store["pin"] = 2

    assert store.meta("pin").tags == ("io", "sensitive")


def test_dropping_an_expired_key_can_be_undone(store, clock):
    """It is a change like any other."""
    store.put("k", 1, ttl=1)
    log = undo_log(store)
    clock.tick(1)
    with pytest.raises(KeyExpired):
        store["k"]

    log.rollback(0)

    with pytest.raises(KeyExpired):
        store["k"]
    assert log.commit() == ["k"]


def test_keys_are_selected_by_metadata_and_type(store):
    """Several filters are all to hold; the result is a list in order."""
    store.put("a", 1, tags=["io", "slow"], props={"status": "active"})
    store.put("b", True, tags=["io"], props={"status": 1})
    store.put("c", "x", tags=["slow"])
    store["d"] = None

    assert store.keys(tag="io") == ["a", "b"]
    assert store.keys(tags_all=["io", "slow"]) == ["a"]
    assert store.keys(tags_any=["io", "slow"]) == ["a", "b", "c"]
    assert store.keys(tags_all=[]) == ["a", "b", "c", "d"]
    assert store.keys(tags_any=[]) == []
    assert store.keys(prop=("status", "active")) == ["a"]
    assert store.keys(prop=("status", True)) == []
    assert store.keys(type=int) == ["a"]
    assert store.keys(type=int | bool) == ["a", "b"]
    assert store.keys(tag="slow", type=str) == ["c"]
    assert store.keys(tag=None) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "filters",
    [{"tga": "x"}, {"tags_all": "io"}, {"prop": "status"}, {"type": "int"}, {"matching": 3}],
    ids=str,
)
def test_a_slip_in_a_filter_is_an_error(store, filters):
    """It would be an empty list otherwise."""
    with pytest.raises(StoreError):
        store.keys(**filters)


def test_a_time_to_live_counts_from_the_moment_of_writing():
    """One look at the clock is enough, however fast it runs."""
    now = iter(range(1000))
    store = Store(clock=lambda: float(next(now)))
    store.put("k", 1, ttl=500)

    meta = store.meta("k")

    assert meta.expires_at - meta.created_at == timedelta(seconds=500)
