"""What the store holds at one point of a workflow: surely, perhaps or not; values are not known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from gostage._store.types import kind_of, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage._app.check.tour import Stop

Source = Literal["provided", "initial", "default", "given", "taken", "unknown"]


class _Unsaid:
    """The type of `UNSAID`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<not said>"


UNSAID: Final = _Unsaid()
"""Stands for a value of which nothing is known but that it is there."""


@dataclass(frozen=True, slots=True, eq=False)  # values and annotations need not be hashable
class Offer:
    """One value that a key may have: who provides it, and what is known of it."""

    source: Source
    """A default is a workflow's initial value, which the caller may replace; what is taken comes
    from outside, and is of the type that somebody has asked for."""
    who: str
    stop: Stop | None = None
    file: str | None = None
    line: int | None = None
    type: Any = Any  # Any: annotations have no static type
    value: object = UNSAID
    updates: bool = False
    """Whether who provides it takes the key before, and so does not bring it into being."""
    is_sure: bool = True

    @property
    def kind(self) -> str:
        """What it is of, in words."""
        return type_name(self.type) if self.value is UNSAID else kind_of(self.value)


UNKNOWN_OFFER: Final = Offer("unknown", "code that cannot be followed")


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one key."""

    offers: tuple[Offer, ...]
    doubt: Stop | None = None
    """The item that provides it in some of its arms only."""
    gone: Offer | None = None
    """Who has deleted it."""

    @property
    def is_there(self) -> bool:
        """Whether nothing speaks against it."""
        return self.doubt is None and self.gone is None

    @property
    def is_only_taken(self) -> bool:
        """Whether nobody provides it, and somebody has asked for it."""
        return all(offer.source == "taken" for offer in self.offers)


@dataclass(slots=True)
class State:
    """What is known of the store."""

    keys: dict[str, Held] = field(default_factory=dict)
    is_open: bool = False
    """Whether any other key may be there."""
    patterns: tuple[tuple[str, str], ...] = ()
    emptied: Offer | None = None
    """Who has emptied the store, since when it holds nothing else."""

    def copy(self) -> State:
        """A state that goes its own way."""
        return replace(self, keys=dict(self.keys))

    def sure(self) -> State:
        """The same for somebody who knows why they run: nothing is in doubt for them."""
        made = self.copy()
        for key, held in self.keys.items():
            if held.doubt is not None:
                made.keys[key] = replace(held, doubt=None)
        return made

    def may_hold(self, key: str) -> bool:
        """Whether code that cannot be followed may have written it."""
        if self.is_open:
            return True
        longest = len(key)
        return any(
            key.startswith(begin) and key.endswith(end) and len(begin) + len(end) <= longest
            for begin, end in self.patterns
        )

    def open(self) -> None:
        """Somebody may have done anything."""
        self.keys.clear()
        self.is_open, self.emptied = True, None

    def put(self, key: str, offer: Offer) -> None:
        """Somebody writes; who is not sure to do so may leave what was there."""
        known = self.keys.get(key)
        if offer.is_sure:
            offers: tuple[Offer, ...] = (offer,)
        elif known is None:
            # Nobody else may have provided it, but then it is this code that decides.
            offers = (offer, UNKNOWN_OFFER)
        else:
            offers = (*known.offers, offer)
        self.keys[key] = Held(tuple(dict.fromkeys(offers)))

    def drop(self, key: str, by: Offer) -> None:
        """Somebody deletes it."""
        if by.is_sure:
            self.keys[key] = Held((), gone=by)

    def clear(self, by: Offer) -> None:
        """Somebody deletes everything."""
        self.keys.clear()
        self.is_open, self.patterns, self.emptied = False, (), by


def join(states: Iterable[State], choice: Stop | None) -> State:
    """What is known behind several ways; without a choice to name, no doubt remains."""
    ways = list(states)
    made = State(
        is_open=any(way.is_open for way in ways),
        patterns=tuple(dict.fromkeys(each for way in ways for each in way.patterns)),
        emptied=ways[0].emptied if all(way.emptied is not None for way in ways) else None,
    )
    for key in dict.fromkeys(key for way in ways for key in way.keys):
        held = _joined([way.keys.get(key) for way in ways], choice)
        # Where anything may be, nothing is in doubt.
        if held is not None and (held.is_there or not made.may_hold(key)):
            made.keys[key] = held
    return made


def _joined(found: list[Held | None], choice: Stop | None) -> Held | None:
    present = [each for each in found if each is not None and each.gone is None]
    offers = tuple(dict.fromkeys(offer for each in present for offer in each.offers))
    if not present:
        gone = [each for each in found if each is not None]
        return gone[0] if len(gone) == len(found) else None
    if all(each.is_only_taken for each in present):
        # What was taken from outside was there before, whichever way was gone.
        return Held(offers)
    doubt = next((each.doubt for each in present if each.doubt is not None), None)
    is_missing = any(each is None for each in found)
    return Held(offers, doubt or (choice if is_missing else None))


def side_by_side(before: State, states: Iterable[State]) -> State:
    """What is known when several ways were all gone, each from the same state."""
    made = before.copy()
    for way in states:
        made.is_open = made.is_open or way.is_open
        made.patterns = tuple(dict.fromkeys((*made.patterns, *way.patterns)))
        for key, held in way.keys.items():
            if before.keys.get(key) is not held:
                known = made.keys.get(key)
                is_new = known is None or known is before.keys.get(key) or not held.is_there
                made.keys[key] = held if is_new else Held((*known.offers, *held.offers))  # type: ignore[union-attr]  # then it is known
    if made.is_open:
        made.keys = {key: held for key, held in made.keys.items() if held.is_there}
    return made
