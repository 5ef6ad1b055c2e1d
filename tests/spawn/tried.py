"""What the tests of children tell at the end of the session."""

from __future__ import annotations

DEATHS: dict[str, float] = {}
"""Seconds from each kind of death to the report of it."""
