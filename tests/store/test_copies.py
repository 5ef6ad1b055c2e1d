"""Own copies, and whether two values are alike."""

from __future__ import annotations

import copy
import threading

import pytest
from hypothesis import given

from gostage._store.copies import alike, is_fixed, own_copy
from tests.store.samples import Address, Color, Node, Plain, Point, User
from tests.store.test_codec import anything


@given(anything)
def test_a_copy_is_alike(value):
    """Copying changes nothing, whatever the value."""
    assert alike(own_copy(value), value)


def test_a_copy_is_independent():
    """What is done to it does not reach the original."""
    user = User("Ada", Address("Rome"))
    twin = own_copy(user)

    twin.address.city = "Oslo"

    assert user.address.city == "Rome"
    assert not alike(twin, user)


def test_what_cannot_be_copied_is_shared_alone():
    """A lock inside a value is shared; what is around it is copied all the same."""
    lock = threading.Lock()
    value = {"lock": lock, "rows": [1], "both": ([lock], [2])}

    twin = own_copy(value)

    assert twin["lock"] is lock
    assert twin["rows"] == [1]
    assert twin["rows"] is not value["rows"]
    assert twin["both"][1] is not value["both"][1]


@pytest.mark.parametrize("value", [None, 1, "x", (1, ("a", b"b")), frozenset({1}), len], ids=repr)
def test_what_cannot_change_is_not_copied(value):
    """Sharing it is harmless."""
    assert is_fixed(value)
    assert own_copy(value) is value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ([1], (1,)),
        ([1, 2], [1]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, {"a": 2}),
        ({1}, {1, 2}),
        (Plain(1), Plain(2)),
        (Address("a"), Address("b")),
        ((1, 0), Point(1)),
        (b"a", bytearray(b"a")),
        (Node("a"), Node("a", Node("b"))),
    ],
    ids=repr,
)
def test_small_differences_are_seen(one, other):
    """Types, signs and the order of keys count."""
    assert not alike(one, other)
    assert not alike([one], [other])


@pytest.mark.parametrize(
    "value",
    [float("nan"), Plain([1, Plain()]), Node("a", Node("b")), Color.RED, {"a": {1, 2}}, len, Plain],
    ids=lambda value: type(value).__name__,
)
def test_equal_parts_are_alike(value):
    """Also where the class says nothing about equality."""
    assert alike(value, copy.deepcopy(value))


def test_values_that_contain_themselves_are_compared():
    """A cycle is followed once."""
    one: list[object] = [1]
    one.append(one)
    other: list[object] = [1]
    other.append(other)

    assert alike(one, other)
    other[0] = 2
    assert not alike(one, other)
