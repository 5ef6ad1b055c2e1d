"""Changes in place: noticed where a store is watched."""

from __future__ import annotations

import threading

from gostage._store.store import Store, table_of
from gostage._store.transaction import export_changes, fork, join, undo_log, watch
from tests.store.samples import Address, Clock, User


def watched(**values):
    store = Store(values, clock=Clock())
    watch(store)
    log = undo_log(store)
    log.commit()
    return store, log


def test_a_value_changed_in_place_is_named_by_the_commit():
    """As if it had been assigned; one that was only read is not."""
    store, log = watched(rows=[1], user=User("Ada", Address("Rome")), other=[2])
    store["rows"].append(2)
    store["user"].address.city = "Oslo"
    assert store["other"] == [2]

    assert log
    assert log.commit() == ["rows", "user"]
    assert log.commit() == []


def test_a_change_after_the_commit_is_the_next_one():
    """Every commit starts from what the value is then."""
    store, log = watched(rows=[1])
    store["rows"].append(2)
    log.commit()

    assert not log
    assert store["rows"] == [1, 2]
    assert log.commit() == []
    store["rows"].append(3)
    assert log.commit() == ["rows"]


def test_a_change_in_place_moves_the_time_of_update():
    """It is a change like any other."""
    store, log = watched(rows=[1])
    store["rows"].append(2)
    before = store.meta("rows")
    table_of(store).clock.tick(5)
    log.commit()

    assert (store.meta("rows").updated_at - before.updated_at).total_seconds() == 5
    assert store.meta("rows").created_at == before.created_at


def test_views_count_as_reading():
    """A value reached through a view is noticed too."""
    store, log = watched(a=[1], b=[2], c=[3])
    for value in store.values():
        value.append(0)

    assert log.commit() == ["a", "b", "c"]


def test_a_rollback_brings_values_back():
    """A value changed in place is what it was at the mark."""
    store, log = watched(rows=[1], user=User("Ada", Address("Rome")))
    mark = log.mark()
    store["rows"].append(2)
    store["user"].address.city = "Oslo"

    log.rollback(mark)

    assert store["rows"] == [1]
    assert store["user"] == User("Ada", Address("Rome"))
    assert log.commit() == []


def test_a_rollback_keeps_what_was_changed_before_the_mark():
    """A savepoint in the middle knows what was done before it."""
    store, log = watched(rows=[1])
    store["rows"].append(2)
    mark = log.mark()
    store["rows"].append(3)
    log.rollback(mark)

    assert store["rows"] == [1, 2]
    assert log.commit() == ["rows"]


def test_a_value_that_was_held_across_a_mark_is_noticed():
    """It needs no second read."""
    store, log = watched(rows=[1])
    rows = store["rows"]
    rows.append(2)
    mark = log.mark()
    rows.append(3)

    log.rollback(mark)
    assert store["rows"] == [1, 2]


def test_a_value_that_was_changed_and_then_replaced_comes_back_as_it_was():
    """The entry from before is restored, and so is the value in it."""
    store, log = watched(rows=[1])
    mark = log.mark()
    store["rows"].append(2)
    store["rows"] = [9]
    store["rows"].append(10)
    log.rollback(mark)

    assert store["rows"] == [1]


def test_an_early_savepoint_knows_the_value_from_before():
    """Also when the change was noticed at a later one, and the entry was tagged in between."""
    store, log = watched(rows=[1])
    early = log.mark()
    assert store["rows"] == [1]
    store.add_tag("rows", "t")
    store["rows"].append(2)
    late = log.mark()
    store["rows"].append(3)

    log.rollback(late)
    assert store["rows"] == [1, 2]
    log.rollback(early)
    assert store["rows"] == [1]
    assert not store.has_tag("rows", "t")
    assert log.commit() == []


def test_metadata_survives_a_rollback_of_the_value():
    """Tags and time to live belong to the entry, not to the value."""
    store, log = watched()
    store.put("rows", [1], ttl=50, tags=["t"])
    log.commit()
    meta = store.meta("rows")
    mark = log.mark()
    store["rows"].append(2)
    log.rollback(mark)

    assert store.meta("rows") == meta


def test_values_that_cannot_leave_the_process_are_left_alone():
    """They are neither compared nor brought back."""
    store, log = watched(lock=threading.Lock())

    assert store["lock"].acquire(blocking=False)
    log.rollback(log.mark())

    assert store["lock"].locked()
    assert log.commit() == []


def test_a_value_that_stops_being_storable_is_named():
    """The one who saves it is then told."""
    store, log = watched(rows=[1])
    store["rows"].append(threading.Lock())

    assert log.commit() == ["rows"]


def test_a_store_that_is_not_watched_notices_nothing():
    """And rollback leaves a list changed in place as it is, as in any program."""
    store = Store({"rows": [1]})
    log = undo_log(store)
    store["rows"].append(2)

    assert not log
    log.rollback(0)
    assert store["rows"] == [1, 2]
    assert log.commit() == []


def test_a_branch_of_a_watched_store_is_watched():
    """Its own copy comes back, and counts as unchanged again."""
    store, _ = watched(rows=[1], n=[0])
    branch = fork(store)
    log = undo_log(branch)
    branch["n"].append(1)
    assert log.commit() == ["n"]
    mark = log.mark()
    branch["rows"].append(2)
    log.rollback(mark)

    assert branch["rows"] == [1]
    assert [entry["key"] for entry in export_changes(branch)["entries"]] == ["n"]
    join(store, [("a", branch)])
    assert store == {"rows": [1], "n": [0, 1]}


def test_watching_twice_is_watching_once():
    """What was noted stays noted."""
    store, log = watched(rows=[1])
    store["rows"].append(2)
    watch(store)

    assert log.commit() == ["rows"]
