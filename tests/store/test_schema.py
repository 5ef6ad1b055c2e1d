"""JSON Schemas of stored types, and finding keys by partial ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import pytest
from hypothesis import given

from gostage._store.schema import matches, schema_of
from gostage._store.store import Store
from tests.store.samples import (
    Account,
    Address,
    Box,
    Color,
    Node,
    Pet,
    Plain,
    Point,
    Row,
    User,
)
from tests.store.test_codec import anything


class Movie(TypedDict, total=False):
    name: str


@dataclass
class Everything:
    number: float | None
    pair: tuple[int, str]
    many: tuple[int, ...]
    unique: set[str]
    word: Literal["a", "b"]
    table: dict[str, list[int]]
    noted: Annotated[int, "note"]
    movie: Movie
    anything: Any
    path: Path
    plain: Plain = field(default_factory=Plain)
    loose: list = field(default_factory=list)  # type: ignore[type-arg]


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (1, {"type": "integer"}),
        (True, {"type": "boolean"}),
        (1.5, {"type": "number"}),
        ("x", {"type": "string"}),
        (None, {"type": "null"}),
        (b"", {"type": "string", "contentEncoding": "base64"}),
        (
            datetime(2024, 1, 1, tzinfo=timezone.utc),
            {"type": "string", "format": "date-time"},
        ),
        ([1, 2], {"type": "array", "items": {"type": "integer"}}),
        ([], {"type": "array"}),
        (
            [1, "a", 2],
            {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
        ),
        ({1}, {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        ((1,), {"type": "array", "prefixItems": [{"type": "integer"}], "items": False}),
        (
            {"a": 1},
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        ),
        ({1: 2}, {"type": "object"}),
        (Color.RED, {"title": "Color", "enum": ["RED", "BLUE"]}),
        (Plain(), {"title": "Plain"}),
        (
            Address("x"),
            {
                "title": "Address",
                "type": "object",
                "properties": {"city": {"type": "string"}, "zip": {"type": "integer"}},
                "required": ["city", "zip"],
            },
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_every_value_has_a_schema(value, schema):
    """Values of plain types have one as well as classes with fields."""
    assert Store({"k": value}).schema("k") == schema


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (Pet("x"), ["name", "age"]),
        (Account(owner="x"), ["owner", "balance", "limits"]),
        (Row(1), ["id", "label"]),
        (Point(1), ["x", "y"]),
        (User("x", Address("y")), ["name", "address", "tags", "nick"]),
        (Box(1), ["item"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_schema_of_a_class_names_its_fields(value, names):
    """Whatever library made the class."""
    schema = schema_of(value)

    assert list(schema["properties"]) == names
    assert schema["title"] == type(value).__name__


def test_annotations_become_schemas():
    """Every form has one; what says nothing accepts anything."""
    value = Everything(1.0, (1, "a"), (), set(), "a", {}, 1, {}, None, Path())

    assert schema_of(value)["properties"] == {
        "number": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "pair": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "items": False,
        },
        "many": {"type": "array", "items": {"type": "integer"}},
        "unique": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "word": {"enum": ["a", "b"]},
        "table": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "integer"}},
        },
        "noted": {"type": "integer"},
        "movie": {
            "title": "Movie",
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": [],
        },
        "anything": {},
        "path": {"type": "string", "format": "path"},
        "plain": {"title": "Plain"},
        "loose": {"type": "array"},
    }


def test_a_class_that_contains_itself_has_a_finite_schema():
    """It refers to its own definition, and partial schemas see through that."""
    schema = schema_of(Node("a"))

    assert schema["properties"]["next"] == {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}
    assert schema["$defs"]["Node"]["properties"]["name"] == {"type": "string"}
    inner = {"properties": {"name": {"type": "string"}}}
    assert matches(schema, {"properties": {"next": {"properties": {"next": inner}}}})


@given(anything)
def test_every_storable_value_has_a_json_schema(value):
    """No value makes it fail, and the result is JSON."""
    schema = schema_of(value)

    json.dumps(schema)
    assert matches(schema, schema)
    assert matches(schema, {})


USER = schema_of(User("Ada", Address("Rome")))


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [
        ({}, True),
        ({"type": "object"}, True),
        ({"type": "object", "properties": {}}, True),
        ({"type": ["object", "null"]}, True),
        ({"properties": {"name": {"type": "string"}}}, True),
        ({"properties": {"name": {}}}, True),
        ({"properties": {"nick": {"type": "string"}}}, True),
        ({"properties": {"nick": {"type": "null"}}}, True),
        ({"properties": {"tags": {"type": "array", "items": {"type": "string"}}}}, True),
        ({"properties": {"address": {"properties": {"zip": {"type": "integer"}}}}}, True),
        ({"required": ["name"]}, True),
        ({"title": "User"}, True),
        ({"type": "array"}, False),
        ({"title": "Order"}, False),
        ({"required": ["phone"]}, False),
        ({"properties": {"phone": {}}}, False),
        ({"properties": {"name": {"type": "integer"}}}, False),
        ({"properties": {"nick": {"type": "integer"}}}, False),
        ({"properties": {"address": {"properties": {"zip": {"type": "number"}}}}}, False),
        ({"properties": {"tags": {"items": {"type": "integer"}}}}, False),
        ({"format": "date"}, False),
        (None, False),
        (3, False),
    ],
    ids=str,
)
def test_a_partial_schema_matches_what_has_all_it_names(pattern, is_match):
    """Every property it names is there with that type; the rest does not matter."""
    assert matches(USER, pattern) is is_match


def test_keys_are_found_by_a_partial_schema():
    """Stores hold values of all kinds, and each has its say."""
    store = Store(
        {
            "user": User("Ada", Address("Rome")),
            "pet": Pet("Rex"),
            "row": {"name": "x", "n": 1},
            "number": 3,
            "none": None,
            "plain": Plain(),
        }
    )

    assert store.keys(matching={"properties": {"name": {"type": "string"}}}) == [
        "user",
        "pet",
        "row",
    ]
    assert store.keys(matching={"type": "integer"}) == ["number"]
    assert len(store.keys(matching={})) == 6
