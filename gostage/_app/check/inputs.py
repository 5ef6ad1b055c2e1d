"""Inputs: follows every key through a workflow, and finds what is missing or of another type."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from gostage._app.check.findings import Finding
from gostage._app.check.guess import returned
from gostage._app.check.held import UNSAID, Held, Offer, State, join, side_by_side
from gostage._app.check.kinds import element
from gostage._app.check.mismatch import cannot_be_listed, mismatch
from gostage._app.check.missing import Explainer, Need
from gostage._app.check.providers import (
    initial_at,
    initial_of,
    into_of,
    offer_of,
    provided_by,
    providers,
    taken_by,
    unsure,
)
from gostage._app.check.subject import (
    Called,
    conditions_of,
    handlers_of,
    items_of,
    layers,
    layers_at,
    when_of,
)
from gostage._author.function import Function
from gostage._engine import nodes
from gostage._store.keys import name_of

if TYPE_CHECKING:
    from gostage._app.check.findings import Level
    from gostage._app.check.subject import Subject
    from gostage._app.check.tour import Arm, Stop
    from gostage._author.function import Parameter
    from gostage._author.resource import Resource

Walk: TypeAlias = Generator["Walk", State, State]
"""Follows one part of a workflow; yields the parts inside it, and is sent what is known then."""


class Inputs:
    """The store as it is before and behind every item, as far as it can be known."""

    def __init__(self, subject: Subject) -> None:
        self.findings: list[Finding] = []
        self.index = providers(subject)
        self._subject = subject
        self._explainer = Explainer(subject, self.index)
        self._depth = 0
        """How many conditions decide whether what is looked at runs at all."""
        self._items: list[Any] = []  # Any: annotations of the items of the for-eachs around
        self._made: set[int] = set()
        """The resources that are there by now."""

    def follow(self) -> None:
        """Go through the whole workflow once."""
        walks: list[Walk] = [self._arm(self._subject.root, self._start())]
        state: State | None = None
        while walks:  # not by recursion: a definition may be deeper than Python's stack
            try:
                inner = next(walks[-1]) if state is None else walks[-1].send(state)
            except StopIteration as stop:
                walks.pop()
                state = stop.value
            else:
                walks.append(inner)
                state = None

    def _start(self) -> State:
        subject, state = self._subject, State()
        for key, offer in initial_of(subject.workflow, "default"):
            state.put(key, offer)
        for key, value in subject.initial.items():
            kind = Any if value is UNSAID else type(value)
            state.put(key, Offer("given", "the value from outside", type=kind, value=value))
        for called in (*subject.hooks, *layers(subject.workflow)):
            self._change(called, None, state)
        return state

    # ---------------------------------------------------------------- ways

    def _arm(self, arm: Arm, state: State) -> Walk:
        for stop in arm.stops:
            state = yield self._stop(stop, state)
        return state

    def _stop(self, stop: Stop, state: State) -> Walk:
        if stop.is_turned_off and not self._subject.enables:
            return state
        conditions = list(when_of(stop))
        for called in conditions:
            self._call(called, stop, state)
        if not conditions and not stop.is_turned_off:
            state = yield self._inside(stop, state)
            return state
        inner = yield self._perhaps(self._inside(stop, state.sure()))
        return join([state, inner], None if stop.is_turned_off else stop)

    def _perhaps(self, walk: Walk) -> Walk:
        self._depth += 1
        state = yield walk
        self._depth -= 1
        return state

    def _inside(self, stop: Stop, state: State) -> Walk:
        for key, offer in initial_at(stop):
            state.put(key, offer)
        for called in layers_at(stop):
            self._change(called, stop, state)
        state = yield self._through(stop, state)
        for called in handlers_of(stop):
            self._change(called, stop, state)
        for key, offer in into_of(self._subject, stop):
            state.put(key, offer)
        return state

    def _through(self, stop: Stop, state: State) -> Walk:
        node = stop.node
        if isinstance(node, nodes.Choice):
            state = yield self._choice(stop, state)
        elif isinstance(node, nodes.Loop):
            state = yield self._loop(stop, node, state)
        elif isinstance(node, nodes.ForEach):
            state = yield self._for_each(stop, node, state)
        elif isinstance(node, nodes.Parallel):
            state = yield self._parallel(stop, state)
        else:
            self._act(stop, state)
            for called in conditions_of(stop):  # of a wait
                self._call(called, stop, state)
            for arm in stop.arms:
                state = yield self._arm(arm, state)
        return state

    def _act(self, stop: Stop, state: State) -> None:
        action = stop.action
        if action is None:
            return
        self._call(Called.of("action", action.function, stop.what), stop, state)
        for key, offer in provided_by(self._subject, stop):
            # What it returns is known; that nobody around it changes that, is not.
            state.put(key, unsure(offer) if action.use else offer)

    def _choice(self, stop: Stop, state: State) -> Walk:
        ends = []
        for number, (arm, called) in enumerate(_arms(stop)):
            if called is not None:
                self._depth += number > 0
                self._call(called, stop, state, is_sure=number == 0)
                self._depth -= number > 0
            end = yield self._perhaps(self._arm(arm, state.sure()))
            ends.append(end)
        if all(arm.condition is not None for arm in stop.arms):
            ends.append(state)
        return join(ends, stop)

    def _loop(self, stop: Stop, node: nodes.Loop, state: State) -> Walk:
        (called,) = conditions_of(stop)
        if not node.asks_first:
            state = yield self._arm(stop.arms[0], state)
            self._call(called, stop, state)
            return state
        self._call(called, stop, state)
        inner = yield self._perhaps(self._arm(stop.arms[0], state.sure()))
        return join([state, inner], None)

    def _for_each(self, stop: Stop, node: nodes.ForEach, state: State) -> Walk:
        self._items.append(self._listed(stop, node, state))
        inner = yield self._perhaps(self._arm(stop.arms[0], state.sure()))
        self._items.pop()
        return join([state, inner], None)

    def _parallel(self, stop: Stop, state: State) -> Walk:
        ends = []
        for arm in stop.arms:
            end = yield self._arm(arm, state.copy())
            ends.append(end)
        return side_by_side(state, ends)

    # ---------------------------------------------------------------- calls

    def _call(self, called: Called, stop: Stop, state: State, *, is_sure: bool = True) -> None:
        """Call a function: what it takes is looked up, then what it does is done."""
        if called.function is not None:
            for parameter in called.function.parameters:
                if parameter.role == "value":
                    self._fill(called, called.function, parameter, stop, state)
        code = self._subject.code(called.fn)
        for touch in self._subject.effects(called).reads:
            self._take(
                Need(
                    what=called.what,
                    key=touch.key,
                    name=touch.key,
                    is_required=touch.is_sure,
                    file=None if code is None else code.file,
                    line=touch.line,
                    type=touch.type,
                    fn=called.fn,
                ),
                stop,
                state,
            )
        self._change(called, stop, state, is_sure=is_sure)

    def _change(
        self, called: Called, stop: Stop | None, state: State, *, is_sure: bool = True
    ) -> None:
        """Do to the store what a function does."""
        effects = self._subject.effects(called)
        if effects.adds:
            state.open()
        state.patterns = tuple(dict.fromkeys((*state.patterns, *effects.patterns)))
        taken = taken_by(self._subject, called)
        for touch in effects.touches:
            offer = offer_of(self._subject, called, touch, stop, updates=touch.key in taken)
            offer = offer if is_sure else unsure(offer)
            if touch.kind == "write":
                state.put(touch.key, offer)
            elif touch.kind == "drop":
                state.drop(touch.key, offer)
            elif touch.kind == "clear" and offer.is_sure:
                state.clear(offer)

    def _fill(
        self, called: Called, function: Function, parameter: Parameter, stop: Stop, state: State
    ) -> None:
        code = self._subject.code(called.fn)
        need = Need(
            what=called.what,
            key=parameter.key,
            name=parameter.name,
            is_required=parameter.is_required,
            file=function.file,
            line=function.line if code is None else code.line_of(parameter.name),
            type=parameter.annotation,
            fn=called.fn,
        )
        if need.key in ("item", "index") and self._items:
            item = self._items[-1] if need.key == "item" else int
            who = "the for_each around it"
            self._compare(need, Held((Offer("provided", who, type=item),)), stop)
            return
        resource = self._subject.resource(function, need.key)
        if resource is None:
            self._take(need, stop, state)
        else:
            self._make(resource, (), stop, state)

    def _make(
        self, resource: Resource, busy: tuple[Resource, ...], stop: Stop, state: State
    ) -> None:
        """Make a resource: its parameters are filled as those of an action."""
        if id(resource) in self._made or resource in busy:
            return
        function = resource.function
        called = Called.of("resource", function, f"resource {resource.name!r}")
        for parameter in function.parameters:
            inner = self._subject.resource(function, parameter.key)
            if parameter.role == "value" and inner is not None:
                self._make(inner, (*busy, resource), stop, state)
            elif parameter.role == "value":
                self._fill(called, function, parameter, stop, state)
        self._change(called, stop, state, is_sure=False)
        if resource.scope == "run" and not self._depth:
            self._made.add(id(resource))

    # ---------------------------------------------------------------- keys

    def _take(self, need: Need, stop: Stop, state: State) -> None:
        held = state.keys.get(need.key)
        if held is None and state.may_hold(need.key):
            return
        if held is not None:
            self._compare(need, held, stop)
        if not need.is_required or (held is not None and held.is_there):
            return
        is_sure = not self._depth
        by = state.emptied if held is None else held.gone
        if by is not None:
            self.findings.append(self._explainer.gone(need, stop, by, is_sure=is_sure))
        elif held is not None:
            self.findings.append(self._explainer.doubtful(need, stop, held))
        else:
            self.findings.append(self._explainer.missing(need, stop, is_sure=is_sure))
        # Said once: from here on it counts as there, of the type that was asked for.
        taken = Offer("taken", need.what, stop, type=need.type, is_sure=is_sure)
        offers = held.offers if held is not None and held.gone is None else (taken,)
        state.keys[need.key] = Held(offers)

    def _compare(self, need: Need, held: Held, stop: Stop) -> None:
        found = mismatch(need, held, stop, is_sure=not self._depth)
        if found is not None:
            self.findings.append(found)

    def _listed(self, stop: Stop, node: nodes.ForEach, state: State) -> Any:  # noqa: ANN401
        """Look up what a for-each goes over; gives the annotation of an item."""
        if isinstance(node.over, Function):
            (called,) = items_of(stop)
            self._call(called, stop, state)
            kind = returned(called.fn, self._subject.code(called.fn))
            offers: tuple[Offer, ...] = (Offer("provided", called.what.rstrip(","), type=kind),)
        else:
            key = name_of(node.over)
            file, line = stop.place
            need = Need(what=stop.what, key=key, name=key, is_required=True, file=file, line=line)
            self._take(need, stop, state)
            held = state.keys.get(key)
            offers = () if held is None else held.offers
        wrong = cannot_be_listed(Held(offers))
        if wrong is not None:
            self.findings.append(_not_listed(stop, wrong))
        return element(offers[0].type) if len(offers) == 1 else Any


def _not_listed(stop: Stop, offer: Offer) -> Finding:
    message = f"{stop.what} cannot go over {offer.kind}, which {offer.who} gives"
    hint = "give it a list, or a function that returns one"
    level: Level = "warning" if offer.source == "default" else "error"
    return Finding(code="input-type", level=level, message=message, hint=hint).at(stop)


def _arms(stop: Stop) -> Iterable[tuple[Arm, Called | None]]:
    conditions = list(conditions_of(stop))
    for number, arm in enumerate(stop.arms):
        yield arm, conditions[number] if number < len(conditions) else None
