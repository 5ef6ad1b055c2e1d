"""The codec: values as JSON and back, without loss."""

from __future__ import annotations

import io
import json
import math
import struct
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._store.codec import STANDARD, Codec, decode, encode
from gostage._store.copies import alike
from gostage.errors import NotStorable, StoreError
from tests.store.samples import (
    Access,
    Account,
    Address,
    Box,
    Color,
    Derived,
    Doubling,
    Extra,
    Frozen,
    FrozenRow,
    FrozenSlots,
    Level,
    Loose,
    Node,
    Open,
    Pet,
    Plain,
    Point,
    Row,
    Sealed,
    Stone,
    Unset,
    User,
)


def through_json(value):
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


SAMPLES = [
    None,
    True,
    0,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    10**5000,
    0.1,
    -0.0,
    float("inf"),
    float("-inf"),
    float("nan"),
    "",
    "naïve 😀",
    "\ud800",
    "\ud83d\ude00",
    b"",
    b"\x00\xff",
    bytearray(b"ab"),
    (),
    (1, (2, [3])),
    [1, [2, {}]],
    set(),
    {1, "a", None},
    frozenset({(1, 2), frozenset({3})}),
    complex(1, -0.0),
    complex(float("inf"), 2),
    range(1, 10, 3),
    date(2024, 2, 29),
    datetime(2024, 2, 29, 12, 30, 15, 123456),
    datetime(2024, 2, 29, tzinfo=timezone.utc),
    datetime(2024, 2, 29, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    datetime(2024, 2, 29, tzinfo=timezone(timedelta(hours=1), "CET")),
    datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Paris"), fold=1),
    datetime(2024, 10, 27, 2, 30, fold=1),
    time(1, 2, 3, 4),
    time(1, 2, tzinfo=timezone.utc, fold=1),
    timedelta(days=-1, microseconds=1),
    timezone.utc,
    timezone(timedelta(seconds=1), "odd"),
    ZoneInfo("UTC"),
    Decimal("1.10"),
    Decimal("-0E+5"),
    Decimal("Infinity"),
    Fraction(1, 3),
    UUID(int=7),
    Path("a/b"),
    Path(),
    PurePosixPath("/x"),
    PureWindowsPath("c:/x"),
    Color.RED,
    Level.HIGH,
    Access.READ,
    Access.READ | Access.WRITE,
    Access(0),
    Point(1),
    Address("Rome", 1),
    User("Ada", Address("Rome"), ["x"], None),
    Frozen(1),
    FrozenSlots(1, (2, 3)),
    Derived(2),
    Extra(3),
    Box((1, b"x")),
    Box[int](1),
    Node("a", Node("b")),
    Pet("Rex", 3),
    Stone(5),
    Loose("a", 2),
    Account(owner="Ada", balance=3, limits={"a": 1}),
    Open(name="x", more=[1]),
    Sealed(name="x"),
    Row(1, "a"),
    FrozenRow(id=2),
    Doubling(2),
    {"a": {"b": [1, {}]}},
    {1: "a", "1": "b", None: 0, (1, 2): [], True and 2: 3},
    {"$set": [1]},
    {"$object": "os:system", "fields": {}},
    {"a": 1, "$b": 2},
    {"\ud83d\ude00": 1},
    OrderedDict([("b", 1), ("a", 2)]),
    Counter("aab"),
    deque([1, 2], maxlen=5),
]


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_as_it_was(value):
    """Type, parts and order survive JSON text."""
    result = through_json(value)

    assert type(result) is type(value)
    assert alike(result, value) or result == value
    assert isinstance(value, (int, set)) or repr(result) == repr(value)


def test_a_named_timezone_keeps_its_name():
    """An offset is equal whatever its name, so the name is looked at."""
    moment = through_json(datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1), "CET")))

    assert moment.tzname() == "CET"
    assert through_json(datetime(2024, 1, 1, fold=1)).fold == 1
    assert type(through_json(datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC"))).tzinfo) is ZoneInfo


def test_plain_json_stays_itself():
    """State is readable: what JSON has is written as JSON has it."""
    value = {"name": "Ada", "n": [1, 2.5, None, True], "deep": {"er": {}}}

    assert encode(value) == value
    assert encode(value) is not value
    assert encode(value)["n"] is not value["n"]


def test_encoding_is_readable():
    """A class is named by module and name, and its fields by theirs."""
    assert encode(Point(1, 2)) == {
        "$object": "tests.store.samples:Point",
        "fields": {"x": 1, "y": 2},
    }
    assert encode((1, 2)) == {"$tuple": [1, 2]}


def test_equal_sets_are_equal_data():
    """The order of a set depends on the process; that of its data does not."""
    forward, backward = set(), set()
    for number in range(0, 80, 8):
        forward.add(number)
        backward.add(72 - number)

    assert encode(forward) == encode(backward)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
hashables = st.recursive(
    st.none()
    | st.integers()
    | st.text()
    | st.binary()
    | st.dates()
    | st.timedeltas()
    | st.uuids()
    | st.decimals(allow_nan=False)
    | st.sampled_from(Color)
    | st.builds(Point, st.integers(), st.integers())
    | st.builds(Frozen, st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.frozensets(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=5,
)
anything = st.recursive(
    hashables
    | st.floats()
    | st.complex_numbers()
    | st.datetimes(timezones=st.none() | st.timezones() | st.just(timezone.utc))
    | st.times()
    | st.builds(bytearray, st.binary()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashables, inner, max_size=4)
        | st.sets(hashables, max_size=4)
        | st.tuples(inner)
        | st.builds(Box, inner)
        | st.builds(Pet, inner)
        | st.builds(Row, inner)
        | st.builds(lambda item: Open(name="n", item=item), inner)
    ),
    max_leaves=12,
)


@given(json_values)
def test_every_json_value_comes_back(value):
    """Also those whose keys look like the codec's own marks."""
    assert alike(through_json(value), value)


@given(anything)
def test_every_storable_value_comes_back(value):
    """Whatever is nested in whatever."""
    result = through_json(value)

    assert alike(encode(result), encode(value))
    assert type(result) is type(value)  # not its repr: a set has no order, and nan is not nan


@given(anything)
def test_encoding_does_not_touch_the_value(value):
    """The data shares nothing with the value that could be changed."""
    before = repr(value)
    data = encode(value)

    json.dumps(data)
    assert repr(value) == before
    assert alike(encode(value), data)


def test_a_field_that_was_never_set_stays_unset():
    """A dataclass may have fields that are made later."""
    result = through_json(Unset(1))

    assert result.base == 1
    assert not hasattr(result, "later")


def test_attributes_besides_the_fields_are_kept():
    """What `__post_init__` made is there again, though it is not called; a cached value is not."""
    value = Extra(3)
    assert value.square == 9

    result = through_json(value)

    assert result.note == "made of 3"
    assert "square" not in vars(result)
    assert result.square == 9


def test_a_cached_hash_is_made_anew():
    """A hash is another one in every process."""
    stone = Stone(5)
    hash(stone)

    assert hash(through_json(stone)) == hash(stone)
    assert None in encode(stone)["fields"].values()


def test_a_model_keeps_its_private_parts():
    """What was set explicitly, extra fields and private attributes survive."""
    account = Account(owner="Ada")
    account._touched = 3

    result = through_json(account)

    assert result._touched == 3
    assert result.model_fields_set == {"owner"}
    assert through_json(Open(name="x", more=1)).more == 1


def test_new_fields_get_their_defaults():
    """Data from before a field existed can be read if the field has a default."""
    data = encode(User("Ada", Address("Rome")))
    del data["fields"]["tags"], data["fields"]["nick"]
    account = encode(Account(owner="Ada"))
    del account["fields"]["limits"]

    assert decode(data) == User("Ada", Address("Rome"), [], None)
    assert decode(account) == Account(owner="Ada")
    assert decode(data).tags is not decode(data).tags
    assert decode(account).limits is not decode(account).limits


@pytest.mark.parametrize(
    ("value", "name"),
    [(Address("a"), "city"), (Pet("a"), "name"), (Account(owner="a"), "owner"), (Row(1), "id")],
    ids=["dataclass", "attrs", "pydantic", "msgspec"],
)
def test_a_new_field_without_a_default_is_an_error(value, name):
    """It names the class, and says what to do about it."""
    data = encode(value)
    del data["fields"][name]

    with pytest.raises(StoreError, match=type(value).__name__):
        decode(data)


@dataclass
class Subclassed(dict):  # type: ignore[type-arg]
    x: int = 0


class Celsius(int):
    pass


class Name(str):
    __slots__ = ()


# The smallest time zone there is; read from a file, it has no name to be found by again.
UNNAMED_ZONE = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, 0, 1, 4) + bytes(6) + b"UTC\0"


def local_class():
    @dataclass
    class Local:
        x: int = 0

    return Local()


@pytest.mark.parametrize(
    "value",
    [
        threading.Lock(),
        Plain(),
        lambda: 0,
        object(),
        int,
        Celsius(3),
        Name("x"),
        defaultdict(list),
        Subclassed(),
        local_class(),
        (n for n in ()),
        ValueError("x"),
        ZoneInfo.from_file(io.BytesIO(UNNAMED_ZONE)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_leave_the_process_is_refused(value):
    """Nothing is silently flattened into something else."""
    with pytest.raises(NotStorable) as caught:
        encode([value])

    assert type(value).__name__ in str(caught.value)


def test_the_path_to_the_offender_is_named():
    """Key, indexes, keys and fields, as one would write them."""
    rows = [1, 2, 3, Box({"a b": (0, Plain())})]

    with pytest.raises(NotStorable) as caught:
        STANDARD.encode(rows, name="rows")

    assert str(caught.value) == ("'rows'[3].item['a b'][1] of type Plain cannot leave the process")
    assert "plain data" in caught.value.hint


def test_a_cycle_is_named():
    """It is an error that says so, with the way around."""
    rows: list[object] = [1]
    rows.append({"self": rows})

    with pytest.raises(NotStorable, match=r"'rows'\[1\]\['self'\] of type \w+ contains itself"):
        STANDARD.encode(rows, name="rows")


def test_nesting_without_end_is_refused_both_ways():
    """Deeper than two hundred levels is no data, and no crash."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(NotStorable, match="nested too deeply"):
        encode(deep)
    with pytest.raises(StoreError, match="nested"):
        decode(deep)
    while deep:  # taken apart by hand: the interpreter would do it by recursion
        deep = deep.pop()  # type: ignore[assignment]


def test_shared_parts_are_copied():
    """Two references to one list are two lists afterwards."""
    part = [1]
    result = through_json([part, part])

    assert result == [[1], [1]]
    assert result[0] is not result[1]


def test_a_codec_learns_further_types():
    """A registered type is encoded under its tag, its parts by the same codec."""
    codec = Codec()
    codec.register(Plain, "plain", lambda plain: plain.value, Plain)

    data = codec.encode([Plain((1, Plain(b"x")))])

    assert data == [{"$plain": {"$tuple": [1, {"$plain": {"$bytes": "eA=="}}]}}]
    assert codec.decode(json.loads(json.dumps(data)))[0].value[1].value == b"x"
    with pytest.raises(NotStorable):
        STANDARD.encode(Plain())
    with pytest.raises(StoreError, match="unknown kind 'plain'"):
        STANDARD.decode(data)


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        (Plain, "set"),
        (Plain, "decimal"),
        (int, "whole"),
        (Decimal, "money"),
        (Plain, "$x"),
        (Plain, ""),
        (Plain, "object"),
    ],
    ids=["taken-tag", "late-tag", "taken-type", "late-type", "mark", "empty", "object"],
)
def test_a_registration_that_makes_no_sense_is_refused(kind, tag):
    """A tag and a type are registered once."""
    with pytest.raises(StoreError):
        Codec().register(kind, tag, str, str)


def test_the_standard_codec_is_sealed():
    """Two runs in one process cannot teach each other types."""
    with pytest.raises(StoreError, match="standard codec"):
        STANDARD.register(Plain, "plain", str, str)


def test_a_failing_registration_names_the_value():
    """What a plugin's function raises becomes a sentence about the value."""
    codec = Codec()
    codec.register(Plain, "plain", lambda plain: 1 / 0, Plain)

    with pytest.raises(NotStorable, match=r"'k'\[0\] of type Plain cannot be encoded: division"):
        codec.encode([Plain()], name="k")


def test_small_differences_are_kept_apart():
    """Minus zero, true and one, a tuple and a list are different things."""
    assert math.copysign(1, through_json(-0.0)) == -1
    assert through_json([True, 1, 1.0]) == [True, 1, 1.0]
    assert [type(item) for item in through_json([True, 1, 1.0])] == [bool, int, float]
