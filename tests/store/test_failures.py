"""Exceptions as data and back."""

from __future__ import annotations

import builtins
import inspect
import json
import sys
import threading

import pytest

from gostage import errors
from gostage._store.failures import decode_error, encode_error
from gostage.errors import (
    ChildCrashed,
    ChildError,
    GostageError,
    ItemFailure,
    ItemsFailed,
    KeyMissing,
    MergeConflict,
    Suspended,
    Where,
)

CALLS: list[str] = []


class Declined(Exception):
    def __init__(self, amount: int, *, code: str) -> None:
        CALLS.append("init")
        super().__init__(f"declined: {amount}")
        self.amount = amount
        self.code = code


class Sneaky(Exception):
    def __new__(cls, *args: object) -> Sneaky:  # noqa: PYI034 - needs Python 3.11
        CALLS.append("new")
        return super().__new__(cls, *args)

    def __setattr__(self, name: str, value: object) -> None:
        CALLS.append("setattr")
        super().__setattr__(name, value)


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


class Denied(PermissionError):
    pass


def through_json(error):
    return decode_error(json.loads(json.dumps(encode_error(error))))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("boom"),
        ValueError(),
        KeyError("k"),
        ZeroDivisionError("division by zero"),
        Exception("a", 1, (2, b"x")),
        FileNotFoundError(2, "No such file", "a.txt"),
        Denied(13, "no"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        ImportError("no module", name="m", path="p"),
        StopIteration(3),
        SystemExit(2),
        KeyboardInterrupt(),
        AttributeError("no x", name="x"),
        Declined(5, code="E1"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_back_as_it_was(error):
    """Class, text, arguments and attributes."""
    result = through_json(error)

    assert type(result) is type(error)
    assert str(result) == str(error)
    assert result.args == error.args
    assert vars(result) == vars(error)
    for name in ("errno", "strerror", "filename", "name", "path", "code", "value", "reason"):
        assert getattr(result, name, None) == getattr(error, name, None)


def test_no_code_of_the_class_is_called():
    """Neither `__init__` nor `__new__` nor `__setattr__` runs."""
    data = [encode_error(Declined(5, code="E1")), encode_error(Sneaky("x"))]
    CALLS.clear()

    declined, sneaky = (decode_error(each) for each in data)

    assert CALLS == []
    assert (declined.amount, declined.code) == (5, "E1")
    assert sneaky.args == ("x",)


def test_notes_and_the_cause_come_along():
    """One level of cause, and every note."""
    error = RuntimeError("outer")
    error.__cause__ = ValueError("inner")
    error.__cause__.__cause__ = KeyError("innermost")
    error.__dict__["__notes__"] = ["one", "two"]

    result = through_json(error)

    assert result.__notes__ == ["one", "two"]
    assert type(result.__cause__) is ValueError
    assert str(result.__cause__) == "inner"
    assert result.__cause__.__cause__ is None


def gostage_errors() -> list[BaseException]:
    where = Where(run="r", stage="s", file="f.py", line=3)
    found = [
        cls("a message", hint="a hint", where=where)
        for _, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, GostageError)
    ]
    return [
        *found,
        MergeConflict("both", keys=["a", "b"]),
        ChildCrashed("died", exit_code=-9),
        Suspended("waiting", {"who": "Ada"}),
    ]


@pytest.mark.parametrize("error", gostage_errors(), ids=lambda error: type(error).__name__)
def test_errors_of_gostage_come_back_whole(error):
    """Message, hint, place and every field."""
    result = through_json(error)

    assert type(result) is type(error)
    assert str(result) == str(error)
    assert vars(result) == vars(error)


def test_failed_items_keep_their_errors():
    """Each item's own exception is there again."""
    error = ItemsFailed(
        "2 failed",
        failures=[
            ItemFailure(0, ("x",), ValueError("a")),
            ItemFailure(3, threading.Lock(), Mute()),
        ],
    )

    result = through_json(error)

    assert [failure.index for failure in result.failures] == [0, 3]
    assert result.failures[0].item == ("x",)
    assert repr(result.failures[0].error) == "ValueError('a')"
    assert result.failures[1].item is None


def test_a_class_that_is_not_here_becomes_a_child_error():
    """With the type's name, the message, the notes, and what to import."""
    data = encode_error(Declined(5, code="E1"))
    data["class"] = "shop.payments:CardDeclined"
    data["notes"] = ["in the night"]

    result = decode_error(data)

    assert type(result) is ChildError
    assert str(result) == "CardDeclined: declined: 5"
    assert "import shop.payments" in result.hint
    assert result.__notes__ == ["in the night"]


def test_what_cannot_be_encoded_is_left_out():
    """The message always stays, and encoding an error never fails."""
    error = ValueError("bad", threading.Lock())
    error.__dict__.update(lock=threading.Lock(), code=3)

    result = through_json(error)

    assert type(result) is ValueError
    assert str(result) == str(error)
    assert vars(result) == {"code": 3}
    assert "cannot be shown" in encode_error(Mute())["message"]


def test_a_local_error_class_is_a_stand_in():
    """It cannot be found by name."""

    class Local(Exception): ...

    result = through_json(Local("x"))

    assert type(result) is ChildError
    assert "Local" in str(result)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are new in Python 3.11")
def test_a_group_keeps_its_errors():
    """All of them, nested groups too."""
    make = builtins.ExceptionGroup
    group = make("many", [ValueError("a"), make("in", [Declined(1, code="x")])])

    result = through_json(group)

    assert type(result) is make
    assert result.message == "many"
    assert str(result.exceptions[0]) == "a"
    assert result.exceptions[1].exceptions[0].code == "x"


def test_a_missing_key_stays_a_key_error():
    """The tree of errors is the same on the other side."""
    assert isinstance(through_json(KeyMissing("no key 'x'", hint="h")), KeyError)
