"""Providers: who puts which keys into the store, as far as the definition and the code say it."""

from __future__ import annotations

from dataclasses import replace
from types import GenericAlias
from typing import TYPE_CHECKING, Any

from gostage._app.check.guess import returned
from gostage._app.check.held import Offer
from gostage._app.check.subject import called_at
from gostage._author.header import Headed
from gostage._engine import nodes
from gostage._store.keys import Key, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.check.effects import Touch
    from gostage._app.check.held import Source
    from gostage._app.check.subject import Called, Subject
    from gostage._app.check.tour import Stop
    from gostage._author.action import Action

Offered = tuple[str, Offer]
"""A key, and what it is offered."""


def provided_by(subject: Subject, stop: Stop) -> list[Offered]:
    """What an action puts into the store with its `provides=`."""
    action = stop.action
    if action is None or action.provides is None:
        return []
    keys = action.provides if isinstance(action.provides, tuple) else (action.provides,)
    kinds = _returned(subject, action, len(keys) if isinstance(action.provides, tuple) else 0)
    code = subject.code(action.function.fn)
    line = action.function.line if code is None else code.line
    taken = taken_by(subject, next(each for each in called_at(stop) if each.kind == "action"))
    return [
        (
            name_of(key),
            Offer(
                "provided",
                stop.what,
                stop,
                action.function.file,
                line,
                _narrowed(key, kind),
                updates=name_of(key) in taken,
            ),
        )
        for key, kind in zip(keys, kinds, strict=True)
    ]


def initial_of(flow: object, source: Source, stop: Stop | None = None) -> list[Offered]:
    """The initial data of a stage or a workflow."""
    if not isinstance(flow, Headed):
        return []
    file, line = (None, None) if stop is None else stop.place
    who = f"the initial data of {flow.label}"
    return [
        (key, Offer(source, who, stop, file, line, type(each.value), each.value))
        for key, each in flow.initial.items()
    ]


def initial_at(stop: Stop) -> list[Offered]:
    """The initial data that is put into the store where an item begins."""
    node = stop.node
    if isinstance(node, nodes.Stage):
        return initial_of(node.stage, "initial", stop)
    if isinstance(node, nodes.Sub):
        return initial_of(node.workflow, "initial", stop)
    return initial_of(node.body, "initial", stop) if isinstance(node, nodes.Spawn) else []


def into_of(subject: Subject, stop: Stop) -> list[Offered]:
    """What a for-each or a receive puts into the store."""
    node = stop.node
    if not isinstance(node, (nodes.ForEach, nodes.Receive)) or node.into is None:
        return []
    kind: Any = Any  # Any: an annotation; that of a signal's data is not known
    if isinstance(node, nodes.ForEach):
        kind = _collected(subject, stop, node)
    file, line = stop.place
    key: Any = node.into  # Any: opaque to the engine; it is a key
    offer = Offer("provided", stop.what, stop, file, line, _narrowed(key, kind))
    return [(name_of(key), offer)]


def written_by(subject: Subject, called: Called, stop: Stop | None) -> Iterator[Offered]:
    """What the code of a function writes."""
    effects = subject.effects(called)
    taken = taken_by(subject, called)
    for touch in effects.writes:
        yield touch.key, offer_of(subject, called, touch, stop, updates=touch.key in taken)


def offer_of(
    subject: Subject, called: Called, touch: Touch, stop: Stop | None, *, updates: bool = False
) -> Offer:
    """What one write, or one deletion, offers."""
    code = subject.code(called.fn)
    is_open = subject.effects(called).is_open
    # Middleware may run anything twice, or not at all; a handler is called after a failure only.
    is_sure = touch.is_sure and not is_open and called.kind not in {"middleware", "handler", "hook"}
    return Offer(
        "provided",
        called.what,
        stop,
        None if code is None else code.file,
        touch.line,
        Any if is_open else touch.type,
        updates=updates or is_open,
        is_sure=is_sure,
    )


def taken_by(subject: Subject, called: Called) -> set[str]:
    """The keys that a function takes, as a parameter or by its code."""
    keys = {each.key for each in subject.effects(called).reads}
    if called.function is not None:
        keys |= {each.key for each in called.function.parameters if each.role == "value"}
    return keys


def providers(subject: Subject) -> dict[str, list[Offer]]:
    """Everybody who provides a key, in the order of the definition; what is switched off too."""
    found: dict[str, list[Offer]] = {}
    for stop in subject.stops:
        offered = [*initial_at(stop), *provided_by(subject, stop), *into_of(subject, stop)]
        for called in called_at(stop):
            offered += written_by(subject, called, stop)
        for key, offer in offered:
            found.setdefault(key, []).append(offer)
    return found


def _returned(subject: Subject, action: Action[..., Any], count: int) -> list[Any]:
    """The annotations of what an action returns: one, or as many as the keys it unpacks into."""
    kind = returned(action.function.fn, subject.code(action.function.fn))
    if action.use:
        kind = Any  # what the outermost middleware returns is the action's value
    if not count:
        return [kind]
    args = getattr(kind, "__args__", ())
    is_tuple = getattr(kind, "__origin__", None) is tuple and ... not in args
    return list(args) if is_tuple and len(args) == count else [Any] * count


def _narrowed(key: object, kind: Any) -> Any:  # noqa: ANN401  # Any: an annotation
    if not isinstance(key, Key):
        return kind
    if key.merge is not None:
        return Any  # what several branches write is folded into something else
    return kind if key.type is Any else key.type


def _collected(subject: Subject, stop: Stop, node: nodes.ForEach) -> Any:  # noqa: ANN401  # as above
    last = stop.arms[0].stops[-1] if stop.arms and stop.arms[0].stops else None
    if last is None or last.action is None or last.is_off or node.on_error == "continue":
        return list
    (kind,) = _returned(subject, last.action, 0)
    has_more = last.action.when is not None or kind is Any or isinstance(kind, str)
    return list if has_more else GenericAlias(list, (kind,))


def unsure(offer: Offer) -> Offer:
    """The same from somebody who may not come by."""
    return replace(offer, is_sure=False)
