"""Capture: what each step prints, kept for the report of its failure; everything is shown as well.

It is attributed by a context variable, so branches in threads and async actions are told apart.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from gostage._run.printing import Printer, Sheet
from gostage.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from gostage._author.action import Action
    from gostage._cli.taps import Taps
    from gostage._run.context import Context
    from gostage._run.printing import Stream

LIMIT: Final = 64 * 1024
"""How many characters are kept of each call; of more, the last ones."""

KEPT: Final = 100
"""Of how many failed calls the output is kept; of more, of the last ones."""

_PIECES: Final = 1000  # so many small texts are put together before more are kept


class Tail:
    """The last characters of what one call writes."""

    __slots__ = ("_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    def add(self, text: str) -> None:
        """Keep a text, at the price of what is too long ago."""
        self._pieces.append(text)
        self._size += len(text)
        if self._size > 2 * LIMIT or len(self._pieces) > _PIECES:
            self._pieces = [self.text]
            self._size = len(self._pieces[0])

    @property
    def text(self) -> str:
        """What is kept."""
        return "".join(list(self._pieces))[-LIMIT:]


class _Kept(Sheet):
    """What a child prints, kept like what is printed here."""

    def __init__(
        self,
        path: str,
        current: ContextVar[Tail | None],
        note: Callable[[str, BaseException, Tail], object],
    ) -> None:
        super().__init__()
        self._path = path
        self._tail = Tail()
        self._current = current
        self._note = note

    def show(self, stream: Stream, text: str) -> None:
        """Write it, and keep it where it belongs."""
        around = self._current.set(self._tail)
        try:
            super().show(stream, text)
        finally:
            self._current.reset(around)

    def close(self, errors: Iterable[BaseException]) -> None:
        """Have it told with the errors."""
        super().close(errors)
        for error in errors:
            self._note(self._path, error, self._tail)


class Capture(Printer):
    """The plugin."""

    def __init__(self, taps: Taps) -> None:
        super().__init__()
        self._taps = taps
        self._current: ContextVar[Tail | None] = ContextVar("gostage_output", default=None)
        self._open: dict[int, Tail] = {}
        self._callers: set[int] = set()
        # By the error, which nobody may keep alive for this, and where it came from.
        self._failed: dict[tuple[int, str], str] = {}

    @property
    def is_midline(self) -> bool:
        """Whether standard output stands in the middle of a line."""
        return self._taps.is_midline

    def output_of(self, path: str, error: BaseException) -> str:
        """Give what the call that failed with this error had written.

        Of what a child has done in several steps, that is what all of them had written.
        """
        while path:
            if (text := self._failed.get((id(error), path))) is not None:
                return text
            path = path.rpartition("/")[0]
        return ""

    def open(self, path: str) -> Sheet:
        """Keep what a child prints as well."""
        return _Kept(path, self._current, self._note)

    # Any: what a run returns.
    @hookimpl(wrapper=True)
    def gostage_runner(self) -> Generator[None, Any, Any]:
        """Listen as long as anything runs."""
        self._taps.keep = self._keep
        self._taps.open()
        try:
            return (yield)
        finally:
            self._taps.close()

    # Any: what an action returns.
    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Generator[None, Any, Any]:
        """Keep what is written until the call has ended."""
        tail = Tail()
        around = self._current.get()
        self._current.set(tail)
        self._callers.add(threading.get_ident())
        self._open[id(tail)] = tail
        try:
            return (yield)
        except BaseException as error:
            self._note(ctx.path, error, tail)
            raise
        finally:
            del self._open[id(tail)]
            self._current.set(around)  # no reset: the call may end in a copy of the context

    def _note(self, path: str, error: BaseException, tail: Tail) -> None:
        key = (id(error), path)
        self._failed.pop(key, None)  # another error may have had this id
        if text := tail.text:
            self._failed[key] = text
            while len(self._failed) > KEPT:
                del self._failed[next(iter(self._failed))]

    def _keep(self, text: str) -> None:
        tail = self._current.get()
        if tail is None:
            tail = self._only_one()
        if tail is not None:
            tail.add(text)

    def _only_one(self) -> Tail | None:
        """Whose a thread is that an action has started itself, if there is no doubt."""
        if threading.get_ident() in self._callers:
            return None
        tails = list(self._open.values())
        return tails[0] if len(tails) == 1 else None
