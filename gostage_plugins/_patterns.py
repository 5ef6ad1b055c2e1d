"""Patterns of errors: `OSError`, or `KeyError: rows.*`; they only say whether an error fits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from gostage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORM = re.compile(r"(?P<name>[A-Za-z_][\w.]*)\s*(?::\s*(?P<text>.+))?")


@final
@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """A class of errors by its name, that of a base class too, and a text they may have to hold."""

    name: str
    text: re.Pattern[str] | None = None

    @classmethod
    def of(cls, pattern: str | type[BaseException]) -> ErrorPattern:
        """Make it from a text, or from a class."""
        if isinstance(pattern, type):
            return cls(_full_name(pattern))
        form = _FORM.fullmatch(pattern.strip())
        if form is None:
            raise ConfigError(
                f"{pattern!r} is no pattern of errors",
                hint="write the name of a class, or 'KeyError: .*rows' with a regular expression",
            )
        try:
            text = None if form["text"] is None else re.compile(form["text"])
        except re.error as error:
            raise ConfigError(
                f"the pattern {pattern!r} cannot be read: {error}",
                hint="what follows the colon is a regular expression; put a \\ before its signs",
            ) from None
        return cls(form["name"], text)

    def fits(self, error: BaseException) -> bool:
        """Whether the error is of that class and says so; an interrupt never is."""
        if not isinstance(error, Exception) or not self._names(type(error)):
            return False
        return self.text is None or self.text.search(str(error)) is not None

    def _names(self, cls: type[BaseException]) -> bool:
        return any(self.name in (each.__name__, _full_name(each)) for each in cls.__mro__)


def patterns(given: Iterable[str | type[BaseException]]) -> tuple[ErrorPattern, ...]:
    """Make several."""
    return tuple(ErrorPattern.of(each) for each in given)


def fits_any(given: Iterable[ErrorPattern], error: BaseException) -> bool:
    """Whether the error fits one of them."""
    return any(each.fits(error) for each in given)


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
