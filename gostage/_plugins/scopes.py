"""Scopes: generators held open around something, entered outermost first and left youngest first.

Knows nothing of runs: it opens what it is given and says whether the inside is to run (again).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    # Any: what a user's generator yields, takes and returns is the user's business.
    Layer = Generator[Any, Any, Any]
    Maker = Callable[[], Layer]
    Passes = tuple[tuple["BaseException | None", ...], ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """All layers are closed: the outermost returned this value, or let this error out."""

    value: object = None
    error: BaseException | None = None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """Run the inside now."""


INSIDE: Final = Inside()
State = Inside | Ended


class Layers:
    """The middleware of one scope. No yield skips the inside, another yield runs it again."""

    __slots__ = ("_makers", "_open", "_passes")

    def __init__(self, makers: Sequence[Maker]) -> None:
        self._makers = list(makers)
        self._open: list[Layer] = []
        self._passes: list[list[BaseException | None]] = []

    @property
    def passes(self) -> Passes:
        """How each earlier pass through each layer ended."""
        return tuple(tuple(layer) for layer in self._passes)

    def open(self) -> State:
        """Enter the layers that are not open yet, outermost first."""
        for maker in self._makers[len(self._open) :]:
            try:
                layer = maker()
                next(layer)
            except StopIteration as stop:
                return self._unwind(stop.value, None, skipped=True)
            except BaseException as error:  # noqa: BLE001  # whatever it is, the open ones see it
                return self._unwind(None, error)
            self._open.append(layer)
            self._passes.append([])
        return INSIDE

    def reopen(self, passes: Passes) -> None:
        """Enter again after the process was left: each layer sees its earlier passes end as before.

        A layer that no longer wants to yield takes no part any more.
        """
        makers, self._makers = self._makers, []
        for number, maker in enumerate(makers):
            layer = maker()
            earlier = passes[number] if number < len(passes) else ()
            try:
                next(layer)
                for error in earlier:
                    _resume(layer, None, error)
            except StopIteration:
                continue
            self._makers.append(maker)
            self._open.append(layer)
            self._passes.append(list(earlier))

    def close(self, value: object = None, error: BaseException | None = None) -> State:
        """Tell the layers how the inside ended, youngest first."""
        return self._unwind(value, error)

    def abandon(self) -> None:
        """Leave the process with the scope still open: only cleanup code runs."""
        errors = []
        while self._open:
            try:
                self._open.pop().close()
            except Exception as error:  # noqa: BLE001  # the outer ones must still close
                errors.append(error)
        if errors:
            raise errors[0]

    def _unwind(
        self, value: object, error: BaseException | None, *, skipped: bool = False
    ) -> State:
        while self._open:
            layer = self._open[-1]
            try:
                _resume(layer, value, error)
            except StopIteration as stop:
                value, error = stop.value, None
            except BaseException as raised:  # noqa: BLE001  # it goes on to the next layer
                value, error = None, raised
            else:
                self._passes[-1].append(error)
                return self.open()
            self._open.pop()
            self._passes.pop()
        return Ended(value, error, skipped)


def _resume(layer: Layer, value: object, error: BaseException | None) -> None:
    if error is None:
        layer.send(value)
    else:
        layer.throw(error)
