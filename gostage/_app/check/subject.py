"""The subject: the workflow that is checked, who is called in it, and what was read of them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from gostage._app.check.effects import Effects
from gostage._app.check.held import UNSAID
from gostage._app.check.reading import effects_of
from gostage._app.check.source import Sources, plain_function
from gostage._app.check.tour import every, tour
from gostage._author.flow import Stage
from gostage._author.function import Function
from gostage._author.header import Headed
from gostage._author.resource import Resource
from gostage._author.signature import name_of_function
from gostage._engine import nodes
from gostage._engine.policy import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gostage._app.check.effects import Role
    from gostage._app.check.source import Code
    from gostage._app.check.tour import Arm, Stop
    from gostage._author.middleware import Layer
    from gostage._author.workflow import WorkflowDefinition

Kind = Literal["action", "condition", "items", "handler", "middleware", "resource", "hook"]


@dataclass(frozen=True, slots=True)
class Called:
    """A function of the user's that a run calls, and as what."""

    kind: Kind
    what: str
    """What it is called in messages: `condition 'is_ready'`."""
    fn: object
    function: Function | None = None
    """How its parameters are filled by name; `None` if they are not."""
    roles: Mapping[str, Role] = field(default_factory=lambda: MappingProxyType({}))
    """Its parameters that are the context, the store or the run."""

    @classmethod
    def of(cls, kind: Kind, function: Function, what: str = "") -> Called:
        """A function that is called with what it asks for."""
        roles: dict[str, Role] = {
            each.name: "ctx" for each in function.parameters if each.role == "ctx"
        }
        return cls(kind, what or f"{kind} {function.name!r}", function.fn, function, roles)


class Subject:
    """What the checks look at."""

    def __init__(
        self,
        workflow: WorkflowDefinition,
        *,
        resources: Iterable[Resource] = (),
        initial: Mapping[str, object] | Iterable[str] = (),
        is_all: bool = False,
        wrappers: Iterable[Callable[..., object]] = (),
    ) -> None:
        self.workflow = workflow
        self.root: Arm = tour(workflow)
        self.stops: list[Stop] = list(every(self.root))
        self.resources = tuple(resources)
        self.initial = _given(initial)
        """What is put into the store from outside."""
        self.is_all = is_all
        """Whether nothing else comes from there."""
        self.hooks = tuple(_hook(each) for each in wrappers)
        self._sources = Sources()
        self._effects: dict[tuple[int, tuple[str, ...]], tuple[object, Effects]] = {}
        for stop in self.stops:
            code = None if stop.action is None else self.code(stop.action.function.fn)
            stop.written = None if code is None else code.place

    def code(self, fn: object) -> Code | None:
        """A function as it is written."""
        return self._sources.code_of(fn)

    def effects(self, called: Called) -> Effects:
        """What a function does to the store and the plan."""
        key = (id(called.fn), tuple(called.roles))
        known = self._effects.get(key)
        if known is None:  # the function is kept as well, so that its id stays its own
            known = self._effects[key] = (called.fn, self._read(called))
        return known[1]

    def _read(self, called: Called) -> Effects:
        if not called.roles:
            return Effects()
        code = self.code(called.fn)
        if code is not None:
            return effects_of(code, called.roles)
        effects = Effects()
        effects.open()
        return effects

    def resource(self, function: Function, name: str) -> Resource | None:
        """The resource that a parameter of this name gets."""
        plain, _ = plain_function(function.fn)
        found = {} if plain is None else plain.__globals__.get(name)
        if isinstance(found, Resource):
            return found
        return next((each for each in self.resources if each.name == name), None)

    @cached_property
    def callers(self) -> list[tuple[Stop | None, Called]]:
        """Every function that may be called, and the item it is called for."""
        found: list[tuple[Stop | None, Called]] = [(None, each) for each in self.hooks]
        found += [(None, each) for each in layers(self.workflow)]
        for stop in self.stops:
            if not stop.is_off:
                found += [(stop, each) for each in called_at(stop)]
        return found

    @cached_property
    def adds(self) -> bool:
        """Whether a run may put more into the plan than the definition has."""
        return any(self.effects(each).adds for _, each in self.callers)

    @cached_property
    def removes(self) -> bool:
        """Whether a run may take something out of the plan, or switch it off."""
        return any(self.effects(each).removes for _, each in self.callers)

    @cached_property
    def enables(self) -> bool:
        """Whether a run may switch on what is switched off."""
        return any(self.effects(each).enables for _, each in self.callers)


