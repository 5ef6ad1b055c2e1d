"""Processes: what another process could not find again, or could not be given.

A child is given code as it is, where nothing leads to it; see `children` for what that cannot be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._app.check.children import is_apart
from gostage._app.check.findings import Finding
from gostage._app.check.subject import called_at, layers
from gostage._author.action import Action, state_of
from gostage._author.header import Headed
from gostage._author.reference import reference_of, require_reference
from gostage._engine import nodes
from gostage.errors import NotImportable, NotStorable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.check.findings import Level
    from gostage._app.check.subject import Called, Subject
    from gostage._app.check.tour import Stop
    from gostage._store.codec import Codec


_CONSEQUENCE: Final = ", so a run with it cannot go on in another process"


def not_importable(subject: Subject) -> Iterator[Finding]:
    """Find code that another process cannot find."""
    seen: set[int] = set()  # one function may stand at a hundred thousand places
    for called in layers(subject.workflow):
        yield from _of_code(subject, called, None)
    for stop in subject.stops:
        if stop.is_off:
            continue
        for called in called_at(stop):
            if id(called.fn) not in seen:
                seen.add(id(called.fn))
                if called.kind == "action" and stop.action is not None:
                    yield from _of_action(subject, called, stop)
                else:
                    yield from _of_code(subject, called, stop)


def not_storable(subject: Subject, codec: Codec) -> Iterator[Finding]:
    """Find values that cannot leave this process; those of a store that a child has must."""
    stops = [stop for stop in subject.stops if not stop.is_off]
    yield from _initial(subject.workflow, None, _level(any(map(is_apart, stops))), codec)
    for stop in stops:
        level = _level(any(map(is_apart, stop.way())))
        if stop.action is not None:
            for name, value in stop.action.params.items():
                what = f"parameter {name!r} of {stop.what}"
                yield from _value(value, what, stop, "note", codec)
        elif isinstance(stop.node, nodes.Stage):
            yield from _initial(stop.node.stage, stop, level, codec)
        elif isinstance(stop.node, nodes.Sub):
            yield from _initial(stop.node.workflow, stop, level, codec)


def _level(must_leave: bool) -> Level:
    return "error" if must_leave else "note"


def _of_action(subject: Subject, called: Called, stop: Stop) -> Iterator[Finding]:
    action = stop.action
    if action is None or (type(action) is Action and reference_of(called.fn) is not None):
        return
    if action.reference is not None:
        return
    cls, state = type(action), sorted(state_of(action))
    if cls is Action or reference_of(cls) is None:
        thing = action if cls is Action else cls
        yield from _without_reference(subject, thing, called, stop)
    elif state:
        yield Finding(
            code="not-importable",
            level="note",
            message=f"{called.what} cannot be found again by another process: this {cls.__name__} "
            f"has state of its own ({', '.join(state)}){_CONSEQUENCE}",
            hint="make it a name in its module, or give what differs as parameters with bind()",
        ).at(stop)


def _of_code(subject: Subject, called: Called, stop: Stop | None) -> Iterator[Finding]:
    if reference_of(called.fn) is None:
        yield from _without_reference(subject, called.fn, called, stop)


def _without_reference(
    subject: Subject, thing: object, called: Called, stop: Stop | None
) -> Iterator[Finding]:
    try:
        require_reference(thing, called.what)
    except NotImportable as error:
        code = subject.code(called.fn)
        file, line = (error.where.file, error.where.line) if code is None else code.place
        yield Finding(
            code="not-importable",
            level="note",
            message=f"{error.message}{_CONSEQUENCE}",
            hint=error.hint,
            path="" if stop is None else stop.path,
            file=file,
            line=line,
        )


def _initial(flow: object, stop: Stop | None, level: Level, codec: Codec) -> Iterator[Finding]:
    if isinstance(flow, Headed):
        for key, each in flow.initial.items():
            what = f"initial value {key!r} of {flow.label}"
            yield from _value(each.value, what, stop, level, codec)


def _value(
    value: object, what: str, stop: Stop | None, level: Level, codec: Codec
) -> Iterator[Finding]:
    try:
        codec.encode(value)
    except NotStorable as error:
        consequence = "" if level == "error" else _CONSEQUENCE
        message = f"{what} cannot leave the process: {error.message}{consequence}"
        hint = error.hint or "store what it can be made from, or teach its type with gostage_codecs"
        made = Finding(code="not-storable", level=level, message=message, hint=hint)
        yield made if stop is None else made.at(stop)
