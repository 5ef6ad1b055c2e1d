"""The undo log: an attempt is all or nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gostage._store.store import Store, table_of
from gostage._store.transaction import fork, undo_log, watch
from gostage.errors import KeyMissing
from tests.store.samples import Clock


def picture(store: Store) -> list[object]:
    """Everything that can be seen of a store, in order."""
    return [(key, store[key], store.meta(key)) for key in list(store)]


def test_a_rollback_restores_entries_metadata_and_order():
    """The store is exactly what it was at the mark."""
    clock = Clock()
    store = Store({"a": 1, "b": 2, "c": 3}, clock=clock)
    store.put("b", 2, tags=["t"], props={"p": 1}, ttl=100)
    log = undo_log(store)
    before = picture(store)
    mark = log.mark()
    clock.tick(1)

    store["a"] = 10
    del store["b"]
    store["b"] = 20
    store["d"] = 4
    store.add_tag("c", "new")
    store.clear()
    store["z"] = 0
    log.rollback(mark)

    assert picture(store) == before
    assert not log


def test_savepoints_nest():
    """The inner one takes back its own part only."""
    store = Store()
    log = undo_log(store)
    outer = log.mark()
    store["a"] = 1
    inner = log.mark()
    store["a"] = 2
    store["b"] = 3

    log.rollback(inner)
    assert store == {"a": 1}
    log.rollback(outer)
    assert store == {}


def test_a_commit_names_each_changed_key_once():
    """Written, deleted and tagged keys count; what was taken back does not."""
    store = Store({"old": 0, "gone": 0, "read": []})
    log = undo_log(store)
    assert not log
    store["a"] = 1
    store["a"] = 2
    del store["gone"]
    store.add_tag("old", "t")
    mark = log.mark()
    store["never"] = 1
    log.rollback(mark)
    assert store["read"] == []

    assert log
    assert log.commit() == ["a", "gone", "old"]
    assert not log
    assert log.commit() == []


def test_a_commit_cannot_be_undone():
    """The next mark starts from there."""
    store = Store()
    log = undo_log(store)
    store["a"] = 1
    log.commit()
    store["a"] = 2
    log.rollback(0)

    assert store == {"a": 1}


def test_there_is_one_log_for_a_store():
    """Asking again gives the same records."""
    store = Store()
    first = undo_log(store)
    store["a"] = 1

    assert len(undo_log(store)) == len(first) == first.mark() == 1


def test_a_store_without_a_log_keeps_no_records():
    """Nothing piles up where nobody undoes."""
    store = Store()
    store["a"] = 1

    assert table_of(store).records is None


names = st.sampled_from("abcd")
writes = st.one_of(
    st.tuples(st.just("put"), names, st.integers()),
    st.tuples(st.just("tag"), names, st.sampled_from("xy")),
    st.tuples(st.just("ttl"), names, st.sampled_from([1, 3])),
    st.tuples(st.just("delete"), names, st.none()),
    st.tuples(st.just("pop and put"), names, st.integers()),
    st.tuples(st.just("append"), names, st.integers()),
    st.tuples(st.just("tick"), names, st.just(2)),
    st.tuples(st.just("read"), names, st.none()),
    st.tuples(st.just("clear"), names, st.none()),
)


def do(store: Store, clock: Clock, kind: str, key: str, value) -> None:
    """One change of a store, of any kind."""
    try:
        match kind:
            case "put":
                store[key] = [value]
            case "ttl":
                store.put(key, [value], ttl=value)
            case "tag":
                store.add_tag(key, value)
            case "delete":
                store.delete(key)
            case "pop and put":
                store[key] = store.pop(key)
            case "append":
                store[key].append(value)
            case "read":
                store[key]
            case "clear":
                store.clear()
    except KeyMissing:
        pass


@given(st.lists(writes), st.lists(writes), st.booleans())
@settings(max_examples=150)
def test_a_rollback_undoes_anything(before, after, is_branch):
    """Whatever was done, in a store or in a branch, with values changed in place."""
    clock = Clock()
    store = Store(clock=clock)
    for kind, key, value in before:
        do(store, clock, kind, key, value)
        if kind == "tick":
            clock.tick(value)
    if is_branch:
        store = fork(store)
    watch(store)
    log = undo_log(store)
    log.commit()
    expected = store.export()
    mark = log.mark()

    for kind, key, value in after:
        do(store, clock, kind, key, value)
    log.rollback(mark)

    assert store.export() == expected


@given(st.lists(writes), st.booleans())
def test_a_commit_names_all_that_changed(changes, is_branch):
    """Saving the named keys is saving the store."""
    clock = Clock()
    store = Store({"a": [1], "b": [2]}, clock=clock)
    if is_branch:
        store = fork(store)
    watch(store)
    log = undo_log(store)
    before = {entry["key"]: entry for entry in store.export()["entries"]}

    for kind, key, value in changes:
        do(store, clock, kind, key, value)
        if kind == "tick":
            clock.tick(value)
    now = {entry["key"]: entry for entry in store.export()["entries"]}
    changed = {key for key in {*before, *now} if _value(before, key) != _value(now, key)}

    expired = {key for key, entry in before.items() if "expires" in entry}
    assert changed - expired <= set(log.commit())


def _value(entries, key):
    entry = entries.get(key)
    return None if entry is None else (entry["value"], entry.get("tags"))
