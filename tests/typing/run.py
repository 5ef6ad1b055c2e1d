"""What an editor infers for runners, results and contexts; checked, never run."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import assert_type

import gostage
from gostage import (
    Context,
    Key,
    Result,
    RunHandle,
    RunInfo,
    Runner,
    Stage,
    StepRecord,
    Store,
    Workflow,
    action,
    arun,
    format_results,
    run,
    steps,
)

ORDER = Key("order.id", str)


@action(tags=["demo"])
def greet(ctx: Context, name: str = "World") -> str:
    assert_type(ctx.store, Store)
    assert_type(ctx.store[ORDER], str)
    assert_type(ctx.store.get("n", int), int)
    assert_type(ctx.attempt, int)
    assert_type(ctx.resuming, bool)
    assert_type(ctx.step_key, str)
    assert_type(ctx.stage, Stage | None)
    assert_type(ctx.item_index, int | None)
    assert_type(ctx.deadline, float | None)
    assert_type(ctx.remove_action("x"), bool)
    assert_type(ctx.disable(tag="slow"), int)
    assert_type(ctx.is_enabled(action="x"), bool)
    assert_type(ctx.find_stages(tag="x"), list[Stage])
    return name


hello = Workflow("hello").stage("greeting", greet)
assert_type(hello, Workflow)
assert_type(Workflow("w").do("a", greet).sleep("s", 1).parallel("p", left=greet), Workflow)
assert_type(hello.apply(None), dict[str, object])  # type: ignore[assert-type]  # Any inside
assert_type(hello.is_completed(None), bool)
assert_type(hello.delay(None), float)
assert_type(hello.store(None), Store)

result = run(hello, initial={"name": "Ada"})
assert_type(result, Result)
assert_type(result.ok, bool)
assert_type(result.store, Store)
assert_type(result.store[ORDER], str)
assert_type(result.error, BaseException | None)
assert_type(result.bail_reason, str | None)
assert_type(result.steps, tuple[StepRecord, ...])
assert_type(result.steps[0].path, str)
assert_type(result.steps[0].started_at, datetime | None)
assert_type(result.raise_for_error(), Result)
assert_type(format_results([result]), str)

with Runner() as runner:
    assert_type(runner, Runner)
    assert_type(runner.run(hello), Result)
    assert_type(runner.start(hello), RunHandle)
    assert_type(runner.start(hello).wait(timeout=1), Result)
    assert_type(runner.run_all([hello]), list[Result])
    assert_type(runner.resume("id", data=3), Result)
    assert_type(runner.signal("id", "approve", {"by": "Ada"}), Result)
    assert_type(runner.cancel("id"), bool)
    assert_type(runner.runs(status="waiting"), list[RunInfo])
    runner.runs(status="wating")  # type: ignore[arg-type]  # an editor marks the typing mistake


async def main() -> None:
    assert_type(await arun(hello), Result)
    assert_type(await Runner().arun(hello), Result)
    assert_type(await hello.aapply(None), dict[str, object])  # type: ignore[assert-type]  # as above


gostage.run(3)  # type: ignore[arg-type]  # not a workflow
steps().do("a", 3)  # type: ignore[call-overload]  # not a function
