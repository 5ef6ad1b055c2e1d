"""Notes on an error: context that travels with it without replacing it."""

from __future__ import annotations


def add_note(error: BaseException, note: str) -> None:
    """Add a note once; `add_note()` exists from Python 3.11 on, the attribute works everywhere."""
    notes = getattr(error, "__notes__", None)
    if notes is None:
        notes = []
        error.__notes__ = notes  # type: ignore[attr-defined]  # as above
    if note not in notes:
        notes.append(note)
