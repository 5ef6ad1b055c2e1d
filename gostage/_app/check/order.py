"""Order: items that nothing leads to, loops that nothing ends, and what stands there twice."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gostage._app.check.constants import answer_of, keys_of
from gostage._app.check.findings import Finding
from gostage._app.check.providers import initial_at, into_of, provided_by, taken_by
from gostage._app.check.subject import called_at, conditions_of, layers_at, when_of
from gostage._app.check.tour import below
from gostage._engine import nodes
from gostage._store.keys import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.check.held import Offer
    from gostage._app.check.subject import Called, Subject
    from gostage._app.check.tour import Arm, Stop

CODE = "unreachable"


def unreachable(subject: Subject) -> Iterator[Finding]:
    """Find what no run can reach."""
    ending = set() if subject.removes else _ending(subject)
    for arm in _arms(subject):
        yield from _behind(arm, ending)
    for stop in subject.stops:
        if not stop.is_off:
            yield from _never_chosen(subject, stop)


def never_ends(subject: Subject, index: dict[str, list[Offer]]) -> Iterator[Finding]:
    """Find waits and loops that nothing in them can end."""
    for stop in subject.stops:
        node = stop.node
        if stop.is_off:
            continue
        if isinstance(node, nodes.Wait) and node.timeout is None:
            (called,) = conditions_of(stop)
            if answer_of(subject, called) is False:
                yield Finding(
                    code="never-ends",
                    level="warning",
                    message=f"{stop.what} waits for ever: {called.what} is never true",
                    hint="give it a timeout=, or a condition that looks at something",
                ).at(stop)
        elif isinstance(node, nodes.Loop) and node.max_passes is None:
            yield from _endless(subject, stop, node, index)


# -------------------------------------------------------------------- what follows an end


def _arms(subject: Subject) -> Iterator[Arm]:
    yield subject.root
    for stop in subject.stops:
        if not stop.is_off:
            yield from stop.arms


def _ending(subject: Subject) -> set[int]:
    """The numbers of the items that always end the run with `ctx.bail()`."""
    found: set[int] = set()
    for stop in reversed(subject.stops):  # what holds others comes after them
        is_certain = not stop.is_off and not [*when_of(stop), *layers_at(stop)]
        if is_certain and (_bails(subject, stop) or _leads_to_end(stop, found)):
            found.add(stop.number)
    return found


def _bails(subject: Subject, stop: Stop) -> bool:
    if stop.action is None:
        return False
    (called,) = [each for each in called_at(stop) if each.kind == "action"]
    code = subject.code(called.fn)
    if code is None or code.is_wrapped:
        return False
    return any(each.name == "bail" and each.is_sure for each in subject.effects(called).calls)


def _leads_to_end(stop: Stop, ending: set[int]) -> bool:
    node = stop.node
    ways = [any(each.number in ending for each in arm.stops) for arm in stop.arms]
    if isinstance(node, nodes.Choice):
        return node.otherwise is not None and all(ways)
    if isinstance(node, nodes.Loop):
        return not node.asks_first and any(ways)
    return any(ways) and not isinstance(node, (nodes.ForEach, nodes.Spawn))


def _behind(arm: Arm, ending: set[int]) -> Iterator[Finding]:
    there = [stop for stop in arm.stops if not stop.is_off]
    for stop, following in pairwise(there):
        if stop.number in ending:
            yield Finding(
                code=CODE,
                level="warning",
                message=f"{following.what} never runs: {stop.what} before it always ends the run",
                hint="call ctx.bail() under a condition, or take out what follows",
            ).at(following)
            return


# -------------------------------------------------------------------- what is never chosen


def _never_chosen(subject: Subject, stop: Stop) -> Iterator[Finding]:
    node = stop.node
    for called in when_of(stop):
        if answer_of(subject, called) is False:
            yield _never(stop, stop.what, called, "always false")
    if isinstance(node, nodes.Choice):
        yield from _never_taken(subject, stop)
    elif isinstance(node, nodes.Loop) and node.asks_first:
        (called,) = conditions_of(stop)
        if answer_of(subject, called) is False:
            yield _never(stop, f"the body of {stop.what}", called, "always false")


def _never_taken(subject: Subject, stop: Stop) -> Iterator[Finding]:
    conditions = list(conditions_of(stop))
    for number, called in enumerate(conditions):
        answer = answer_of(subject, called)
        if answer is False:
            yield _never(stop, f"body {number + 1} of {stop.what}", called, "always false")
        elif answer is True and number + 1 < len(stop.arms):
            rest = "its otherwise=" if number + 1 == len(conditions) else "what stands behind it"
            yield _never(stop, f"{rest} in {stop.what}", called, "always true")
            return


def _never(stop: Stop, what: str, called: Called, why: str) -> Finding:
    return Finding(
        code=CODE,
        level="warning",
        message=f"{what} never runs: {called.what} is {why}",
        hint="take it out, or let the condition look at something; disable() switches items off",
    ).at(stop)


# -------------------------------------------------------------------- loops


def _endless(
    subject: Subject, stop: Stop, node: nodes.Loop, index: dict[str, list[Offer]]
) -> Iterator[Finding]:
    (called,) = conditions_of(stop)
    effects = [subject.effects(each) for other in below(stop) for each in called_at(other)]
    if any(each.adds or any(c.name == "bail" for c in each.calls) for each in effects):
        return
    answer = answer_of(subject, called)
    if answer is not None and answer is not node.ends_on:
        yield Finding(
            code="never-ends",
            level="note",
            message=f"{stop.what} goes on until something in it fails: {called.what} is always "
            f"{str(answer).lower()}",
            hint="max_passes= limits it, ctx.bail() ends the run",
        ).at(stop)
    keys = _unchanged(subject, stop, called, index)
    if keys:
        first = "before the first pass" if node.asks_first else "after the first pass"
        yield Finding(
            code="never-ends",
            level="warning",
            message=f"{stop.what} ends {first} or never: {called.what} looks at "
            f"{', '.join(map(repr, keys))} alone, and nothing in the body changes that",
            hint="write it in the body, or limit the loop with max_passes=",
        ).at(stop)


def _unchanged(
    subject: Subject, stop: Stop, called: Called, index: dict[str, list[Offer]]
) -> list[str]:
    """The keys that alone decide about a loop, if none of them can change in its body."""
    keys = keys_of(subject, called)
    if not keys or subject.effects(called).writes:
        return []
    inside = list(below(stop))
    touched = {key for other in inside for key in _touched(subject, other)}
    patterns = [
        pattern
        for other in inside
        for each in called_at(other)
        for pattern in subject.effects(each).patterns
    ]
    is_touched = bool(touched & set(keys)) or any(
        key.startswith(begin) and key.endswith(end) for key in keys for begin, end in patterns
    )
    # A list may be changed by whoever has it, under whichever name.
    is_fixed = all(_is_scalar(kind, index.get(key, [])) for key, kind in keys.items())
    return sorted(keys) if is_fixed and not is_touched else []


# Any: annotations have no static type.
def _is_scalar(kind: Any, offers: list[Offer]) -> bool:  # noqa: ANN401
    kinds = [kind] if kind is not Any else [offer.type for offer in offers]
    return bool(kinds) and all(each in (bool, int, float, str) for each in kinds)


def _touched(subject: Subject, stop: Stop) -> Iterator[str]:
    """Every key that an item reads or writes: a value that is read may be changed in place."""
    for key, _ in (*initial_at(stop), *provided_by(subject, stop), *into_of(subject, stop)):
        yield key
    for called in called_at(stop):
        yield from taken_by(subject, called)
        yield from (touch.key for touch in subject.effects(called).touches)
    node = stop.node
    if isinstance(node, nodes.ForEach) and not callable(node.over):
        yield name_of(node.over)
