"""Data from a stranger: it may be refused, it never runs anything."""

from __future__ import annotations

import contextlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._store.codec import decode, encode
from gostage._store.failures import decode_error
from gostage._store.store import Store
from gostage.errors import ChildError, StoreError
from tests.store import samples
from tests.store.samples import TRIGGERED, Loud, Row, Trap

HERE = "tests.store.samples"


@pytest.mark.parametrize(
    "reference",
    [
        "os:system",
        "builtins:eval",
        "builtins:exec",
        "builtins:object",
        "builtins:type",
        "subprocess:Popen",
        "os:_wrap_close",
        "pickle:Unpickler",
        f"{HERE}:Loud",
        f"{HERE}:make_nothing",
        f"{HERE}:TRIGGERED",
        f"{HERE}:Point.__class__",
        f"{HERE}:Point.__new__.__class__",
        f"{HERE}:Loud.__init__.__globals__",
        f"{HERE}:__builtins__",
        f"{HERE}:pydantic.BaseModel",
        f"{HERE}:Missing",
        f"{HERE}:",
        ":Point",
        "Point",
        "",
        5,
        None,
        ["os", "system"],
    ],
    ids=repr,
)
def test_only_recognised_classes_are_made(reference):
    """A function, an ordinary class, a dunder or a name that leads elsewhere is refused."""
    with pytest.raises(StoreError):
        decode({"$object": reference, "fields": {"command": "touch x"}})

    assert Loud.calls == []


def test_nothing_is_imported_for_data():
    """A class of a module that is not loaded is an error that says what to import."""
    module = "wave"
    sys.modules.pop(module, None)

    with pytest.raises(StoreError, match="is not loaded") as caught:
        decode({"$object": f"{module}:Wave_read", "fields": {}})

    assert module not in sys.modules
    assert f"import {module}" in caught.value.hint


def test_no_code_of_a_class_is_called():
    """Neither `__new__` nor `__post_init__` nor `__setstate__` runs when a value is made."""
    data = encode(Trap(3))
    TRIGGERED.clear()

    value = decode(data)

    assert value.x == 3
    assert TRIGGERED == []


@pytest.mark.parametrize(
    "data",
    [
        {"$object": f"{HERE}:Address", "fields": {"__class__": 1, "city": "x"}},
        {"$object": f"{HERE}:Address", "fields": {"__dict__": {}, "city": "x"}},
        {"$object": f"{HERE}:FrozenSlots", "fields": {"x": 1, "other": 2}},
        {"$object": f"{HERE}:Point", "fields": {"x": 1, "z": 2}},
        {"$object": f"{HERE}:Point", "fields": {}},
        {"$object": f"{HERE}:Point", "fields": [1, 2]},
        {"$object": f"{HERE}:Point"},
        {"$object": f"{HERE}:Point", "fields": {"x": 1}, "more": 1},
        {"$object": f"{HERE}:Row", "fields": {"id": 1, "zzz": 2}},
        {"$object": f"{HERE}:Color", "fields": {"name": "GREEN"}},
        {"$object": f"{HERE}:Color", "fields": {"value": "red"}},
        {"$object": f"{HERE}:Access", "fields": {"value": "1"}},
        {"$object": f"{HERE}:Access", "fields": {}},
        {"$set": [[1]]},
        {"$set": 3},
        {"$tuple": {"a": 1}},
        {"$dict": [[1, 2, 3]]},
        {"$dict": [[[1], 2]]},
        {"$dict": 5},
        {"$bytes": 5},
        {"$int": "zz"},
        {"$int": 5},
        {"$float": "1e400000"},
        {"$datetime": "yesterday"},
        {"$datetime": [1, 2]},
        {"$decimal": {"$tuple": [0, [1], 0]}},
        {"$uuid": "x"},
        {"$path": 5},
        {"$zoneinfo": "../../etc/passwd"},
        {"$zoneinfo": "Nowhere/Else"},
        {"$range": [1, 2, 0]},
        {"$complex": "1+2j+eval"},
        {"$nothing": 1},
        {"$": 1},
        {"$tuple": [], "$set": []},
        {"a": 1, "$tuple": []},
        {1: 2},
        {"a": object()},
        (1, 2),
    ],
    ids=lambda data: str(data)[:60],
)
def test_damaged_data_is_an_error_of_the_store(data):
    """Never another error, and never a half-made value."""
    with pytest.raises(StoreError):
        decode(data)


