"""Updating fields by dotted paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypedDict

import pytest

from gostage._store.keys import Key
from gostage._store.store import Store
from gostage._store.transaction import undo_log
from gostage.errors import KeyExpired, KeyMissing, TypeMismatch, UpdateError
from tests.store.samples import (
    Account,
    Address,
    Box,
    Clock,
    Color,
    Derived,
    Extra,
    Frozen,
    FrozenRow,
    FrozenSlots,
    Open,
    Pet,
    Plain,
    Point,
    Row,
    Sealed,
    Stone,
    User,
)


class Options(TypedDict, total=False):
    depth: int
    names: list[str]


@dataclass
class Job:
    options: Options
    limits: dict[str, int]
    pair: tuple[int, str]
    maybe: Annotated[list[int] | None, "note"] = None


@pytest.mark.parametrize(
    ("value", "path", "new", "expected"),
    [
        (User("A", Address("X")), "address.city", "Y", User("A", Address("Y"))),
        (User("A", Address("X")), "nick", None, User("A", Address("X"), [], None)),
        (User("A", Address("X"), ["a"]), "tags.0", "b", User("A", Address("X"), ["b"])),
        (Frozen(1), "y", 2.5, Frozen(1, 2.5)),
        (FrozenSlots(1, (1, 2)), "parts.1", 5, FrozenSlots(1, (1, 5))),
        (Box([{"a": 1}]), "item.0.a", 2, Box([{"a": 2}])),
        (Pet("Rex"), "age", 4, Pet("Rex", 4)),
        (Stone(1), "weight", 2, Stone(2)),
        (Account(owner="a"), "balance", 5, Account(owner="a", balance=5)),
        (Account(owner="a", limits={"x": 1}), "limits.x", 2, Account(owner="a", limits={"x": 2})),
        (Open(name="a", more=1), "more", 2, Open(name="a", more=2)),
        (Sealed(name="a"), "name", "b", Sealed(name="b")),
        (Row(1), "label", "x", Row(1, "x")),
        (FrozenRow(id=1), "id", 2, FrozenRow(id=2)),
        (Point(1, 2), "y", 3, Point(1, 3)),
        ({"a": {"b": 1}}, "a.b", 2, {"a": {"b": 2}}),
        ({"a": {"b": 1}}, "a.new", 2, {"a": {"b": 1, "new": 2}}),
        ({1: "a"}, "1", "b", {1: "b"}),
        ([1, [2, 3]], "1.-1", 4, [1, [2, 4]]),
        ((1, {"a": 2}), "1.a", 3, (1, {"a": 3})),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_path_leads_into_every_kind_of_value(value, path, new, expected):
    """The result is a value of the same type, and the old one stays as it was."""
    before = repr(value)
    store = Store({"k": value})

    store.update("k", {path: new})

    assert store["k"] == expected
    assert type(store["k"]) is type(value)
    assert store["k"] is not value
    assert repr(value) == before


@pytest.mark.parametrize(
    ("value", "path", "new", "reason"),
    [
        (Address("X"), "zip", "3", "'zip' takes int, not str"),
        (Address("X"), "zip", True, "'zip' takes int, not bool"),
        (Frozen(1), "y", 1, "'y' takes float, not int"),
        (User("A", Address("X")), "tags", ["a", 1], "takes list"),
        (User("A", Address("X"), ["a"]), "tags.0", 1, "takes str, not int"),
        (User("A", Address("X")), "address", {"city": "Y"}, "takes Address, not dict"),
        (User("A", Address("X")), "adress.city", "Y", "User has no field 'adress'"),
        (User("A", Address("X")), "address.town", "Y", "Address has no field 'town'"),
        (User("A", Address("X")), "name.first", "Y", "str has no field 'first'"),
        (User("A", Address("X")), "__class__", 1, "no field"),
        (Pet("Rex"), "age", "4", "'age' takes int"),
        (Account(owner="a"), "balance", "5", "'balance' takes int"),
        (Account(owner="a"), "balance", -5, "refuses"),
        (Account(owner="a"), "limits.x", "1", "takes int"),
        (Row(1), "id", 1.0, "'id' takes int"),
        (Point(1), "x", None, "'x' takes int"),
        ({"a": 1}, "b.c", 2, "there is no 'b'"),
        ([1], "1", 2, "no item 1 among 1"),
        ([1], "first", 2, "no item 'first'"),
        (5, "a", 1, "int has no field 'a'"),
        (None, "a", 1, "None"),
        (Plain(1), "value", 2, "Plain has no field"),
        (Color.RED, "name", 2, "Color has no field"),
        ({"a": 1}, "", 2, "a path is"),
        ({"a": 1}, "a..b", 2, "a path is"),
        ({"a": 1}, 5, 2, "a path is"),
        (Job({}, {}, (1, "a")), "options.depth", "1", "takes int"),
        (Job({}, {}, (1, "a")), "options.size", 1, "Options has no key 'size'"),
        (Job({}, {}, (1, "a")), "limits.new", "1", "takes int"),
        (Job({}, {}, (1, "a")), "pair.1", 2, "takes str"),
        (Job({}, {}, (1, "a"), [1]), "maybe.0", "x", "takes int"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_does_not_fit_is_refused(value, path, new, reason):
    """Nothing is converted, nothing is changed, and the message says where and why."""
    store = Store({"k": value, "other": 1})
    log = undo_log(store)

    with pytest.raises(UpdateError, match="of key 'k': ") as caught:
        store.update("k", {path: new})

    assert reason in str(caught.value)
    assert store["k"] is value
    assert not log


def test_several_changes_are_all_or_nothing():
    """One that does not fit takes the others with it."""
    store = Store({"k": Address("X")})

    with pytest.raises(UpdateError):
        store.update("k", {"city": "Y", "zip": "no"})
    assert store["k"] == Address("X")
    store.update("k", {"city": "Y", "zip": 3})
    assert store["k"] == Address("Y", 3)


def test_the_old_value_shares_nothing_with_the_new_one():
    """Not even the parts that no path leads to."""
    before = User("Ada", Address("Rome"), ["a"])
    store = Store({"k": before})

    store.update("k", {"name": "Bob"})
    store["k"].tags.append("b")

    assert before.tags == ["a"]


def test_close_names_are_suggested():
    """The hint names what was probably meant."""
    with pytest.raises(UpdateError) as caught:
        Store({"k": Address("X")}).update("k", {"ciyt": "Y"})

    assert "'city'" in caught.value.hint


def test_metadata_and_time_to_live_stay():
    """An update is no new value."""
    clock = Clock()
    store = Store(clock=clock)
    store.put("k", Address("X"), ttl=100, tags=["t"], props={"p": 1}, description="d")
    before = store.meta("k")
    clock.tick(3)

    store.update("k", {"city": "Y"})

    after = store.meta("k")
    assert (after.expires_at, after.tags, after.props) == (before.expires_at, ("t",), {"p": 1})
    assert after.created_at == before.created_at
    assert after.updated_at > before.updated_at


def test_a_missing_or_expired_key_is_an_error():
    """Even if there is nothing to change."""
    clock = Clock()
    store = Store(clock=clock)
    store.put("k", {}, ttl=1)
    clock.tick(1)

    with pytest.raises(KeyExpired):
        store.update("k", {})
    with pytest.raises(KeyMissing):
        store.update("k", {})


def test_changes_must_be_a_mapping():
    """Anything else is a slip."""
    with pytest.raises(UpdateError, match="mapping of paths"):
        Store({"k": {}}).update("k", [("a", 1)])


def test_a_secret_is_not_shown():
    """Neither its parts nor the names of them, nor what was to be put in."""
    store = Store()
    store.put("k", {"hunter2": 1}, tags=["sensitive"])
    store.put("account", Account(owner="a"), tags=["sensitive"])

    for key, changes in (("k", {"hunter3.x": "tok"}), ("account", {"balance": -4711})):
        with pytest.raises(UpdateError) as caught:
            store.update(key, changes)
        text = str(caught.value) + caught.value.hint
        assert "hunter2" not in text
        assert "4711" not in text
        assert "tok" not in text


def test_fields_made_by_post_init_are_left_alone():
    """An update changes what it names; it does not run the class's own code."""
    store = Store({"k": Derived(2), "e": Extra(3)})

    store.update("k", {"base": 5})
    store.update("e", {"base": 5})

    assert (store["k"].base, store["k"].double) == (5, 4)
    assert store["e"].note == "made of 3"


def test_a_key_with_a_type_is_kept():
    """The whole value must still be what the key takes."""
    key = Key("k", dict[str, int])
    store = Store({key: {"a": 1}})

    with pytest.raises(TypeMismatch):
        store.update(key, {"a": "x"})
    store.update(key, {"a": 2})
    assert store[key] == {"a": 2}
