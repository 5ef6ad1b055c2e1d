"""Pauses: timers, and waiting for the outside world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._engine import effects as fx
from gostage._run.deadlines import out_of_time
from gostage._run.requests import Pause
from gostage.errors import WaitTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._run.execution import Execution
    from gostage._run.requests import Flow


def settle(run: Execution, effect: fx.Effect) -> None:
    """Fix until when it lasts, the first time it is seen."""
    if isinstance(effect, fx.Pause) and effect.until is None:
        effect.until = run.clock.now() + effect.seconds
    elif isinstance(effect, fx.Listen) and effect.until is None:
        timeout = effect.op.timeout  # type: ignore[attr-defined]  # only a Receive listens
        effect.until = None if timeout is None else run.clock.now() + timeout


def pause(run: Execution, branch: Branch, effect: fx.Pause) -> Flow:
    """Sit a pause out, unless the run is to leave the process meanwhile."""
    settle(run, effect)
    until = effect.until or 0.0
    if run.left is not None and effect.why != "sleep":
        return fx.DONE  # whoever applies single steps decides how long to wait between them
    while not branch.cancelled:
        now = run.clock.now()
        if now >= until:
            return fx.DONE
        if run.detach or run.left is not None:
            return None
        deadline = run.deadline(branch, effect.op)
        if deadline is not None and now >= deadline[0]:
            return fx.Failed(out_of_time(run, deadline[1]))
        end = until if deadline is None else min(until, deadline[0])
        yield Pause(end - now, lambda: branch.cancelled or run.left is not None)
    return fx.Stopped(run.cancellation())


def listen(run: Execution, branch: Branch, effect: fx.Listen) -> Flow:
    """Take the signal if it is there; else wait as long as other lanes are at work."""
    settle(run, effect)
    op = effect.op
    signal: list[object] | None = None

    def wake() -> bool:
        nonlocal signal
        signal = signal or run.take_signal(op.name, branch)
        is_over = branch.cancelled or run.left == 0
        return signal is not None or is_over or (run.is_idle() and not run.waits)

    limit = run.deadline(branch, op) if run.waits else None
    yield from outside(run, wake, _time_left(run, effect, limit) if run.waits else None)
    if signal is not None:
        return _received(run, branch, effect, signal[0])
    if branch.cancelled:
        return fx.Stopped(run.cancellation())
    if limit is not None and run.clock.now() >= limit[0]:
        return fx.Failed(out_of_time(run, limit[1]))
    if effect.until is not None and run.clock.now() >= effect.until:
        return fx.Failed(
            WaitTimeout(
                f"step {op.name!r} got no signal in time",
                hint="give it a longer timeout=, or signal the run sooner",
            )
        )
    run.records.mark(op.id, "waiting")
    return None


def _time_left(run: Execution, effect: fx.Listen, limit: tuple[float, Op] | None) -> float | None:
    """How long a signal can be waited for."""
    ends = [each for each in (effect.until, limit and limit[0]) if each is not None]
    return max(0.0, min(ends) - run.clock.now()) if ends else None


def _received(run: Execution, branch: Branch, effect: fx.Listen, value: object) -> fx.Outcome:
    into = effect.op.into  # type: ignore[attr-defined]  # only a Receive listens
    if into is not None:
        line = run.line(branch)
        try:
            line.store[into] = value
        except Exception as error:  # noqa: BLE001  # a typed key refuses what was sent
            return fx.Failed(error)
        line.commit()
    return fx.Done(value)


def hold(run: Execution, branch: Branch, effect: fx.Hold) -> Flow:
    """Go on with the resume data if it is there; else wait as long as other lanes are at work."""

    def is_first() -> bool:
        waiting = [b for b, effect in run.waiting() if isinstance(effect, fx.Hold)]
        return bool(run.resumptions) and waiting[0] is branch

    def wake() -> bool:
        return is_first() or branch.cancelled or run.is_idle() or run.left == 0

    yield from outside(run, wake)
    if branch.cancelled:
        return fx.Stopped(run.cancellation())
    with run.lock:
        return fx.Done(run.resumptions.pop(0)) if is_first() else None


def outside(run: Execution, wake: Callable[[], bool], seconds: float | None = None) -> Flow:
    """Wait for the outside world; who else does so knows of it."""
    with run.lock:
        run.listening += 1
    run.bell.ring()
    try:
        yield Pause(seconds, wake)
    finally:
        with run.lock:
            run.listening -= 1