MARKS = """
    $set $tuple $dict $object $bytes $int $float $str $datetime $date $time $timedelta $timezone
    $complex $range $decimal $uuid $path $zoneinfo $fraction $deque $counter
"""
tags = st.sampled_from(MARKS.split())
leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=4)
damaged = st.recursive(
    leaves | st.sampled_from([f"{HERE}:{name}" for name in vars(samples) if name[0] != "_"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(tags | st.sampled_from(["fields", "x", "name"]), inner, max_size=2)
        | st.fixed_dictionaries({"$object": inner, "fields": inner})
    ),
    max_leaves=8,
)


@given(damaged)
def test_any_data_decodes_or_is_an_error_of_the_store(data):
    """Random data with the codec's own marks in it does nothing else."""
    TRIGGERED.clear()
    with contextlib.suppress(StoreError):
        decode(data)
    assert TRIGGERED == []
    assert Loud.calls == []


@pytest.mark.parametrize(
    "data",
    [
        {"class": "os:system", "message": "x", "args": ["touch x"]},
        {"class": "builtins:int", "message": "x"},
        {"class": f"{HERE}:Row", "message": "x"},
        {"class": "builtins:ValueError", "message": "x", "args": {"$object": "os:system"}},
        {"message": "x"},
        {"class": 5},
        {},
    ],
    ids=str,
)
def test_an_error_of_no_error_class_is_a_stand_in(data):
    """A hostile error is shown, not made."""
    assert isinstance(decode_error(data), ChildError)


@pytest.mark.parametrize(
    "exported",
    [
        {},
        None,
        [],
        {"version": 1},
        {"version": 2, "now": 0.0, "entries": []},
        {"version": 1, "now": 0.0, "entries": [{}]},
        {"version": 1, "now": 0.0, "entries": [3]},
        {"version": 1, "now": "x", "entries": []},
        {"version": 1, "entries": []},
        {
            "version": 1,
            "now": 0.0,
            "entries": [{"key": 5, "value": 1, "order": 1, "created": 0.0, "updated": 0.0}],
        },
        {
            "version": 1,
            "now": 0.0,
            "entries": [{"key": "k", "value": 1, "order": "a", "created": 0.0, "updated": 0.0}],
        },
        {
            "version": 1,
            "now": 0.0,
            "entries": [{"key": "k", "value": 1, "order": 1, "created": "x", "updated": 0.0}],
        },
    ],
    ids=lambda data: str(data)[:70],
)
def test_a_damaged_export_is_an_error_of_the_store(exported):
    """Loading is all or nothing, and says what is wrong."""
    with pytest.raises(StoreError):
        Store.load(exported)


def test_a_damaged_secret_is_not_shown():
    """The error of a value that cannot be read has no part of it."""
    store = Store()
    store.put("token", {"api": "tok-1"}, tags=["sensitive"])
    exported = store.export()
    exported["entries"][0]["value"] = {"$date": "tok-1"}

    with pytest.raises(StoreError, match=r"\*\*\*") as caught:
        Store.load(exported)

    error: BaseException | None = caught.value
    while error is not None:
        assert error is caught.value or error.__suppress_context__ or "tok-1" not in str(error)
        error = error.__cause__
    assert "tok-1" not in str(caught.value) + caught.value.hint


def test_a_struct_is_what_was_stored():
    """A struct's own code runs when it is made, but what it does to the fields does not stay."""
    assert decode(encode(Row(1, "a"))) == Row(1, "a")
    assert decode(encode(samples.Doubling(2))).n == 4
