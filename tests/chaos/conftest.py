"""Says at the end of a test run how much was tried; gives tests a nursery of processes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.chaos import processes
from tests.chaos.tried import TRIED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.chaos.processes import Nursery

collect_ignore_glob = ["test_*.py"] if sys.platform == "win32" else []


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of the test's own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    made: Path = tmp_path
    return made


@pytest.fixture
def nursery(folder) -> Iterator[Nursery]:
    """Where processes come from."""
    with processes.nursery(folder) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was tried."""
    for line in TRIED:
        terminalreporter.write_line(f"chaos: {line}")
