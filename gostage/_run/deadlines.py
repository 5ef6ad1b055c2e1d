"""Deadlines: more time for a run, and what is said when there is none left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage.errors import TimedOut, Where

if TYPE_CHECKING:
    from gostage._engine.ops import Op
    from gostage._run.execution import Execution

_WORDS = {"run": "run of", "sub": "workflow", "workflow": "stage", "stage": "stage"}


def out_of_time(run: Execution, op: Op) -> TimedOut:
    """The error of a scope whose time is up."""
    word = _WORDS.get(getattr(op, "level", ""), "step")
    return TimedOut(
        f"{word} {op.name!r} ran out of time",
        hint="give it a longer timeout=, or call ctx.check() inside long steps",
        where=Where(run=run.run_id, stage=op.name if word == "stage" else None),
    )


def attempt_timed_out(name: str, timeout: float, where: Where) -> TimedOut:
    """The error of an attempt that took longer than its timeout."""
    return TimedOut(
        f"action {name!r} took longer than {timeout:g} seconds",
        hint="give it a longer timeout=; without isolate=True a synchronous action only stops "
        "where it calls ctx.check()",
        where=where,
    )


def give_time(run: Execution, seconds: float) -> None:
    """Give the whole run so many seconds from now, whatever it had before."""
    run.timeout = seconds
    frame = run.machine.root.frames.get(run.plan.program.root.id)
    if frame is not None:
        run.limit(frame, run.clock.now() + seconds)
