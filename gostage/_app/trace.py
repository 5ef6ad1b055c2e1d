"""Traces: what an error says and where it comes from, cut to the user's own code."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gostage.errors import NOWHERE, GostageError, ItemsFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from traceback import FrameSummary

    from gostage.errors import Where

_OURS: Final = str(Path(__file__).resolve().parents[1])
_LONGEST: Final = 10  # errors in one chain; more is a loop or of no help
_REPEATED: Final = 3  # as Python has it
_HINT: Final = "hint: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What of a traceback is shown: gostage's own frames too, and paths as seen from a folder."""

    with_ours: bool = False
    base: str | None = None


def headline(error: BaseException) -> str:
    """`ValueError: boom`, or the name alone."""
    text = message_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def message_of(error: BaseException) -> str:
    """The text of an error, whatever its class does when it is asked for one."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # the user's class may do anything
        return "<no text: its __str__ fails>"


def explain(error: BaseException, cut: Cut, where: Where = NOWHERE) -> Iterator[str]:
    """Say what an error has beside its headline: hint, notes, frames, and its causes.

    One that was read from a database has no frames; `where` is what is known of its place.
    """
    yield from _remarks(error)
    yield from _frames(error, cut)
    if error.__traceback__ is None and where.file is not None:
        line = "" if where.line is None else f", line {where.line}"
        yield f'File "{_seen_from(cut.base, where.file)}"{line}'
    for word, each in _causes(error):
        yield f"{word} {headline(each)}"
        yield from _remarks(each)
        yield from _frames(each, cut)


def last_place(error: BaseException) -> tuple[str | None, int | None]:
    """The file and line of the user's code that an error comes from."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return error.filename, error.lineno
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_users(f)]
    return (frames[-1].filename, frames[-1].lineno) if frames else (None, None)


def is_users(frame: FrameSummary) -> bool:
    """Whether a frame is neither gostage's nor the import system's."""
    return not frame.filename.startswith((_OURS, "<frozen ")) and not _is_importlib(frame)


def _is_importlib(frame: FrameSummary) -> bool:
    return Path(frame.filename).parent.name == "importlib"


def _remarks(error: BaseException) -> Iterator[str]:
    hint = error.hint if isinstance(error, GostageError) else ""
    if hint:
        yield f"{_HINT}{hint}"
    for note in getattr(error, "__notes__", ()):
        if note != f"{_HINT}{hint}":
            yield from str(note).splitlines()
    if isinstance(error, ItemsFailed):
        for failure in error.failures:  # not the item itself: it may come from a secret
            yield f"item {failure.index}: {headline(failure.error)}"
    for each in getattr(error, "exceptions", ()):  # an exception group's
        yield f"- {headline(each)}"


def _frames(error: BaseException, cut: Cut) -> Iterator[str]:
    frames = traceback.extract_tb(error.__traceback__)
    shown = (frame for frame in frames if cut.with_ours or is_users(frame))
    for frame, several in groupby(shown, key=lambda each: (each.filename, each.lineno, each.name)):
        same = list(several)
        for each in same[:_REPEATED]:
            yield f'File "{_seen_from(cut.base, frame[0])}", line {frame[1]}, in {frame[2]}'
            if each.line:
                yield f"  {each.line}"
        if len(same) > _REPEATED:
            yield f"(the same line {len(same) - _REPEATED} more times)"


def _seen_from(base: str | None, file: str) -> str:
    if base is None or not Path(file).is_relative_to(base):
        return file
    return str(Path(file).relative_to(base))


def _causes(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    for _ in range(_LONGEST):
        if error.__cause__ is not None:
            word, error = "caused by", error.__cause__
        elif error.__context__ is not None and not error.__suppress_context__:
            word, error = "while handling", error.__context__
        else:
            return
        yield word, error
