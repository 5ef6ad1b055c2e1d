"""Mismatches: what a key is offered against what is taken, and what several provide under it."""

from __future__ import annotations

import collections.abc
from typing import TYPE_CHECKING, Any, Final

from gostage._app.check.findings import Finding
from gostage._app.check.held import UNSAID
from gostage._app.check.kinds import Fit, are_apart, fit
from gostage._store.types import satisfies, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.check.findings import Level
    from gostage._app.check.held import Held, Offer
    from gostage._app.check.missing import Need
    from gostage._app.check.tour import Stop

_HINT: Final = "nothing is converted silently: store the right type, or annotate what comes in"

_UNLESS: Final = {
    True: " (which fits only while it is empty)",
    False: " (unless somebody changes it in place)",
}
"""What may save a container, of which the type is known, or the value."""


def mismatch(need: Need, held: Held, stop: Stop, *, is_sure: bool) -> Finding | None:
    """Say that no value a key may have satisfies who takes it; `is_sure` if that surely runs."""
    if need.type is Any or not held.offers:
        return None
    fits = [(_fit(offer, need.type), offer) for offer in held.offers]
    best, offer = max(fits, key=lambda pair: pair[0])
    if best is Fit.MAY:
        return None
    wanted = type_name(need.type)
    level: Level = "error" if best is Fit.NEVER else "warning"
    if offer.source == "taken":
        if not offer.is_sure or best is not Fit.NEVER:
            return None
        says = f"{offer.who} takes it as {offer.kind}, and nobody provides it in between"
        level = "error" if is_sure else "warning"
    elif offer.source == "default":
        # The caller may give another one, and has to where it only says that there is none.
        says = f"{offer.who} says {offer.kind}"
        level = "note" if offer.value is None else "warning"
    else:
        says = f"{offer.who} provides {offer.kind}"
    rest = "" if best is Fit.NEVER else _UNLESS[offer.value is UNSAID]
    message = f"{need.what} takes {need.shown} as {wanted}, but {says}{rest}"
    made = Finding(code="input-type", level=level, message=message, hint=_HINT, about=need.key)
    return made.at(stop, need.file, need.line)


def cannot_be_listed(held: Held) -> Offer | None:
    """The offer of a key that no for-each can go over, if none of its offers can."""
    offers = held.offers
    if not offers or any(_may_be_listed(offer) for offer in offers):
        return None
    return offers[0]


def _may_be_listed(offer: Offer) -> bool:
    kind = offer.type if offer.value is UNSAID else type(offer.value)
    if kind in (str, bytes):
        return False
    return fit(kind, collections.abc.Iterable) is not Fit.NEVER


def conflicts(index: dict[str, list[Offer]]) -> Iterator[Finding]:
    """Find keys that are provided with types that have nothing in common."""
    for key, offers in index.items():
        said = [offer for offer in offers if offer.type is not Any and not _is_off(offer)]
        pair = next(_apart(said), None)
        if pair is None:
            continue
        first, second = pair
        message = (
            f"{key!r} is {type_name(first.type)} from {first.who} "
            f"and {type_name(second.type)} from {second.who}"
        )
        is_change = second.updates or second.source == "default"
        made = Finding(
            code="provider-types",
            about=key,
            level="note" if is_change else "warning",
            message=message,
            hint="whoever takes it has to know which one it is: use two keys, or one type",
        )
        if second.stop is not None:
            yield made.at(second.stop, second.file, second.line)


def _apart(offers: list[Offer]) -> Iterator[tuple[Offer, Offer]]:
    distinct: list[Offer] = []
    for offer in offers:
        if any(offer.type == each.type for each in distinct):
            continue
        for earlier in distinct:
            is_one = earlier.stop is offer.stop and earlier.who == offer.who
            if not is_one and are_apart(earlier.type, offer.type):
                yield earlier, offer
        distinct.append(offer)


def _is_off(offer: Offer) -> bool:
    return offer.stop is not None and offer.stop.is_off


def _fit(offer: Offer, wanted: Any) -> Fit:  # noqa: ANN401  # Any: an annotation
    if offer.value is UNSAID:
        return fit(offer.type, wanted)
    if satisfies(offer.value, wanted):
        return Fit.MAY
    # What is in a container may be changed in place before it is taken.
    is_container = isinstance(offer.value, (list, dict, set))
    return min(fit(type(offer.value), wanted), Fit.EMPTY if is_container else Fit.NEVER)
