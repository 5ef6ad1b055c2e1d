"""The pytest plugin: fixtures for tests of workflows; it imports nothing until one is used."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gostage import Runner
    from gostage.testing import FakeClock

_SUITES: Final = ("gostage.testing._databases", "gostage.testing._stores")
# What fails in them is shown as it is in any test.
pytest.register_assert_rewrite(*(name for name in _SUITES if name not in sys.modules))


@pytest.fixture
def gostage_clock() -> FakeClock:
    """A clock that skips: sleeps, waits, backoff and times to live take no time."""
    from gostage.testing import FakeClock  # 20 ms for what runs workflows, where it is used

    return FakeClock()


@pytest.fixture
def gostage_db(tmp_path: Path) -> Path:
    """Where `gostage_runner` keeps its runs: a file in the folder of the test."""
    return tmp_path / "runs.db"


# Any: the arguments of `Runner`.
@pytest.fixture
def gostage_options() -> dict[str, Any]:
    """Give more arguments to the `Runner` of `gostage_runner`; for a test file to override."""
    return {}


@pytest.fixture
def gostage_runner(
    gostage_db: Path, gostage_clock: FakeClock, gostage_options: dict[str, Any]
) -> Iterator[Runner]:
    """A runner with a database and a clock of its own; it is closed after the test."""
    from gostage import Runner  # 54 ms: where it is used

    with Runner(db=gostage_db, clock=gostage_clock, **gostage_options) as runner:
        yield runner
