"""Scopes: generators held open around something, entered outermost first and left youngest first.

Knows nothing of runs: it opens what it is given and says whether the inside is to run (again).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from gostage._plugins.notes import add_note

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    # Any: what a user's generator yields, takes and returns is the user's business.
    Opened = Generator[Any, Any, Any]
    Passes = tuple[tuple["BaseException | None", ...], ...]


class Maker(Protocol):
    """A middleware: makes its generator for what is around it now."""

    @property
    def make(self) -> Callable[[Any], Opened]:
        """Make a generator that has not begun, given what has the names it asks for."""

    # Any: as above.
    def blame(self, given: Any) -> str:  # noqa: ANN401
        """Say where an error was raised that comes from this middleware."""


# All layers are closed: the outermost returned this value, or let this error out, and whether one
# of them skipped the inside. A plain tuple, since one is made for every action with middleware.
Ended = tuple[object, "BaseException | None", bool]

INSIDE: Final = None
"""What `open` and `close` say when the inside is to run now."""


class Layers:
    """The middleware of one scope. No yield skips the inside, another yield runs it again."""

    __slots__ = ("_deadline", "_given", "_makers", "_open", "_passes", "limits")

    # Any: as above.
    def __init__(
        self,
        makers: Sequence[Maker],
        given: Any,  # noqa: ANN401
        deadline: float | None = None,
    ) -> None:
        self._makers = makers
        self._given = given
        self._deadline = deadline
        self.limits: dict[int, float] | None = None
        """What the layers have set with `limit`, if any has."""
        self._open: list[Opened] = []
        self._passes: dict[int, list[BaseException | None]] | None = None

    def limit(self, deadline: float) -> None:
        """Give what is inside the layer that runs now until then; that ends with the layer."""
        if self.limits is None:
            self.limits = {}
        self.limits[len(self._open)] = deadline  # a layer that runs is not counted as open

    @property
    def deadline(self) -> float | None:
        """The earliest of the scope's own deadline and those of its layers."""
        limits = [] if self.limits is None else [*self.limits.values()]
        if self._deadline is not None:
            limits.append(self._deadline)
        return min(limits, default=None)

    @property
    def passes(self) -> Passes:
        """How each earlier pass through each layer ended."""
        passes = self._passes or {}
        return tuple(tuple(passes.get(number, ())) for number in range(len(self._open)))

    def open(self) -> Ended | None:
        """Enter the layers that are not open yet, outermost first."""
        opened = self._open
        given = self._given
        for maker in self._makers[len(opened) :] if opened else self._makers:
            try:
                layer = maker.make(given)
                next(layer)
            except StopIteration as stop:
                return self.close(stop.value, None, skipped=True)
            except BaseException as error:  # noqa: BLE001  # whatever it is, the open ones see it
                add_note(error, maker.blame(given))
                return self.close(None, error)
            opened.append(layer)
        return INSIDE

    def reopen(self, passes: Passes) -> None:
        """Enter again after the process was left: each layer sees its earlier passes end as before.

        A layer that no longer wants to yield takes no part any more.
        """
        makers, self._makers = self._makers, []
        for number, maker in enumerate(makers):
            layer = maker.make(self._given)
            earlier = passes[number] if number < len(passes) else ()
            try:
                next(layer)
                for error in earlier:
                    _resume(layer, None, error)
            except StopIteration:
                continue
            self._makers.append(maker)
            for error in earlier:
                self._note(len(self._open), error)
            self._open.append(layer)

    def close(
        self, value: object, error: BaseException | None, *, skipped: bool = False
    ) -> Ended | None:
        """Tell the layers how the inside ended, youngest first."""
        opened = self._open
        limits, passes = self.limits, self._passes
        while opened:
            if limits is not None:
                limits.pop(len(opened), None)  # that of the layer that has just ended
            layer = opened.pop()
            try:
                if error is None:
                    layer.send(value)
                else:
                    layer.throw(error)
            except StopIteration as stop:
                value, error = stop.value, None
            except BaseException as raised:  # noqa: BLE001  # it goes on to the next layer
                if raised is not error and not _is_let_through(raised, error):
                    add_note(raised, self._makers[len(opened)].blame(self._given))
                    error = raised
                value = None
            else:
                self._note(len(opened), error)
                opened.append(layer)
                return self.open()
            if passes is not None:
                passes.pop(len(opened), None)
        self._given = None  # it may hold this scope: a circle would wait for the collector
        return value, error, skipped

    def abandon(self) -> None:
        """Leave the process with the scope still open: only cleanup code runs."""
        errors = []
        while self._open:
            try:
                self._open.pop().close()
            except Exception as error:  # noqa: BLE001  # the outer ones must still close
                add_note(error, self._makers[len(self._open)].blame(self._given))
                errors.append(error)
        if errors:
            raise errors[0]

    def _note(self, number: int, error: BaseException | None) -> None:
        if self._passes is None:
            self._passes = {}
        self._passes.setdefault(number, []).append(error)


def _is_let_through(raised: BaseException, error: BaseException | None) -> bool:
    """Whether a generator only let a StopIteration pass, of which Python makes another error."""
    return isinstance(error, StopIteration) and raised.__cause__ is error


def _resume(layer: Opened, value: object, error: BaseException | None) -> None:
    if error is None:
        layer.send(value)
    else:
        layer.throw(error)
