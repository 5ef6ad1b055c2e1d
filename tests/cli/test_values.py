"""`-s key=value`: what each text becomes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._cli.values import values_of
from gostage.errors import ConfigError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_json_is_read_as_json(value) -> None:
    """Whatever JSON can say arrives as it is."""
    assert values_of([f"key={json.dumps(value)}"]) == {"key": value}


@pytest.mark.parametrize(
    "text",
    ["Ada", "", "007", "1.", "True", "NaN", "-Infinity", "{", "[" * 100_000, "a=b", " @file"],
    ids=lambda text: text[:12] or "empty",
)
def test_what_is_not_json_is_text(text) -> None:
    """No text is refused, and none is taken for something that JSON does not have."""
    assert values_of([f"key={text}"]) == {"key": text}


def test_the_last_setting_of_a_key_counts() -> None:
    """A setting may be repeated, as options may."""
    assert values_of(["a=1", "b=2", "a=3"]) == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("name", "value"),
    [("v.json", [1, 2]), ("v.txt", "[1, 2]")],
    ids=["json by its name", "text by any other"],
)
def test_a_file_is_read_by_its_ending(tmp_path, name, value) -> None:
    """`@file` is JSON if its name says so, else text, byte order mark or not."""
    path = tmp_path / name
    path.write_text("\ufeff[1, 2]", encoding="utf-8")

    assert values_of([f"key=@{path}"]) == {"key": value}


def test_an_at_sign_can_be_quoted() -> None:
    """The way out that the hint shows works."""
    with pytest.raises(ConfigError) as caught:
        values_of(["name=@ada"])

    assert caught.value.hint == """a text that begins with @ stands in quotes: -s 'name="@ada"'"""
    assert values_of(['name="@ada"']) == {"name": "@ada"}
