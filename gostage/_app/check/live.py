"""Live things: resources that ask for each other in a circle, or for what lives shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._app.check.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.check.subject import Subject
    from gostage._app.check.tour import Stop
    from gostage._author.resource import Resource, Scope

_WIDTH: Final[dict[Scope, int]] = {"run": 3, "stage": 2, "action": 1}


def resources(subject: Subject) -> Iterator[Finding]:
    """Look at every resource that somebody asks for."""
    seen: set[int] = set()
    for stop, called in subject.callers:
        function = called.function
        if stop is None or function is None or function.takes != "more":
            continue
        for parameter in function.parameters:
            found = subject.resource(function, parameter.key)
            if parameter.role == "value" and found is not None:
                yield from _chain(subject, stop, (found,), seen)


def _chain(
    subject: Subject, stop: Stop, chain: tuple[Resource, ...], seen: set[int]
) -> Iterator[Finding]:
    last = chain[-1]
    if id(last) in seen:
        return
    seen.add(id(last))
    for parameter in last.function.parameters:
        found = subject.resource(last.function, parameter.key)
        if parameter.role != "value" or found is None:
            continue
        if found in chain:
            yield _circle(subject, stop, (*chain[chain.index(found) :], found))
        elif _WIDTH[last.scope] > _WIDTH[found.scope]:
            yield _too_wide(subject, stop, last, found)
        yield from _chain(subject, stop, (*chain, found), seen)


def _circle(subject: Subject, stop: Stop, chain: tuple[Resource, ...]) -> Finding:
    names = " -> ".join(repr(each.name) for each in chain)
    return Finding(
        code="resource-circle",
        level="error",
        message=f"resources ask for each other in a circle: {names}",
        hint="take one out of the circle",
    ).at(stop, *_place(subject, chain[0]))


def _too_wide(subject: Subject, stop: Stop, wide: Resource, narrow: Resource) -> Finding:
    return Finding(
        code="resource-scope",
        level="error",
        message=f"resource {wide.name!r} lives for the {wide.scope} and asks for {narrow.name!r}, "
        f"which lives for the {narrow.scope} only",
        hint=f"give {wide.name!r} scope={narrow.scope!r}, or widen the other",
    ).at(stop, *_place(subject, wide))


def _place(subject: Subject, resource: Resource) -> tuple[str | None, int | None]:
    code = subject.code(resource.function.fn)
    return (resource.function.file, resource.function.line) if code is None else code.place
