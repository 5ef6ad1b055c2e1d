"""Values: small classes that compare and print by their fields."""

from __future__ import annotations

import copy
import pickle
from typing import Any, Final

import pytest

from gostage._engine import effects as fx
from gostage._engine import nodes
from gostage._engine.value import Value

KINDS: Final = sorted(Value.__subclasses__(), key=lambda cls: cls.__qualname__)


def test_values_are_equal_when_their_fields_are() -> None:
    """Equal values have one hash, so that they are one in a set."""
    assert fx.Answer(holds=True, at=2.0) == fx.Answer(True, 2.0)
    assert {fx.Answer(holds=True, at=2.0), fx.Answer(True, 2.0)} == {fx.Answer(True, 2.0)}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(fx.Again(2.0), id="another field"),
        pytest.param(fx.Opened(1.0), id="another class with the same fields"),
        pytest.param(1.0, id="no value"),
    ],
)
def test_values_differ_when_anything_does(other: object) -> None:
    """The class counts as much as the fields."""
    assert fx.Again(1.0) != other


def test_a_value_without_fields_equals_its_kind_alone() -> None:
    """Two kinds that say nothing are still two kinds."""
    skipped: object = fx.Skipped()

    assert skipped == fx.Skipped()
    assert skipped != fx.Closed()
    assert skipped


def test_a_value_shows_its_fields() -> None:
    """Each by its name."""
    assert repr(nodes.Sleep("nap", 2.0)) == "Sleep(name='nap', seconds=2.0)"


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(lambda value: pickle.loads(pickle.dumps(value)), id="pickle"),
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
    ],
)
def test_a_value_can_be_copied_and_pickled(again: Any) -> None:
    """What comes back equals the original."""
    value = nodes.Receive("go", into="rows", timeout=3.0)

    assert again(value) == value


@pytest.mark.parametrize("cls", KINDS, ids=lambda cls: cls.__qualname__)
def test_a_value_has_the_fields_it_is_made_with(cls: type[Value]) -> None:
    """The slots are the arguments: what is left out would not be compared."""
    made_with = set(cls.__init__.__code__.co_varnames) if cls.__slots__ else {"self"}

    assert made_with == {"self", *cls.__slots__}
