"""The load: a workflow from its dump; it imports the modules that the data names."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from gostage._author.action import OPTIONS, Action, action_of
from gostage._author.annotation import load_type
from gostage._author.coding import coded_with, import_it
from gostage._author.dump import VERSION
from gostage._author.flow import Stage, Steps
from gostage._author.function import Function
from gostage._author.record import Record
from gostage._engine import nodes
from gostage._engine.backoff import exponential, fixed, jittered
from gostage._engine.policy import Retry
from gostage._store.codec import STANDARD
from gostage._store.keys import Key
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from gostage._author.coding import Finder
    from gostage._author.header import Headed
    from gostage._author.tree import Flow
    from gostage._author.workflow import WorkflowDefinition
    from gostage._store.codec import Codec

    W = TypeVar("W", bound=WorkflowDefinition)


def load_workflow(
    data: object, cls: type[W], codec: Codec = STANDARD, finder: Finder = import_it
) -> W:
    """Read a workflow; data of another version or kind is refused with a sentence."""
    record = Record(data, "the definition")
    version = record.take("gostage", None)
    if version != VERSION:
        raise DefinitionError(
            f"this is no definition of version {VERSION}: it says {version!r}",
            hint="from_dict() reads what to_dict() of the same version of gostage wrote",
        )
    with coded_with(codec, finder):
        return cast("W", _Loader(cls).workflow(record))


class _Loader:
    """Reads a tree by calling the same builder methods as an author does."""

    def __init__(self, cls: type[Any]) -> None:  # Any: the workflow class of the caller
        self._cls = cls

    # Any: as above.
    def workflow(self, record: Record) -> Any:  # noqa: ANN401
        kind = record.take("kind")
        if kind != "workflow":
            raise DefinitionError(
                f"{record.place} is a {kind!r}, not a workflow",
                hint="from_dict() reads what to_dict() of a workflow wrote",
            )
        made = self._cls(
            record.take("id"),
            name=record.take("name", None),
            description=record.take("description", ""),
            tags=record.take("tags", ()),
            version=record.take("version", None),
        )
        self._header(made, record)
        self._items(made, record)
        made.switch_off(record.texts("disabled"))
        record.close("a workflow")
        return made

    def _header(self, made: Headed, record: Record) -> None:
        for key, value in record.mapping("initial").items():
            entry = Record(value, f"initial value {key!r} of {record.place}")
            props = entry.take("props", None)
            made.set_initial(
                key,
                entry.value("value"),
                ttl=entry.take("ttl", None),
                tags=entry.take("tags", None),
                props=None if props is None else entry.decode(props),
                description=entry.take("description", None),
            )
            entry.close("an initial value")
        made.use(*(record.find(each) for each in record.texts("use")))  # type: ignore[arg-type]

    def _items(self, flow: Steps, record: Record, word: str = "items") -> Steps:
        for number, data in enumerate(record.rows(word), 1):
            item = Record(data, f"{word} {number} of {record.place}")
            kind = item.take("kind")
            read = _READERS.get(kind) if isinstance(kind, str) else None
            if read is None:
                raise item.unknown("kind", kind, _READERS)
            if "name" in item or "id" in item:
                item.place = f"{item.peek('name', item.peek('id'))!r} in {record.place}"
            read(self, flow, item)
            item.close(f"{kind!r}")
        return flow

    def _body(self, record: Record, word: str = "body") -> Steps:
        return self._items(Steps(), record, word)

    def stage(self, flow: Steps, record: Record) -> None:
        when, retry = record.take("when", None), record.take("retry", None)
        policy = None if retry is None else Record(retry, f"the retry of {record.place}")
        made = Stage(
            record.take("id"),
            name=record.take("name", None),
            description=record.take("description", ""),
            tags=record.take("tags", ()),
            when=None if when is None else _function(when, record),
            retry=None if policy is None else _retry_of(policy),
            timeout=record.take("timeout", None),
            isolate=_placement(record.take("isolate", False), record),
        )
        self._header(made, record)
        self._items(made, record)
        flow.add(made)

    def action(self, flow: Steps, record: Record) -> None:
        flow.add(_action(record))

    def do(self, flow: Steps, record: Record) -> None:
        name, is_named = record.take("name"), record.take("named", True)
        action = _action(record)
        if is_named:
            flow.do(name, action)
        else:
            when, retry, isolate = action.when, action.retry, action.isolate
            flow.put(nodes.Do(name, action, when=when, retry=retry, isolate=isolate))

    def steps(self, flow: Steps, record: Record) -> None:
        flow.steps(record.take("name"), self._body(record))

    def wait_for(self, flow: Steps, record: Record) -> None:
        flow.wait_for(
            record.take("name"),
            _condition(record),
            every=record.take("every"),
            timeout=record.take("timeout", None),
        )

    def branch(self, flow: Steps, record: Record) -> None:
        name = record.take("name")
        arms = []
        for number, data in enumerate(record.rows("arms"), 1):
            arm = Record(data, f"arm {number} of {record.place}")
            arms.append((_condition(arm), self._body(arm)))
            arm.close("an arm")
        rest = self._body(record, "otherwise") if "otherwise" in record else None
        flow.branch(name, *arms, otherwise=rest)

    def retry(self, flow: Steps, record: Record) -> None:
        name, body = record.take("name"), self._body(record)
        policy = _policy_parts(record)
        flow.retry(name, body, **policy)

    def loop(self, flow: Steps, record: Record) -> None:
        add = flow.loop_until if record.take("ends_on") else flow.loop_while
        condition, body = _condition(record), self._body(record)
        add(record.take("name"), condition, body, max_passes=record.take("max_passes", None))

    def parallel(self, flow: Steps, record: Record) -> None:
        name = record.take("name")
        branches = Record(record.mapping("branches"), f"the branches of {record.place}")
        flow.parallel(name, **{each: self._body(branches, each) for each in branches.names()})

    def for_each(self, flow: Steps, record: Record) -> None:
        over = record.take("over")
        if isinstance(over, Mapping) and "items_of" in over:
            source = cast("Callable[..., object]", _function(over["items_of"], record))
        else:
            source = _key(over, record)
        flow.for_each(
            record.take("name"),
            source,
            self._body(record),
            into=_key(record.take("into", None), record),
            concurrency=record.take("concurrency", 1),
            isolate=_placement(record.take("isolate", False), record),
            on_error=record.take("on_error", "stop"),
        )

    def sleep(self, flow: Steps, record: Record) -> None:
        flow.sleep(record.take("name"), record.take("seconds"))

    def receive(self, flow: Steps, record: Record) -> None:
        into = _key(record.take("into", None), record)
        flow.receive(record.take("name"), into, timeout=record.take("timeout", None))

    def sub(self, flow: Steps, record: Record) -> None:
        flow.sub(record.take("name"), self._inner(record))

    def spawn(self, flow: Steps, record: Record) -> None:
        body: Flow = self._inner(record) if "workflow" in record else self._body(record)
        flow.spawn(
            record.take("name"),
            body,
            backend=_placement(record.take("backend", None), record),
            timeout=record.take("timeout", None),
        )

    # Any: as above.
    def _inner(self, record: Record) -> Any:  # noqa: ANN401
        return self.workflow(Record(record.take("workflow"), f"the workflow of {record.place}"))


# ---------------------------------------------------------------------- parts


# Any, here and below: what a reference leads to is known at run time only; what it is used for
# checks it as it checks what an author gives.
def _action(record: Record) -> Action[..., Any]:
    found = record.find(record.take("action"), "an action")
    if isinstance(found, type) and issubclass(found, Action):
        made: Action[..., Any] = found.__new__(found)
    else:
        made = action_of(found)
    overrides = record.mapping("options")
    params = record.mapping("params")
    if overrides:
        options = Record(overrides, f"the options of {record.place}")
        made = made.options(**{name: _option(name, options) for name in options.names()})
    if params:
        made = made.bind(**{name: record.decode(value) for name, value in params.items()})
    return made


def _option(name: str, record: Record) -> Any:  # noqa: ANN401
    if name not in OPTIONS:
        raise record.unknown("option", name, OPTIONS)
    value = record.take(name)
    if value is None:
        return None
    if name == "when":
        return _function(value, record)
    if name == "retry":
        return _retry_of(Record(value, f"the retry of {record.place}"))
    if name == "provides":
        each = [_key(key, record) for key in value] if isinstance(value, list) else None
        return _key(value, record) if each is None else tuple(each)
    if name == "use":
        return [record.find(each) for each in value]
    return _placement(value, record) if name == "isolate" else value


def _condition(record: Record) -> Any:  # noqa: ANN401
    return _function(record.take("cond"), record)


def _function(data: object, record: Record) -> Any:  # noqa: ANN401
    if not isinstance(data, Mapping):
        return record.find(data)
    parts = Record(data, f"a function of {record.place}")
    function = Function.of(parts.find(parts.take("function")), what="function")
    params = {name: parts.decode(value) for name, value in parts.mapping("params").items()}
    inputs = parts.mapping("inputs")
    parts.close("a function")
    return function.bound(params or None, inputs or None)


def _retry_of(record: Record) -> Retry:
    made = Retry(**_policy_parts(record))
    record.close("a retry")
    return made


def _policy_parts(record: Record) -> dict[str, Any]:
    parts: dict[str, Any] = {"attempts": record.take("attempts")}
    backoff, handler = record.take("backoff", None), record.take("handler", None)
    on = record.take("on", None)
    if backoff is not None:
        parts["backoff"] = _backoff(backoff, record)
    if handler is not None:
        parts["handler"] = record.find(handler)
    if on is not None:
        parts["on"] = _errors(on, record)
    return parts


def _errors(data: object, record: Record) -> Any:  # noqa: ANN401
    if isinstance(data, list):
        return tuple(record.find(each, "an error") for each in data)
    return record.find(data, "an error")


def _backoff(data: object, record: Record) -> Any:  # noqa: ANN401
    if not isinstance(data, Mapping):
        return record.find(data)
    parts = Record(data, f"the backoff of {record.place}")
    kind = parts.take("kind")
    made: Callable[[int], float]
    if kind == "fixed":
        made = fixed(parts.take("seconds"))
    elif kind == "exponential":
        made = exponential(parts.take("base"), parts.take("factor"), parts.take("cap"))
    elif kind == "jittered":
        inner = _backoff(parts.take("backoff"), parts)
        random = parts.take("random", None)
        found: Any = None if random is None else parts.find(random)
        made = jittered(inner, parts.take("spread"), random=found)
    else:
        raise parts.unknown("kind", kind, ("fixed", "exponential", "jittered"))
    parts.close("a backoff")
    return made


def _placement(data: object, record: Record) -> Any:  # noqa: ANN401
    if not isinstance(data, Mapping):
        return data
    from gostage._author.isolate import Isolate  # 1 ms, where something is placed with more

    return Isolate.from_dict(data, f"the placement of {record.place}")


def _key(data: object, record: Record) -> Any:  # noqa: ANN401
    if not isinstance(data, Mapping):
        return data
    parts = Record(data, f"a key of {record.place}")
    merge = parts.take("merge", None)
    options: dict[str, Any] = {
        "type": load_type(parts.take("type", "typing:Any"), parts),
        "merge": None if merge is None else parts.find(merge, "a merge"),
        "secret": parts.take("secret", False),
    }
    if "default" in parts:
        options["default"] = parts.value("default")
    name = parts.take("key")
    parts.close("a key")
    return Key(name, **options)


_READERS: Final[Mapping[str, Callable[[_Loader, Steps, Record], None]]] = types.MappingProxyType(
    {
        "action": _Loader.action,
        "do": _Loader.do,
        "stage": _Loader.stage,
        "steps": _Loader.steps,
        "wait_for": _Loader.wait_for,
        "branch": _Loader.branch,
        "retry": _Loader.retry,
        "loop": _Loader.loop,
        "parallel": _Loader.parallel,
        "for_each": _Loader.for_each,
        "sleep": _Loader.sleep,
        "receive": _Loader.receive,
        "sub": _Loader.sub,
        "spawn": _Loader.spawn,
    }
)
