"""Workflows that use everything at once, for the crash test: all of them are sound."""

from __future__ import annotations

import operator
from datetime import timedelta
from typing import Any

from gostage import Context, Key, Retry, Stage, Workflow, action, exponential, resource, steps

TOTAL = Key("total", int, merge=operator.add)


@action
def push(ctx: Context, label: str) -> str:
    """Change a value in place."""
    ctx.store.setdefault("trail", []).append(label)
    return label


@action
def mark(ctx: Context, label: str) -> None:
    """Write a key of one's own."""
    ctx.store[f"{label}{ctx.step_key.partition('[')[2]}"] = ctx.attempt


@action
def count(ctx: Context, item: Any = 1) -> int:
    """Add to a key that adds up."""
    ctx.store[TOTAL] = 1
    return int(item) * 10


@action(retry=Retry(attempts=3, backoff=exponential(60)))
def flaky(ctx: Context, label: str) -> None:
    """Fail twice, writing what must be taken back."""
    ctx.store["dirty"] = label
    if ctx.attempt < 3:
        raise OSError("not yet")
    del ctx.store["dirty"]
    ctx.store[f"{label} done"] = ctx.attempt


@action
def bad_items(ctx: Context, item: int) -> int:
    """Fail for every other item."""
    if item % 2:
        raise ValueError(f"bad item {item}")
    return item


@action
def ask(ctx: Context, label: str) -> None:
    """Write, suspend, and go on with the answer."""
    if not ctx.resuming:
        ctx.store[f"{label} asked"] = True
        ctx.suspend("how many?", label=label)
    ctx.store[f"{label} answer"] = ctx.resume_data


@action
def grow(ctx: Context, label: str, depth: int) -> None:
    """Insert actions that insert actions, and a stage."""
    if depth:
        ctx.add_action(grow.bind(label=f"{label}a", depth=depth - 1))
        ctx.add_action(push.bind(label=f"{label}p"))
    elif ctx.stage is not None:
        ctx.add_stage(Stage(f"late {label}", push.bind(label=label)))
    ctx.store.setdefault("trail", []).append(label)


@action
def prune(ctx: Context) -> None:
    """Remove and switch off what lies ahead."""
    ctx.remove_action("never")
    ctx.disable(action="off")
    ctx.remove_stage("gone")


@action
def keep(ctx: Context) -> None:
    """Put values with everything that can belong to one."""
    ctx.store.put("short", 1, ttl=60, tags=["a"], props={"p": (1, {2})}, description="d")
    ctx.store.put("long", {"x": {1, 2}}, ttl=timedelta(days=9))
    ctx.store.put("token", "hush", tags=["sensitive"])


@action
def forget(ctx: Context) -> None:
    """Delete, and see what has expired meanwhile."""
    del ctx.store["token"]
    ctx.store["is there"] = ["short" in ctx.store, "long" in ctx.store]
    ctx.store["at"] = ctx.execution.clock.now()


@action
def give_up(ctx: Context) -> None:
    """End the run on purpose."""
    ctx.store["last"] = "words"
    ctx.bail("enough")


@resource(scope="stage")
def numbers(ctx: Context) -> Any:
    """Something live, made anew in every process."""
    yield [1, 2, 3]


@action
def use(ctx: Context, numbers: list[int]) -> None:
    """Use it."""
    ctx.store["sum"] = ctx.store.get("sum", int, default=0) + sum(numbers)


def is_three(ctx: Context) -> bool:
    """Write in a condition, and hold the third time."""
    polls = ctx.store.get("polls", int, default=0) + 1
    ctx.store["polls"] = polls
    return polls % 3 == 0


def thrice(ctx: Context) -> bool:
    """Whether the trail is long enough."""
    return len(ctx.store.get("trail", list, default=[])) >= 3


def again(ctx: Context, error: Exception, attempt: int) -> float | None:
    """Try twice more, after a while."""
    ctx.store["handled"] = attempt
    return 30.0 if attempt < 3 else None


def items(ctx: Context) -> list[int]:
    """Give the items."""
    return [4, 5, 6]


def twice() -> Any:
    """Run the inside two times."""
    yield
    return (yield)


def around(store: Any) -> Any:
    """Write on the way in and on the way out."""
    store["in"] = store.get("in", int, default=0) + 1
    value = yield
    store["out"] = store.get("out", int, default=0) + 1
    return value


def swallow(store: Any) -> Any:
    """Hold every error."""
    try:
        return (yield)
    except ValueError as error:
        store["held"] = str(error)
        return None


def flow(name: str) -> Workflow:
    """Begin a workflow."""
    return Workflow(name)


def pushes(*labels: str) -> Any:
    """Steps that each push their label."""
    body = steps()
    for label in labels:
        body.do(label, push.bind(label=label))
    return body


nested = flow("nested").parallel(
    "outer",
    left=steps().parallel("inner", a=steps().do(count).do(mark.bind(label="a")), b=count),
    right=steps().sleep("nap", 60).for_each("each", items, count, into="tens", concurrency=2),
    third=steps().do("f", flaky.bind(label="third")),
)
retried = flow("retried").retry(
    "body", steps().do("p", push.bind(label="p")).do("f", flaky.bind(label="f")), attempts=2
)
handled = flow("handled").retry(
    "body", steps().do(keep).for_each("e", items, bad_items), attempts=9, handler=again
)
continued = flow("continued").for_each(
    "each", items, steps().do(bad_items).do(count), into="got", on_error="continue", concurrency=3
)
edited = Workflow("edited").stage("first", prune, grow.bind(label="g", depth=2))
edited.stage("gone", push.bind(label="gone")).stage("second", push.bind(label="s"))
edited.do("never", push.bind(label="never")).do("off", push.bind(label="off"))
looped = flow("looped").loop_until(
    "outer", thrice, steps().do("p", push.bind(label="x")).loop_until("i", is_three, steps(count))
)
timed = flow("timed").do(keep).sleep("nap", 100).do(forget).wait_for("w", is_three, every=50)
asked = flow("asked").parallel(
    "both", a=steps().do("a", ask.bind(label="a")), b=steps().receive("go", into="went")
)
asked.for_each("each", items, steps().do("b", ask.bind(label="item")), concurrency=1)
chosen = flow("chosen").branch(
    "which", (is_three, pushes("no")), (thrice, pushes("nor")), otherwise=pushes("yes", "so")
)
chosen.sub("inner", Workflow("inner").use(around).stage("s", push.bind(label="i"), use))
wrapped = Workflow("wrapped").use(around)
wrapped.add(Stage("twice", push.bind(label="t"), use).use(twice))
wrapped.add(Stage("held", keep, bad_items.bind(item=1), use).use(swallow))
wrapped.stage("end", push.bind(label="e").options(use=[around]))
bailed = flow("bailed").parallel("p", a=steps().do(count), b=steps().sleep("s", 5).do(give_up))
stages = Workflow("stages", initial={"trail": []}).stage("a", push.bind(label="a"), retry=Retry())
stages.add(Stage("b", push.bind(label="b"), initial={"trail": ["anew"]}, timeout=3600))

ALL = (
    *(nested, retried, handled, continued, edited, looped, timed, asked, chosen, wrapped),
    *(bailed, stages),
)
