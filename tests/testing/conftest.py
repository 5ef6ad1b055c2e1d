"""Says at the end of a test run how many kill points were tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testing.tried import TRIED

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the counts."""
    if TRIED.points:
        terminalreporter.write_line(f"crashes: {TRIED.points} kill points of {TRIED.runs} runs")
