"""What was tried in this session, and what was measured on the way."""

from __future__ import annotations

# Module-level state: the terminal summary is far away from the tests that count.
TRIED: list[str] = []
