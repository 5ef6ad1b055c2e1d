"""What the samples import from another module."""

from __future__ import annotations

from typing import Any


def noting(fn: Any) -> Any:
    """Put a function around another one, without a word about it."""

    def inner(ctx: object) -> Any:
        return fn(ctx)

    return inner
