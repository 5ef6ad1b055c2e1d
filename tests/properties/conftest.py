"""Says at the end of a test run how much the law was tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.properties.tried import TRIED

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the counts."""
    if TRIED.trees:
        terminalreporter.write_line(f"law: {TRIED.trees} trees, {TRIED.checkpoints} checkpoints")
    if TRIED.commits:
        terminalreporter.write_line(f"law of durable runs: stopped at {TRIED.commits} commits")
    if TRIED.children:
        line = f"law of children: {TRIED.children} trees, {TRIED.deaths} deaths"
        terminalreporter.write_line(line)
