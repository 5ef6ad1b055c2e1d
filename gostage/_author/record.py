"""The record: one object of a stored definition, read key by key; what is left over is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gostage._author.coding import CODEC, FINDER, Use
from gostage.errors import DefinitionError, GostageError, did_you_mean

_REQUIRED: Final = object()


class Record:
    """One object of the data; `place` says where it stands."""

    def __init__(self, data: object, place: str) -> None:
        if not isinstance(data, Mapping):
            raise DefinitionError(
                f"{place} must be an object, not {data!r}",
                hint="from_dict() reads what to_dict() wrote",
            )
        self.place = place
        self._left: dict[str, Any] = dict(data)  # Any: JSON-able data of any shape
        self._known: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def names(self) -> list[str]:
        """The keys that are not read yet."""
        return list(self._left)

    # Any, here and below: what is taken is checked by what it is given to.
    def take(self, name: str, default: Any = _REQUIRED) -> Any:  # noqa: ANN401
        """Take the value of a key out; without a default it must be there."""
        self._known.append(name)
        if name in self._left:
            return self._left.pop(name)
        if default is _REQUIRED:
            raise DefinitionError(
                f"{self.place} has no {name!r}", hint="from_dict() reads what to_dict() wrote"
            )
        return default

    def peek(self, name: str, default: object = None) -> object:
        """Look at the value of a key."""
        return self._left.get(name, default)

    def rows(self, name: str) -> list[Any]:
        """Take a list out."""
        value = self.take(name)
        if not isinstance(value, list):
            raise DefinitionError(
                f"{name!r} of {self.place} must be a list, not {value!r}",
                hint="from_dict() reads what to_dict() wrote",
            )
        return value

    def texts(self, name: str) -> list[str]:
        """Take a list of texts out; it may be missing."""
        texts = self.rows(name) if name in self else []
        self._known.append(name)
        if not all(isinstance(text, str) for text in texts):
            raise DefinitionError(
                f"{name!r} of {self.place} must be a list of texts, not {texts!r}",
                hint="from_dict() reads what to_dict() wrote",
            )
        return texts

    def mapping(self, name: str) -> dict[str, Any]:
        """Take an object out; it may be missing."""
        value = self.take(name, {})
        if not isinstance(value, Mapping):
            raise DefinitionError(
                f"{name!r} of {self.place} must be an object, not {value!r}",
                hint="from_dict() reads what to_dict() wrote",
            )
        return dict(value)

    def value(self, name: str) -> Any:  # noqa: ANN401
        """Take a stored value out."""
        return self.decode(self.take(name))

    def decode(self, data: Any) -> Any:  # noqa: ANN401
        """Decode a stored value."""
        try:
            return CODEC.get().decode(data)
        except GostageError as error:
            raise self._here(error) from error.__cause__

    def find(self, reference: object, use: Use = "a function") -> object:
        """Find what a reference names; it is imported, unless the data must not do so."""
        if not isinstance(reference, str):
            raise DefinitionError(
                f"{self.place} must name code as 'module:name', not {reference!r}",
                hint="from_dict() reads what to_dict() wrote",
            )
        try:
            return FINDER.get()(reference, use)
        except GostageError as error:
            raise self._here(error) from error.__cause__

    def unknown(self, word: str, value: object, known: Iterable[str]) -> DefinitionError:
        """Make the error for a word that is none of the known ones."""
        close = did_you_mean(value, known) if isinstance(value, str) else ""
        return DefinitionError(
            f"{self.place} has the unknown {word} {value!r}",
            hint=close or f"known are {', '.join(known)}",
        )

    def close(self, what: str) -> None:
        """Refuse what nobody has read."""
        for name in self._left:
            raise DefinitionError(
                f"{self.place} has the unknown key {name!r}, which {what} cannot have",
                hint=did_you_mean(name, self._known)
                or "it was written by another version of gostage, or by hand",
            )

    def _here(self, error: GostageError) -> GostageError:
        return type(error)(f"{self.place}: {error.message}", hint=error.hint)