def called_at(stop: Stop) -> Iterator[Called]:
    """Every function that is called for an item itself, whatever it holds."""
    yield from when_of(stop)
    yield from layers_at(stop)
    action = stop.action
    if action is not None:
        yield Called.of("action", action.function, stop.what)
    yield from conditions_of(stop)
    yield from items_of(stop)
    yield from handlers_of(stop)


def when_of(stop: Stop) -> Iterator[Called]:
    """The condition that decides whether an action or a stage runs."""
    when = stop.node.when if isinstance(stop.node, (nodes.Do, nodes.Stage)) else None
    if when is not None:
        yield _condition(when)


def conditions_of(stop: Stop) -> Iterator[Called]:
    """The conditions of a wait, a loop or a choice, in the order in which they are asked."""
    node = stop.node
    if isinstance(node, (nodes.Wait, nodes.Loop)):
        yield _condition(node.condition)
    elif isinstance(node, nodes.Choice):
        yield from (_condition(condition) for condition, _ in node.arms)


def items_of(stop: Stop) -> Iterator[Called]:
    """The function that gives the items of a for-each."""
    node = stop.node
    if isinstance(node, nodes.ForEach) and isinstance(node.over, Function):
        yield Called.of(
            "items", node.over, f"function {node.over.name!r}, the items of {stop.what},"
        )


def handlers_of(stop: Stop) -> Iterator[Called]:
    """The function that decides whether something is tried again."""
    node = stop.node
    policy = getattr(node, "policy", None) or getattr(node, "retry", None)
    if isinstance(policy, Retry) and policy.handler is not None:
        handler = policy.handler
        what = f"handler {name_of_function(handler)!r}"
        first = next(iter(_parameters(handler)), None)
        yield Called("handler", what, handler, roles={first: "ctx"} if first else {})


def layers_at(stop: Stop) -> Iterator[Called]:
    """The middleware around an item."""
    node = stop.node
    if stop.action is not None:
        yield from map(_layer, stop.action.middleware)
    elif isinstance(node, nodes.Stage) and isinstance(node.stage, Stage):
        yield from layers(node.stage)
    elif isinstance(node, (nodes.Sub, nodes.Spawn)):
        body: object = node.workflow if isinstance(node, nodes.Sub) else node.body
        yield from layers(body)


def layers(flow: object) -> Iterator[Called]:
    """The middleware of a workflow or a stage."""
    if isinstance(flow, Headed):
        yield from map(_layer, flow.middleware)


def _condition(condition: object) -> Called:
    return Called.of("condition", Function.of(condition, what="condition"))


def _layer(layer: Layer) -> Called:
    known: tuple[Role, ...] = ("ctx", "run", "store")
    roles: dict[str, Role] = {name: name for name in known if name in layer.names}
    return Called("middleware", f"middleware {layer.name!r}", layer.fn, roles=roles)


def _hook(fn: Callable[..., object]) -> Called:
    known: tuple[Role, ...] = ("ctx", "run")
    names = _parameters(fn)
    roles: dict[str, Role] = {name: name for name in known if name in names}
    return Called("hook", f"hook {name_of_function(fn)!r}", fn, roles=roles)


def _parameters(fn: object) -> list[str]:
    try:
        return list(inspect.signature(cast("Callable[..., object]", fn)).parameters)
    except (TypeError, ValueError):  # a builtin does not say what it takes
        return []


# Any: a value is of any type; that of a key alone is not known.
def _given(initial: Mapping[str, object] | Iterable[str]) -> Mapping[str, Any]:
    if isinstance(initial, Mapping):
        return {str(key): value for key, value in initial.items()}
    return dict.fromkeys(initial, UNSAID)
