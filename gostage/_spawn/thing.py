"""A thing that crosses by value, and what errors call it."""

from __future__ import annotations

from typing import NamedTuple


class Thing(NamedTuple):
    """Something that is sent as it is, and what it is called where it cannot be."""

    what: str
    value: object
    parts: tuple[tuple[str, object], ...] = ()
    """What it consists of, to say which part of it cannot be sent."""
