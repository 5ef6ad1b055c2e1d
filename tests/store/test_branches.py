"""Branches: each sees the store as it was, and they come together or not at all."""

from __future__ import annotations

import functools
import gc
import json
import operator
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._store.keys import Key
from gostage._store.store import Store, table_of
from gostage._store.transaction import export_changes, fork, fork_with, join, undo_log
from gostage.errors import ConcurrentWrite, KeyExpired, KeyMissing, StoreError, TypeMismatch
from tests.store.samples import Address, Clock, Plain, User

TOTAL = Key("total", int, merge=operator.add)
ROWS = Key("rows", list, merge=operator.iadd)


def branches_of(store: Store, *names: str) -> list[tuple[str, Store]]:
    return [(name, fork(store)) for name in names]


def test_a_branch_keeps_its_changes_to_itself():
    """Writing, deleting and tagging do not reach the store below, nor a sibling."""
    store = Store({"a": 1, "b": 2, "c": 3})
    (_, one), (_, other) = branches_of(store, "one", "other")

    one["a"] = 10
    del one["b"]
    one["d"] = 4
    one.add_tag("c", "t")

    assert one == {"a": 10, "c": 3, "d": 4}
    assert store == other == {"a": 1, "b": 2, "c": 3}
    assert not store.has_tag("c", "t")
    with pytest.raises(KeyMissing):
        one["b"]
    assert list(one) == ["a", "c", "d"]


def test_a_branch_has_its_own_copy_of_what_can_change():
    """A change in place stays in the branch; reading again gives the same object."""
    store = Store({"user": User("Ada", Address("Rome")), "rows": [1]})
    one, other = fork(store), fork(store)

    one["user"].address.city = "Oslo"
    one["rows"].append(2)

    assert one["rows"] is one["rows"]
    assert one["rows"] == [1, 2]
    assert other["user"].address.city == store["user"].address.city == "Rome"
    assert store["rows"] == [1]


def test_what_cannot_be_copied_is_shared():
    """A lock is the same lock in every branch."""
    lock = threading.Lock()
    store = Store({"lock": lock})
    one = fork(store)

    assert one["lock"] is lock
    join(store, [("one", one)])
    assert store["lock"] is lock


def test_a_join_brings_all_changes_in_branch_order():
    """Assigned, deleted and changed in place; new keys come at the end."""
    store = Store({"a": 1, "rows": [1], "gone": 0, "same": [5]})
    branches = branches_of(store, "one", "other")
    one, other = (branch for _, branch in branches)
    other["y"] = 2
    one["x"] = 1
    one["a"] = 10
    other["rows"].append(2)
    del one["gone"]
    assert one["same"] == other["same"]

    join(store, branches)

    assert list(store.items()) == [("a", 10), ("rows", [1, 2]), ("same", [5]), ("x", 1), ("y", 2)]


def test_a_join_is_an_ordinary_change():
    """It can be undone, and its keys are named by the commit."""
    store = Store({"a": 1, "gone": 0})
    log = undo_log(store)
    one = fork(store)
    one["a"], one["b"] = 2, 3
    del one["gone"]
    mark = log.mark()
    join(store, [("one", one)])
    assert store == {"a": 2, "b": 3}

    log.rollback(mark)
    assert store == {"a": 1, "gone": 0}
    join(store, [("one", one)])
    assert sorted(log.commit()) == ["a", "b", "gone"]


def write_a(store):
    store["a"] = 1


def append_a(store):
    store["a"].append(1)


def delete_a(store):
    store.delete("a")


def tag_a(store):
    store.add_tag("a", "t")


def read_a(store):
    store["a"]


@pytest.mark.parametrize("other", [write_a, append_a, delete_a, tag_a])
@pytest.mark.parametrize("one", [write_a, append_a, tag_a])
def test_two_writers_of_one_key_are_refused(one, other):
    """The error names key and branches, and nothing is changed."""
    store = Store({"a": [0], "b": 0})
    branches = branches_of(store, "left", "middle", "right")
    one(branches[0][1])
    branches[1][1]["b"] = 1
    other(branches[2][1])

    with pytest.raises(ConcurrentWrite, match=r"key 'a' .* 'left' and 'right'") as caught:
        join(store, branches)

    assert "merge" in caught.value.hint
    assert store == {"a": [0], "b": 0}


