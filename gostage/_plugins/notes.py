"""Notes on an error: context that travels with it without replacing it."""

from __future__ import annotations

from contextlib import suppress


def add_note(error: BaseException, note: str) -> None:
    """Add a note once; `add_note()` exists from Python 3.11 on, the attribute works everywhere."""
    with suppress(Exception):  # a user's class may refuse new attributes
        notes = getattr(error, "__notes__", None)
        if notes is None:
            notes = []
            error.__notes__ = notes  # type: ignore[attr-defined]  # as above
        if note not in notes:
            notes.append(note)


def notes_of(error: BaseException) -> str:
    """The notes of an error in one line."""
    return ", ".join(map(str, getattr(error, "__notes__", ())))


def text_of(error: BaseException) -> str:
    """The text of an error, or the name of its class."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - a user's class may do anything when it is asked for a text
        return type(error).__name__
