"""Testing workflows: a clock that skips, crashes at every write, and contracts for parts.

pytest fixtures come with the package; see the page on testing. Names are imported when they are
first used, so that a test run which uses none of them pays nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gostage.testing._clock import FakeClock
    from gostage.testing._crash.everywhere import crash_everywhere
    from gostage.testing._crash.report import CrashReport
    from gostage.testing._databases import DatabaseContract
    from gostage.testing._once import assert_ran_once
    from gostage.testing._stores import StoreContract

_HOMES = {
    "CrashReport": "_crash.report",
    "DatabaseContract": "_databases",
    "FakeClock": "_clock",
    "StoreContract": "_stores",
    "assert_ran_once": "_once",
    "crash_everywhere": "_crash.everywhere",
}

__all__ = [
    "CrashReport",
    "DatabaseContract",
    "FakeClock",
    "StoreContract",
    "assert_ran_once",
    "crash_everywhere",
]


def __getattr__(name: str) -> object:
    """Import a public name's home when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__])
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Show what is public."""
    return sorted(__all__)