@pytest.mark.parametrize("other", [read_a, delete_a], ids=["read", "deleted"])
def test_one_writer_or_none_is_no_conflict(other):
    """Reading is no writing, and two that delete agree."""
    store = Store({"a": [0]})
    branches = branches_of(store, "one", "other")
    one, two = branches[0][1], branches[1][1]
    (delete_a if other is delete_a else append_a)(one)
    other(two)

    join(store, branches)

    assert store == ({} if other is delete_a else {"a": [0, 1]})


def test_a_key_made_and_deleted_in_a_branch_is_nothing():
    """It leaves no trace that could be a conflict."""
    store = Store()
    branches = branches_of(store, "one", "other")
    branches[0][1]["a"] = 1
    del branches[0][1]["a"]
    branches[1][1]["a"] = 2

    join(store, branches)

    assert store == {"a": 2}


def test_the_values_of_secrets_are_not_shown():
    """The error of a conflict has names only."""
    pin = Key("pin", int, secret=True)
    store = Store()
    branches = branches_of(store, "one", "other")
    for number, (_, branch) in enumerate(branches, start=4711):
        branch[pin] = number

    with pytest.raises(ConcurrentWrite) as caught:
        join(store, branches)

    assert "471" not in str(caught.value) + caught.value.hint
    assert "471" not in repr(branches)


