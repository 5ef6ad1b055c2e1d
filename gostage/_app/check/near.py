"""Nearness: whether one name is likely a misspelling of another; guesses, and prefers silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST = 4
_MIDDLING = 6
_LONG = 8


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant; those that differ on purpose are none."""
    found = [each for each in sorted(set(known)) if each != name and is_near(name, each)]
    return min(found, key=lambda each: _distance(name, each), default=None)


def is_near(one: str, other: str) -> bool:
    """Whether two names differ by a slip in one word that is long enough to tell.

    `left_1` and `left_2`, `row` and `rows`, `port` and `post` are meant to differ.
    """
    mine, theirs = re.split(r"[._]", one), re.split(r"[._]", other)
    if len(mine) != len(theirs):
        return "".join(mine) == "".join(theirs)
    changed = [pair for pair in zip(mine, theirs, strict=True) if pair[0] != pair[1]]
    return len(changed) == 1 and _is_slip(*changed[0])


def _is_slip(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    has_digit = re.search(r"\d", one + other) is not None
    if len(long) < _SHORTEST or has_digit or long == f"{short}s":
        return False
    distance = _distance(one, other)
    if distance == 1:
        is_other_letter = len(one) == len(other) and sorted(one) != sorted(other)
        return len(long) >= _MIDDLING or not is_other_letter
    return distance == 2 and len(short) >= _LONG


def _distance(one: str, other: str) -> int:
    """How many letters were added, left out, changed or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        above, before, row = before, row, [number]
        for place, theirs in enumerate(other, 1):
            cost = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != theirs))
            is_swap = number > 1 and place > 1 and letter == other[place - 2]
            if is_swap and theirs == one[number - 2]:
                cost = min(cost, above[place - 2] + 1)
            row.append(cost)
    return row[-1]
