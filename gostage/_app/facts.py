"""Facts: what the parts of a definition say of themselves, in words and as data; runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from gostage._author.function import Function
from gostage._author.signature import name_of_function
from gostage._engine import nodes
from gostage._engine.policy import Retry
from gostage._store.keys import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._engine.nodes import Node

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing an item says of itself: under its key as data, and in words."""

    key: str
    value: object
    text: str


def facts_of(node: Node) -> tuple[Fact, ...]:
    """What a step says of itself besides its name, its tags and what it holds."""
    return tuple(_FACTS[type(node)](node)) if type(node) in _FACTS else ()


def called(fn: object) -> str:
    """What a function is called; one without a name, where it stands."""
    name = fn.name if isinstance(fn, Function) else name_of_function(fn)
    if name == "lambda" and isinstance(fn, Function) and fn.file is not None:
        return f"lambda ({PurePath(fn.file).name}:{fn.line})"
    return name


def duration(seconds: float) -> str:
    """Show a time to wait as people say it: `0.5s`, `90s` as `1m30s`, `1d`."""
    if seconds < _MINUTE or seconds != int(seconds):
        return f"{seconds:g}s"
    left, text = int(seconds), ""
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m"), (1, "s")):
        count, left = divmod(left, unit)
        text += f"{count}{letter}" if count else ""
    return text


# ---------------------------------------------------------------- by kind


def _action(node: nodes.Do) -> Iterator[Fact]:
    action = node.action
    name = getattr(action, "name", node.name)
    if node.named and name not in {node.name, "lambda"}:
        yield Fact("action", name, f"{name}()")
    yield from _keys("provides", getattr(action, "provides", None), "provides")
    yield from _around(
        node.when, node.retry, getattr(action, "timeout", None), getattr(action, "isolate", False)
    )


def _stage(node: nodes.Stage) -> Iterator[Fact]:
    title = getattr(node.stage, "name", node.name)
    if title != node.name:
        yield Fact("title", title, f"“{title}”")
    yield from _around(node.when, node.retry, node.timeout, node.isolate)


def _around(when: object, retry: object, timeout: float | None, isolate: object) -> Iterator[Fact]:
    if when is not None:
        yield Fact("when", called(when), f"when {called(when)}")
    if isinstance(retry, Retry):
        yield _retries(retry)
    yield from _at_most(timeout)
    yield from _isolated(isolate)


def _wait(node: nodes.Wait) -> Iterator[Fact]:
    yield Fact("condition", called(node.condition), f"until {called(node.condition)}")
    yield Fact("every", node.every, f"every {duration(node.every)}")
    yield from _at_most(node.timeout)


def _choice(node: nodes.Choice) -> Iterator[Fact]:
    yield Fact("conditions", [called(condition) for condition, _ in node.arms], "")


def _retry(node: nodes.Retry) -> Iterator[Fact]:
    if isinstance(node.policy, Retry):
        yield _retries(node.policy)


def _loop(node: nodes.Loop) -> Iterator[Fact]:
    word = "until" if node.ends_on else "while"
    yield Fact("condition", called(node.condition), f"{word} {called(node.condition)}")
    yield Fact("ends_on", node.ends_on, "")
    yield Fact("asks_first", node.asks_first, "")
    if node.max_passes is not None:
        yield Fact("max_passes", node.max_passes, f"at most {node.max_passes} passes")


def _for_each(node: nodes.ForEach) -> Iterator[Fact]:
    over = called(node.over) if callable(node.over) else name_of(node.over)
    yield Fact("over", over, f"over {over}")
    yield from _keys("into", node.into, "into")
    if node.concurrency > 1:
        yield Fact("concurrency", node.concurrency, f"{node.concurrency} at a time")
    if node.on_error == "continue":
        yield Fact("on_error", node.on_error, "goes on after errors")
    yield from _isolated(node.isolate)


def _sleep(node: nodes.Sleep) -> Iterator[Fact]:
    yield Fact("seconds", node.seconds, f"sleeps {duration(node.seconds)}")


def _receive(node: nodes.Receive) -> Iterator[Fact]:
    yield Fact("signal", node.name, "waits for a signal")
    yield from _keys("into", node.into, "into")
    yield from _at_most(node.timeout)


def _sub(node: nodes.Sub) -> Iterator[Fact]:
    yield from _workflow(node.workflow)


def _spawn(node: nodes.Spawn) -> Iterator[Fact]:
    yield from _workflow(node.body)
    yield from _isolated(True if node.backend is None else node.backend)
    yield from _at_most(node.timeout)


# Any: each takes its own kind of node; the table keeps them together by type.
_FACTS: Final[dict[type, Callable[[Any], Iterator[Fact]]]] = {
    nodes.Do: _action,
    nodes.Stage: _stage,
    nodes.Wait: _wait,
    nodes.Choice: _choice,
    nodes.Retry: _retry,
    nodes.Loop: _loop,
    nodes.ForEach: _for_each,
    nodes.Sleep: _sleep,
    nodes.Receive: _receive,
    nodes.Sub: _sub,
    nodes.Spawn: _spawn,
}


# ---------------------------------------------------------------- what several share


def _keys(word: str, keys: object, text: str) -> Iterator[Fact]:
    if keys is None:
        return
    names = [name_of(key) for key in (keys if isinstance(keys, tuple) else (keys,))]
    yield Fact(word, names, f"{text} {', '.join(names)}")


def _at_most(timeout: float | None) -> Iterator[Fact]:
    if timeout is not None:
        yield Fact("timeout", timeout, f"at most {duration(timeout)}")


def _isolated(isolate: object) -> Iterator[Fact]:
    if isolate is False:
        return
    backend = getattr(isolate, "backend", isolate)
    where = f" ({backend})" if isinstance(backend, str) else ""
    yield Fact("isolate", backend, f"in a child{where}")


def _workflow(body: object) -> Iterator[Fact]:
    id_ = getattr(body, "id", None)
    if id_ is not None:
        yield Fact("workflow", id_, f"workflow {id_}")


def _retries(policy: Retry) -> Fact:
    on = policy.on if isinstance(policy.on, tuple) else (policy.on,)
    names = [each.__name__ for each in on]
    data = {
        "attempts": policy.attempts,
        "backoff": None if policy.backoff is None else _backoff(policy.backoff),
        "on": names,
        "handler": None if policy.handler is None else name_of_function(policy.handler),
    }
    return Fact("retry", data, ", ".join(_retry_words(policy, names)))


def _retry_words(policy: Retry, names: list[str]) -> Iterator[str]:
    if policy.handler is not None:
        yield f"again as {name_of_function(policy.handler)} decides"
    else:
        yield f"{policy.attempts} attempt{'' if policy.attempts == 1 else 's'}"
    if policy.backoff is not None:
        yield _backoff(policy.backoff)
    if names != ["Exception"] and policy.handler is None:
        yield f"on {' or '.join(names)}"


def _backoff(backoff: object) -> str:
    from gostage._engine.backoff import Exponential, Fixed, Jittered  # 1 ms, where one is given

    if isinstance(backoff, Fixed):
        return f"fixed({backoff.seconds:g})"
    if isinstance(backoff, Exponential):
        return f"exponential({backoff.base:g})"
    if isinstance(backoff, Jittered):
        return f"jittered({_backoff(backoff.backoff)})"
    return name_of_function(backoff)
