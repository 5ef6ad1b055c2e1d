"""What a type checker knows about actions, stages and workflows; checked, never run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from typing_extensions import assert_type

from gostage import (
    Action,
    Context,
    Key,
    Retry,
    Stage,
    Steps,
    Workflow,
    action,
    exponential,
    fixed,
    jittered,
    resource,
    steps,
)

ROWS = Key("rows", list[int])


@action
def greet(ctx: Context, name: str = "World") -> str:
    """Keeps the signature of the function."""
    return name


@action(
    name="load",
    tags=["io"],
    provides=ROWS,
    retry=Retry(attempts=3, backoff=jittered(exponential(0.1))),
    timeout=timedelta(seconds=3),
)
def load(ctx: Context, size: int) -> list[int]:
    """Keeps it with options, too."""
    return [size]


@action
async def fetch(ctx: Context) -> int:
    """Stays async."""
    return 1


class Save(Action):
    """A class action may take whatever it likes, and declare options as it likes."""

    tags = ("io",)
    timeout = timedelta(seconds=1)

    def run(self, ctx: Context, rows: list[int]) -> None:
        """Do it."""

    def when(self, ctx: Context) -> bool:
        """Whether to."""
        return True


@resource(scope="stage")
def db(ctx: Context) -> Iterator[int]:
    """A resource."""
    yield 1


def is_ready(ctx: Context) -> bool:
    """A condition."""
    return True


def around(run: Any, stage: Stage) -> Iterator[None]:
    """A middleware."""
    yield


def around_action(ctx: Context) -> Iterator[None]:
    """A middleware around one call."""
    yield


def calls(ctx: Context) -> None:
    """Calling an action is calling the function."""
    assert_type(greet(ctx), str)
    assert_type(greet(ctx, name="x"), str)
    assert_type(load(ctx, 3), list[int])
    greet(ctx, nam="x")  # type: ignore[call-arg]
    greet(ctx, 3)  # type: ignore[arg-type]
    load(ctx)  # type: ignore[call-arg]


async def awaits(ctx: Context) -> None:
    """An async action is awaited like its function."""
    assert_type(await fetch(ctx), int)


def variants(ctx: Context) -> None:
    """What bind and options make is the same kind of action."""
    assert_type(load.bind(size=3)(ctx, 3), list[int])
    assert_type(greet.options(name="x")(ctx), str)
    assert_type(Save().bind(rows=[1]), Save)
    assert_type(Save().add_tag("x"), Save)


def flows() -> None:
    """Chains keep the class of what they began with."""
    chain = (
        steps()
        .do(load)
        .do("again", load.bind(size=1))
        .wait_for("wait", is_ready, every=timedelta(seconds=5), timeout=600)
        .case("case", is_ready, load, otherwise=steps().do(greet))
        .branch("branch", (is_ready, load), (lambda: True, steps().do(load)))
        .retry("retry", load, attempts=5, backoff=fixed(1), on=(OSError, ValueError))
        .loop_until("until", is_ready, load, max_passes=3)
        .loop_while("while", is_ready, Stage("s", load))
        .parallel("both", left=load, right=greet)
        .for_each("each", ROWS, load, into="sizes", concurrency=4, on_error="continue")
        .sleep("nap", 1.5)
        .receive("answer", into=ROWS, timeout=3)
        .spawn("child", load, backend="process")
        .add(Stage("last", Save()))
    )
    assert_type(chain, Steps)
    assert_type(Stage("s", greet, Save(), lambda: None).use(around).add_tag("x"), Stage)
    assert_type(Workflow("w").stage("s", greet).do("x", load).set_initial(ROWS, [1]), Workflow)
    assert_type(Workflow.from_dict(Workflow("w").to_dict()), Workflow)
    Workflow("w").sub("inner", Workflow("v")).for_each("e", lambda: [1], load)


def mistakes() -> None:
    """What cannot work is found before it runs."""
    steps().retry("r", load, on="OSError")  # type: ignore[arg-type]
    steps().for_each("e", "rows", load, on_error="go on")  # type: ignore[arg-type]
    resource(scope="forever")(is_ready)  # type: ignore[call-overload]
    action(timeout="3s")(is_ready)  # type: ignore[call-overload]


def lists() -> None:
    """The lists know what is in them."""
    workflow = Workflow("w")
    assert_type(workflow.stages[0], Stage)
    assert_type(workflow.stages[0:1], list[Stage])
    assert_type(workflow.find_stage("s"), Stage)
    assert_type(workflow.find_stages(tag="x"), list[Stage])
    assert_type(workflow.find_actions(), list[Action[..., Any]])
    assert_type(Stage("s").actions[0], Action[..., Any])
    assert_type(workflow.disable(action="a", stage="s"), int)
    assert_type(greet.params.get("x"), object)
    action(use=[around_action])(is_ready)
