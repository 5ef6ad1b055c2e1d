"""What the tests of children share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.spawn.tried import DEATHS

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how long it took until each death was reported; a test asserts no time."""
    if DEATHS:
        told = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in DEATHS.items())
        terminalreporter.write_line(f"children that died, ms until it was said: {told}")
