"""Importing the user's code: what goes wrong becomes an error that says where; it finds nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from gostage.errors import CollectionError, GostageError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    T = TypeVar("T")

_OURS: Final = str(Path(__file__).resolve().parents[1]) + os.sep
_PYTHONS: Final = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120 - compared as text


def importing(what: str, load: Callable[[], T]) -> T:
    """Call what imports something; whatever it raises, Ctrl-C excepted, is a `CollectionError`."""
    try:
        return load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may raise anything while it is imported
        raise not_imported(what, error) from error


def not_imported(what: str, error: BaseException) -> CollectionError:
    """Say what cannot be imported and why, with the file and line of the user's code."""
    reason = error.msg if isinstance(error, SyntaxError) else _text_of(error)
    hint = error.hint if isinstance(error, GostageError) else ""
    name = type(error).__name__
    return CollectionError(
        f"{what!r} cannot be imported: {name}: {reason}"
        if reason
        else f"{what!r} cannot be imported: {name}",
        hint=hint or "`-v` shows the whole traceback",
        where=where_of(error),
    )


def where_of(error: BaseException) -> Where:
    """The innermost place of the user's own code that an error comes from."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return Where(file=error.filename, line=error.lineno)
    frames = [each for each in _frames(error.__traceback__) if not _is_machinery(each[0])]
    own = [each for each in frames if not _is_installed(each[0])]
    file, line = (own or frames or [(None, None)])[-1]
    return Where(file=file, line=line)


def _frames(trace: TracebackType | None) -> Iterator[tuple[str | None, int | None]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _is_machinery(file: str | None) -> bool:
    """Whether a file is gostage's or the import system's."""
    return file is None or file.startswith((_OURS, "<frozen ", f"{_PYTHONS}importlib"))


def _is_installed(file: str | None) -> bool:
    """Whether a file is Python's or that of an installed package."""
    return file is None or file.startswith(_PYTHONS) or "site-packages" in Path(file).parts


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the user's class may do anything
        return ""