@pytest.mark.parametrize("before", [None, 10], ids=["without", "with"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_merging_keys_are_folded(before, count):
    """In branch order, onto the value from before, without one onto the first."""
    text = Key("text", str, merge=lambda one, other: f"({one}{other})")
    store = Store({} if before is None else {text: "0"})
    branches = branches_of(store, *"abc"[:count])
    for name, branch in branches:
        branch[text] = name

    join(store, branches)

    parts = ([] if before is None else ["0"]) + list("abc"[:count])
    assert store[text] == functools.reduce(lambda one, other: f"({one}{other})", parts)


@given(st.none() | st.integers(), st.lists(st.none() | st.integers(), max_size=5), st.booleans())
def test_the_law_of_merging(before, values, is_reloaded):
    """Result = reduce(merge, [before?] + values of the branches that wrote)."""
    store = Store({} if before is None else {"total": before})
    branches = branches_of(store, *(str(index) for index in range(len(values))))
    for (_, branch), value in zip(branches, values, strict=True):
        if value is not None:
            branch[TOTAL] = value
    if is_reloaded:
        branches = [
            (name, fork_with(store, json.loads(json.dumps(export_changes(branch)))))
            for name, branch in branches
        ]
    join(store, branches)

    parts = [each for each in [before, *values] if each is not None]
    assert store.get("total", default=None) == (sum(parts) if parts else None)


tree = st.recursive(
    st.integers(0, 9), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=8
)


@given(st.none() | st.integers(), st.lists(tree, min_size=1, max_size=3))
def test_the_law_holds_for_branches_of_branches(before, shape):
    """However deep the forks, each contribution counts exactly once."""
    store = Store({} if before is None else {"total": before})

    def work(parent, node):
        if isinstance(node, int):
            parent[TOTAL] = node
            return node
        inner = [(str(index), fork(parent)) for index in range(len(node))]
        total = sum(work(branch, each) for (_, branch), each in zip(inner, node, strict=True))
        join(parent, inner)
        return total

    added = work(store, shape)

    assert store["total"] == (before or 0) + added


def test_a_merge_that_changes_its_first_value_is_harmless():
    """It gets a copy, so a join that fails afterwards has changed nothing."""
    store = Store({"rows": [0]})
    branches = branches_of(store, "one", "other")
    branches[0][1][ROWS] = [1]
    branches[1][1][ROWS] = [2]
    branches[0][1]["clash"] = branches[1][1]["clash"] = 0

    with pytest.raises(ConcurrentWrite, match="clash"):
        join(store, branches)
    assert store == {"rows": [0]}
    assert branches[0][1]["rows"] == [1]
    del branches[0][1]["clash"]
    join(store, branches)
    assert store["rows"] == [0, 1, 2]


def test_what_a_branch_changes_in_its_contribution_counts():
    """A merging value is the branch's own, also after it was put."""
    store = Store({"rows": [0]})
    branches = branches_of(store, "one", "other")
    for name, branch in branches:
        branch[ROWS] = []
        branch["rows"].append(name)

    join(store, branches)

    assert store["rows"] == [0, "one", "other"]


def test_what_a_branch_adds_to_a_folded_value_counts():
    """A value that inner branches made may be changed in place by the outer one."""
    store = Store({"rows": [0]})
    outer = fork(store)
    inner = branches_of(outer, "one", "other")
    for name, branch in inner:
        branch[ROWS] = [name]
    join(outer, inner)
    outer["rows"].append("outer")

    join(store, [("outer", outer)])

    assert store["rows"] == [0, "one", "other", "outer"]


def test_a_plain_write_does_not_merge():
    """All writers have to go through the key."""
    store = Store({"total": 1})
    branches = branches_of(store, "one", "other")
    branches[0][1][TOTAL] = 1
    branches[1][1]["total"] = 2

    with pytest.raises(ConcurrentWrite):
        join(store, branches)


def test_metadata_of_a_merged_key_is_united():
    """Tags of all branches, the rest from the last."""
    store = Store({"total": 1})
    branches = branches_of(store, "one", "other")
    branches[0][1].put(TOTAL, 1, tags=["a"], description="first")
    branches[1][1].put(TOTAL, 2, tags=["b"], description="last")

    join(store, branches)

    assert store["total"] == 4
    assert store.meta("total").tags == ("a", "b")
    assert store.meta("total").description == "last"


def test_a_failing_merge_is_reported_with_its_cause():
    """The merge's own error is the cause, and nothing is changed."""
    broken = Key("broken", int, merge=lambda one, other: 1 // 0)
    store = Store({"broken": 1})
    branches = branches_of(store, "one", "other")
    for _, branch in branches:
        branch[broken] = 2

    with pytest.raises(ConcurrentWrite, match="merge of key 'broken' failed") as caught:
        join(store, branches)

    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert store == {"broken": 1}


def test_a_merge_to_another_type_is_refused():
    """A typed key keeps its type."""
    wrong = Key("wrong", int, merge=lambda one, other: f"{one}{other}")
    store = Store({"wrong": 1})
    one = fork(store)
    one[wrong] = 2

    with pytest.raises(TypeMismatch, match="gave str, not int"):
        join(store, [("one", one)])


def test_an_unknown_merge_after_a_reload_is_explained():
    """The function is code and never in the data; the hint says how to bring it back."""
    store = Store()
    passing = Key("passing", int, merge=operator.add)
    branch = fork(store)
    branch[passing] = 1
    exported = json.loads(json.dumps(export_changes(branch)))
    del passing, branch
    gc.collect()

    with pytest.raises(ConcurrentWrite, match="merge is not known") as caught:
        join(store, [("one", fork_with(store, exported))])

    assert "import the module" in caught.value.hint


def test_changes_travel_as_json():
    """Values, metadata, deletions and changes in place arrive as they were made."""
    clock = Clock()
    store = Store({"a": 1, "rows": [1], "gone": 0, "seen": [3]}, clock=clock)
    branch = fork(store)
    branch.put("a", 2, tags=["t"], ttl=50, props={"p": (1,)}, description="d")
    branch["rows"].append(2)
    branch["new"] = {1: 2}
    del branch["gone"]
    branch["seen"]
    exported = json.loads(json.dumps(export_changes(branch)))

    again = fork_with(store, exported)

    assert [entry["key"] for entry in exported["entries"]] == ["a", "rows", "new"]
    assert again == branch == {"a": 2, "rows": [1, 2], "seen": [3], "new": {1: 2}}
    assert list(again) == list(branch)
    assert again.meta("a") == branch.meta("a")
    join(store, [("again", again)])
    assert store == {"a": 2, "rows": [1, 2], "seen": [3], "new": {1: 2}}


def test_expiry_stays_in_the_branch():
    """A read of an expired key drops it there, and is no writing against a sibling's."""
    clock = Clock()
    store = Store(clock=clock)
    store.put("k", 1, ttl=5)
    branches = branches_of(store, "one", "other")
    clock.tick(5)
    one, other = (branch for _, branch in branches)
    with pytest.raises(KeyExpired):
        one["k"]
    with pytest.raises(KeyMissing, match="no key"):
        one["k"]
    other["k"] = 2

    assert "k" in table_of(store).entries
    join(store, [("one", fork_with(store, export_changes(one))), branches[1]])
    assert store["k"] == 2


def test_an_expired_key_that_a_branch_dropped_is_dropped_by_the_join():
    """The one who was told is the only one who is told."""
    clock = Clock()
    store = Store(clock=clock)
    store.put("k", 1, ttl=5)
    one = fork(store)
    clock.tick(5)
    with pytest.raises(KeyExpired):
        one["k"]

    join(store, [("one", one)])

    with pytest.raises(KeyMissing, match="no key"):
        store["k"]


def test_forks_nest():
    """A branch of a branch sees what the branch did, and changes the branch alone."""
    store = Store({"a": [1], "b": 1})
    outer = fork(store)
    outer["a"].append(2)
    outer["c"] = 3
    inner = fork(outer)
    inner["a"].append(3)
    del inner["b"]

    assert inner == {"a": [1, 2, 3], "c": 3}
    assert outer == {"a": [1, 2], "b": 1, "c": 3}
    join(outer, [("inner", inner)])
    assert outer == {"a": [1, 2, 3], "c": 3}
    assert store == {"a": [1], "b": 1}
    join(store, [("outer", outer)])
    assert store == {"a": [1, 2, 3], "c": 3}


def test_a_key_that_was_deleted_and_put_again_is_the_last():
    """In the branch, and after the join."""
    store = Store({"a": 1, "b": 2})
    branch = fork(store)
    branch["a"] = branch.pop("a")

    assert list(branch) == ["b", "a"]
    join(store, [("x", branch)])
    assert list(store) == ["b", "a"]


def test_a_branch_can_be_undone():
    """An attempt inside a branch is all or nothing too."""
    store = Store({"a": 1, "b": 2})
    branch = fork(store)
    log = undo_log(branch)
    branch["a"] = 2
    mark = log.mark()
    branch["a"] = 3
    branch["c"] = 4
    del branch["b"]
    log.rollback(mark)

    assert branch == {"a": 2, "b": 2}
    assert log.commit() == ["a"]
    assert list(branch) == ["a", "b"]


def test_values_no_codec_knows_are_compared_part_by_part():
    """Reading them in two branches is no conflict; changing one is noticed."""
    store = Store({"plain": Plain([1])})
    branches = branches_of(store, "one", "other")
    for _, branch in branches:
        assert branch["plain"].value == [1]

    join(store, branches)
    branches = branches_of(store, "one", "other")
    branches[0][1]["plain"].value.append(2)
    assert branches[1][1]["plain"].value == [1]
    join(store, branches)
    assert store["plain"].value == [1, 2]


def test_only_branches_of_the_store_can_be_joined():
    """A mix-up is an error, not a surprise."""
    store = Store()
    for stranger in (Store(), fork(Store()), fork(fork(store))):
        with pytest.raises(StoreError, match="no branch"):
            join(store, [("x", stranger)])
    with pytest.raises(StoreError, match="no branch"):
        export_changes(store)


def test_a_clone_of_a_branch_is_a_store_of_its_own():
    """It has all the branch sees, and no longer depends on what is below."""
    store = Store({"a": [1]})
    branch = fork(store)
    branch["b"] = 2
    twin = branch.clone()
    twin["a"].append(2)
    store.clear()

    assert twin == {"a": [1, 2], "b": 2}


def test_branches_can_be_used_by_threads_at_once():
    """Reading and writing siblings side by side gives what each of them did alone."""
    store = Store({f"k{n}": [n] for n in range(50)})
    branches = branches_of(store, *(f"b{n}" for n in range(4)))
    start = threading.Barrier(len(branches))
    errors: list[BaseException] = []

    def work(number: int, branch: Store) -> None:
        try:
            start.wait()
            for n in range(50):
                assert branch[f"k{n}"] == [n]
                branch[f"k{n}"].append(number)
                branch[f"new{number}-{n}"] = n
                if n % 4 != number:
                    branch[f"k{n}"].pop()
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(number, branch))
        for number, (_, branch) in enumerate(branches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    join(store, branches)

    assert [store[f"k{n}"] for n in range(50)] == [[n, n % 4] for n in range(50)]
    assert len(store) == 250


changes = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "append"]), st.sampled_from("abcd")), max_size=5
)


@given(changes, changes)
def test_a_join_is_both_or_neither(one, other):
    """Branches that touch different keys give what doing it in turn gives; else nothing changes."""
    start = {"a": [0], "b": [0], "c": [0]}
    store, alone = Store(start).clone(), Store(start).clone()
    branches = branches_of(store, "one", "other")

    def do(target, number, steps):
        for kind, key in steps:
            if kind == "put":
                target[key] = [number]
            elif kind == "delete":
                target.delete(key)
            elif key in target:
                target[key].append(number)

    for number, ((_, branch), steps) in enumerate(zip(branches, (one, other), strict=True), 1):
        do(branch, number, steps)
    try:
        join(store, branches)
    except ConcurrentWrite:
        assert {key for _, key in one} & {key for _, key in other}
        assert store == start
    else:
        do(alone, 1, one)
        if not {key for _, key in one} & {key for _, key in other}:
            do(alone, 2, other)
            assert store == alone
            assert sorted(store) == sorted(alone)
