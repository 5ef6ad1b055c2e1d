"""What fails in children of the tests; the places of its lines are compared."""

from __future__ import annotations

import builtins
import sys

from gostage import Context, Key, action

NUMBERS = {"one": 1}
HELD = Key("held", int)


class Odd(Exception):
    """An error with an `__init__` of its own."""

    def __init__(self, number: int, *, reason: str) -> None:
        super().__init__(f"{number} is odd: {reason}")
        self.number = number


class Grumpy(ValueError):
    """An error that does not like to be changed."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


def lookup(name: str) -> int:
    return (
        1
        + NUMBERS[
            name
        ]
    )  # fmt: skip


def plain(ctx: Context) -> None:
    total = sum(lookup(each) for each in ("one", "two"))
    ctx.store["total"] = total


def with_cause() -> None:
    try:
        lookup("three")
    except KeyError as error:
        raise Odd(3, reason="no such number") from error


def with_causes() -> None:
    try:
        with_cause()
    except Odd as error:
        raise ValueError("two causes") from error


def with_context() -> None:
    try:
        lookup("four")
    except KeyError:
        (lambda name: lookup(name).bit)("one")  # noqa: PLC3002 - the name of its frame is odd


def without_context() -> None:
    try:
        lookup("five")
    except KeyError:
        raise ValueError("nothing before it counts") from None


def with_notes() -> None:
    error = Odd(7, reason="as it is")
    error.__notes__ = ["a note", "another one\nof two lines"]
    raise error


def grumpy() -> None:
    try:
        lookup("six")
    except KeyError as error:
        raise Grumpy("leave me alone") from error


def deep(left: int = 30) -> None:
    if not left:
        lookup("seven")
    deep(left - 1)


def compiled() -> None:
    exec(compile("\n\nlookup('eight')", "<rules of the house>", "exec"), globals())


async def slowly() -> None:
    await awaited()


async def awaited() -> None:
    lookup("nine")


def of_ours(ctx: Context) -> None:
    ctx.store[HELD] = "not a number"


def in_a_group() -> None:
    members = []
    for act in (with_cause, with_context, with_notes):
        try:
            act()
        except Exception as error:
            members.append(error)
    group = builtins.ExceptionGroup  # new in Python 3.11
    raise group("several", [group("inner", members[:1]), *members[1:]])


FAILING = [
    plain,
    with_cause,
    with_causes,
    with_context,
    without_context,
    with_notes,
    grumpy,
    deep,
    compiled,
    slowly,
    of_ours,
    *([in_a_group] if sys.version_info >= (3, 11) else []),
]
ACTIONS = {each.__name__: action(name=each.__name__)(each) for each in FAILING}


def odd_ones(ctx: Context) -> None:
    if ctx.item % 2:
        raise Odd(ctx.item, reason="so it is")


def foreign(ctx: Context) -> None:
    """Fail with an error of a class that the parent cannot know."""
    del ctx
    raise type("Strange", (Exception,), {"__module__": "nowhere"})("from far away")
