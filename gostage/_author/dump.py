"""The dump: a workflow as JSON-able data, code by reference; it changes and runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._author.action import OPTIONS, Action, action_of, state_of
from gostage._author.annotation import dump_type
from gostage._author.coding import CODEC, coded_with
from gostage._author.flow import Stage
from gostage._author.function import Function
from gostage._author.reference import HELD, find, reference_of, require_reference
from gostage._author.tree import as_node
from gostage._engine import nodes
from gostage._engine.backoff import Exponential, Fixed, Jittered
from gostage._store.codec import STANDARD
from gostage._store.keys import MISSING, Key
from gostage.errors import DefinitionError, NotImportable, NotStorable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gostage._author.header import Headed
    from gostage._author.initial import InitialValue
    from gostage._author.middleware import Layer
    from gostage._author.tree import Flow
    from gostage._author.workflow import WorkflowDefinition
    from gostage._engine.nodes import Item
    from gostage._store.codec import Codec

    # Any: JSON-able data of any shape.
    Data = dict[str, Any]

VERSION: Final = 1
"""The version of the format."""


def dump_workflow(workflow: WorkflowDefinition, codec: Codec = STANDARD) -> Data:
    """Write a workflow with everything in it."""
    with coded_with(codec):
        return {"gostage": VERSION, **_workflow(workflow, "")}


def _workflow(workflow: WorkflowDefinition, path: str) -> Data:
    return {
        "kind": "workflow",
        **_header(workflow, path),
        **_given(version=workflow.version),
        "items": _items(workflow, path),
        **_given(disabled=sorted(workflow.disabled) or None),
    }


def _header(flow: Headed, path: str) -> Data:
    what = f"{flow.label}{f' at {path!r}' if path else ''}"
    return {
        "id": flow.id,
        **_given(
            name=None if flow.name == flow.id else flow.name,
            description=flow.description or None,
            tags=list(flow.tags) or None,
            initial={key: _initial(key, each, what) for key, each in flow.initial.items()} or None,
            use=_layers(flow.middleware, what) or None,
        ),
    }


def _initial(key: str, initial: InitialValue, what: str) -> Data:
    options: Data = initial.options
    if "props" in options:
        options["props"] = _value(options["props"], f"props of initial value {key!r} of {what}")
    return {"value": _value(initial.value, f"initial value {key!r} of {what}"), **options}


def _items(flow: Flow, path: str, names: dict[str, int] | None = None) -> list[Data]:
    counts = {} if names is None else names
    return [_item(item, path, counts) for item in flow.items]


def _item(item: Item, path: str, names: dict[str, int]) -> Data:
    node = as_node(item)
    count = names[node.name] = names.get(node.name, 0) + 1
    name = node.name if count == 1 else f"{node.name}#{count}"
    own = f"{path}/{name}" if path else name
    if isinstance(item, Action):
        return {"kind": "action", **_action(item, own)}
    if isinstance(node, nodes.Stage):
        return _stage(node, own)
    return {"kind": _KINDS[type(node)], "name": node.name, **_WRITERS[type(node)](node, own)}


def _stage(node: nodes.Stage, path: str) -> Data:
    stage = node.stage
    if not isinstance(stage, Stage):
        raise DefinitionError(
            f"step {path!r} is no stage: {stage!r}", hint="use Stage(id, action, …)"
        )
    what = f"stage {path!r}"
    return {
        "kind": "stage",
        **_header(stage, path),
        **_given(
            when=None if node.when is None else _function(node.when, f"when= of {what}"),
            retry=None if node.retry is None else _retry_policy(node.retry, what),
            timeout=node.timeout,
            isolate=_placement(node.isolate, what) or None,
        ),
        "items": _items(stage, path),
    }


# ---------------------------------------------------------------------- actions


# Any, here and below: the nodes hold what is opaque to the engine.
def _do(node: Any, path: str) -> Data:  # noqa: ANN401
    return {**_given(named=None if node.named else False), **_action(node.action, path)}


def _action(action: Action[..., Any], path: str) -> Data:
    what = f"the action of step {path!r}"
    reference = action.reference
    if reference is None:
        reference, base = _plain_instance(action, what)
    else:
        found = find(reference)
        base = found if isinstance(found, Action) else action_of(found)
    options = {
        name: _option(name, getattr(action, name), what)
        for name in OPTIONS
        if getattr(action, name) != getattr(base, name) and not _is_own_method(action, name)
    }
    params = {
        name: _value(value, f"parameter {name!r} of {what}")
        for name, value in action.params.items()
    }
    return {"action": reference, **_given(params=params or None, options=options or None)}


# Any: as above.
def _plain_instance(action: Action[..., Any], what: str) -> tuple[str, Action[..., Any]]:
    """Find the class of an action that has no state but its options."""
    cls = type(action)
    state = sorted(state_of(action))
    if cls is Action or reference_of(cls) is None:
        named = require_reference(action if cls is Action else cls, what)
        return named, action_of(action.function.fn) if cls is Action else cls.__new__(cls)
    if state and HELD.get() is not None:
        return require_reference(action, what), cls.__new__(cls)
    if state:
        raise NotImportable(
            f"{what} cannot be found again by another process: this {cls.__name__} has "
            f"state of its own ({', '.join(state)})",
            hint="make it a name in its module, or give what differs as parameters with bind()",
        )
    return require_reference(cls, what), cls.__new__(cls)


def _is_own_method(action: Action[..., Any], option: str) -> bool:
    function = getattr(getattr(action, option), "fn", None)
    return getattr(function, "__self__", None) is action


def _option(name: str, value: object, what: str) -> object:
    write = _OPTION_WRITERS.get(name)
    return value if write is None or value is None else write(value, f"{name}= of {what}")


def _provides(value: object, what: str) -> object:
    return [_key(key, what) for key in value] if isinstance(value, tuple) else _key(value, what)


def _layers(layers: Iterable[Layer], what: str) -> list[str]:
    return [require_reference(layer.fn, f"middleware {layer.name!r} of {what}") for layer in layers]


# ---------------------------------------------------------------------- parts


def _function(function: object, what: str) -> object:
    """Write a function by reference, with what was bound to it."""
    if not isinstance(function, Function):
        return require_reference(function, what)
    reference = require_reference(function.fn, what)
    held = HELD.get()
    is_held = held is not None and reference in held.things
    if Function.of(function.fn if is_held else find(reference)) == function:
        return reference
    params = {
        name: _value(value, f"parameter {name!r} of {what}")
        for name, value in function.params.items()
    }
    return {
        "function": reference,
        **_given(params=params or None, inputs=dict(function.inputs) or None),
    }


# Any: as above.
def _retry_policy(policy: Any, what: str) -> Data:  # noqa: ANN401
    on = policy.on if isinstance(policy.on, tuple) else (policy.on,)
    classes = [require_reference(cls, f"exception {cls.__name__!r} of {what}") for cls in on]
    backoff, handler = policy.backoff, policy.handler
    return {
        "attempts": policy.attempts,
        **_given(
            backoff=None if backoff is None else _backoff(backoff, f"backoff of {what}"),
            on=None
            if policy.on is Exception
            else (classes if isinstance(policy.on, tuple) else classes[0]),
            handler=None if handler is None else require_reference(handler, f"handler of {what}"),
        ),
    }


def _backoff(backoff: Callable[[int], float], what: str) -> object:
    if isinstance(backoff, Fixed):
        return {"kind": "fixed", "seconds": backoff.seconds}
    if isinstance(backoff, Exponential):
        return {
            "kind": "exponential",
            "base": backoff.base,
            "factor": backoff.factor,
            "cap": backoff.cap,
        }
    if isinstance(backoff, Jittered):
        random = backoff.random
        return {
            "kind": "jittered",
            "backoff": _backoff(backoff.backoff, what),
            "spread": backoff.spread,
            **_given(
                random=None if random is None else require_reference(random, f"random of {what}")
            ),
        }
    return require_reference(backoff, what)


# Any: a placement, as above.
def _placement(value: Any, _what: str) -> object:  # noqa: ANN401
    return value if value is None or isinstance(value, (bool, str)) else value.to_dict()


def _key(key: object, what: str) -> object:
    if not isinstance(key, Key):
        return key
    merge = key.merge
    return {
        "key": key.name,
        **_given(
            type=None if key.type is Any else dump_type(key.type, f"the type of {key!r} in {what}"),
            merge=None
            if merge is None
            else require_reference(merge, f"the merge of {key!r} in {what}"),
            secret=key.secret or None,
        ),
        **({} if key.default is MISSING else {"default": _value(key.default, repr(key))}),
    }


def _value(value: object, what: str) -> object:
    try:
        return CODEC.get().encode(value)
    except NotStorable as error:
        raise NotStorable(f"{what}: {error.message}", hint=error.hint) from None


def _given(**parts: object) -> Data:
    """Keep what differs from the default, so that a definition stays readable."""
    return {name: value for name, value in parts.items() if value is not None}


# ---------------------------------------------------------------------- steps

# Any: each writer takes its own kind of node, as above.


def _wait(node: Any, path: str) -> Data:  # noqa: ANN401
    return {
        "cond": _function(node.condition, f"the condition of step {path!r}"),
        "every": node.every,
        **_given(timeout=node.timeout),
    }


def _choice(node: Any, path: str) -> Data:  # noqa: ANN401
    names: dict[str, int] = {}  # the arms' steps have paths side by side
    arms = [
        {
            "cond": _function(condition, f"condition {number} of step {path!r}"),
            "body": _items(body, path, names),
        }
        for number, (condition, body) in enumerate(node.arms, 1)
    ]
    rest = node.otherwise
    return {"arms": arms, **_given(otherwise=None if rest is None else _items(rest, path, names))}


def _retry(node: Any, path: str) -> Data:  # noqa: ANN401
    policy = _retry_policy(node.policy, f"step {path!r}")
    return {**policy, "body": _items(node.body, path)}


def _loop(node: Any, path: str) -> Data:  # noqa: ANN401
    return {
        "ends_on": node.ends_on,
        "cond": _function(node.condition, f"the condition of step {path!r}"),
        **_given(max_passes=node.max_passes),
        "body": _items(node.body, path),
    }


def _parallel(node: Any, path: str) -> Data:  # noqa: ANN401
    branches = {name: _items(body, f"{path}/{name}") for name, body in node.branches}
    return {"branches": branches}


def _for_each(node: Any, path: str) -> Data:  # noqa: ANN401
    over, what = node.over, f"step {path!r}"
    source = _function(over, f"over= of {what}") if isinstance(over, Function) else None
    return {
        "over": _key(over, what) if source is None else {"items_of": source},
        **_given(into=_key(node.into, what), isolate=_placement(node.isolate, what) or None),
        "concurrency": node.concurrency,
        "on_error": node.on_error,
        "body": _items(node.body, path),
    }


def _spawn(node: Any, path: str) -> Data:  # noqa: ANN401
    body = node.body
    inside = _sub_workflow(body, path) if body.kind == "workflow" else {"body": _items(body, path)}
    backend = _placement(node.backend, f"step {path!r}")
    return {**_given(backend=backend, timeout=node.timeout), **inside}


def _sub_workflow(workflow: WorkflowDefinition, path: str) -> Data:
    return {"workflow": _workflow(workflow, path)}


def _receive(node: Any, path: str) -> Data:  # noqa: ANN401
    return _given(into=_key(node.into, f"step {path!r}"), timeout=node.timeout)


_KINDS: Final[Mapping[type, str]] = {
    nodes.Do: "do",
    nodes.Group: "steps",
    nodes.Wait: "wait_for",
    nodes.Choice: "branch",
    nodes.Retry: "retry",
    nodes.Loop: "loop",
    nodes.Parallel: "parallel",
    nodes.ForEach: "for_each",
    nodes.Sleep: "sleep",
    nodes.Receive: "receive",
    nodes.Sub: "sub",
    nodes.Spawn: "spawn",
}
_WRITERS: Final[Mapping[type, Callable[[Any, str], Data]]] = {
    nodes.Do: _do,
    nodes.Group: lambda node, path: {"body": _items(node.body, path)},
    nodes.Wait: _wait,
    nodes.Choice: _choice,
    nodes.Retry: _retry,
    nodes.Loop: _loop,
    nodes.Parallel: _parallel,
    nodes.ForEach: _for_each,
    nodes.Sleep: lambda node, _path: {"seconds": node.seconds},
    nodes.Receive: _receive,
    nodes.Sub: lambda node, path: _sub_workflow(node.workflow, path),
    nodes.Spawn: _spawn,
}
_OPTION_WRITERS: Final[Mapping[str, Callable[[Any, str], object]]] = {
    "tags": lambda tags, _what: list(tags),
    "provides": _provides,
    "when": _function,
    "retry": _retry_policy,
    "isolate": _placement,
    "use": _layers,
    "inputs": lambda inputs, _what: dict(inputs),
}
