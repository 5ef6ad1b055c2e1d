"""How a definition is written and read: the codec of its values, and who finds its code.

They stand in context variables, since a definition is written and read by many small functions.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Literal

from gostage._author.reference import find
from gostage._store.codec import STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._store.codec import Codec

    Finder = Callable[[str, "Use"], object]

Use = Literal["an action", "a function", "a merge", "a type", "an error"]
"""What a definition names code as."""


def import_it(reference: str, use: Use) -> object:
    """Import what a reference names, whatever it is used as."""
    del use
    return find(reference)


CODEC: Final[ContextVar[Codec]] = ContextVar("gostage codec", default=STANDARD)
FINDER: Final[ContextVar[Finder]] = ContextVar("gostage finder", default=import_it)


@contextmanager
def coded_with(codec: Codec, finder: Finder = import_it) -> Iterator[None]:
    """Write and read inside with this codec, and find code so."""
    token, other = CODEC.set(codec), FINDER.set(finder)
    try:
        yield
    finally:
        FINDER.reset(other)
        CODEC.reset(token)
