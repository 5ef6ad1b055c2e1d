"""A module that says so when it is imported; nothing that a child sends may do that."""

from __future__ import annotations

raise AssertionError("a stranger had this imported")
