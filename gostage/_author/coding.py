"""The codec with which a definition's values are written and read; everybody has the standard one.

It stands in a context variable, since a definition is written and read by many small functions.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from gostage._store.codec import STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._store.codec import Codec

CODEC: Final[ContextVar[Codec]] = ContextVar("gostage codec", default=STANDARD)


@contextmanager
def coded_with(codec: Codec) -> Iterator[None]:
    """Write and read values inside with this codec."""
    token = CODEC.set(codec)
    try:
        yield
    finally:
        CODEC.reset(token)
