"""Sessions: one stretch of a run from where it stands until it ends or has to wait."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from gostage._engine import effects as fx
from gostage._engine.ops import Receive
from gostage._plugins.notes import text_of
from gostage._run.joins import is_parked
from gostage._run.lane import lane
from gostage._run.result import Result, Suspension
from gostage._run.telling import tell_result, tell_start
from gostage.errors import (
    Bailed,
    DefinitionError,
    GostageError,
    Interrupt,
    NotFound,
    Where,
    did_you_mean,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gostage._engine.machine import End
    from gostage._engine.ops import Op
    from gostage._engine.program import Program
    from gostage._run.execution import Execution
    from gostage._run.requests import Flow
    from gostage._run.result import Status

_WORDS = {"action": "action", "stage": "stage", "branch": "branch"}


def journey(run: Execution) -> Flow:
    """Drive the run as far as it goes now; gives its result."""
    started = time.perf_counter()
    tell_start(run)
    torn = yield from stretch(run)
    result = conclude(run, time.perf_counter() - started, torn)
    tell_result(run, result)
    if run.journal is not None:
        from gostage._run.leaving import leave  # 1 ms: only runs in a database leave anything

        leave(run, result)
    return result


def stretch(run: Execution) -> Flow:
    """Drive the run as far as it goes now; gives what failed while it was left, if anything."""
    machine = run.machine
    is_first = True
    while is_first or (machine.end is None and run.left is None and not _is_parked(run)):
        is_first = False
        run.count_lanes(1)
        yield from lane(run, machine.root)
    if machine.end is not None:
        return None
    torn = yield from run.leave()
    return torn


def _is_parked(run: Execution) -> bool:
    return is_parked(run, run.machine.root)


def conclude(
    run: Execution,
    duration: float,
    torn: BaseException | None = None,
    status: Status | None = None,
) -> Result:
    """Say what became of the run; `torn` is what failed while it was leaving the process."""
    end = run.machine.end
    status = status or _status(run, end)
    error = None if end is None or status in ("completed", "bailed") else end.error
    if torn is not None and error is None:
        status, error = "failed", torn
    where = _where(run, end)
    if isinstance(error, GostageError):
        if error.where == Where():
            error.where = where
        where = error.where
    plan, records = run.plan, run.records
    if end is None:
        records = records.copy()  # the run may go on: the result says how it stood
    return Result(
        run_id=run.run_id,
        workflow_id=run.workflow.id,
        status=status,
        store=run.store,
        duration=duration,
        list_steps=lambda: list(records.listed(plan)),
        error=error,
        text="" if error is None else failure_text(run, end, error),
        where=where,
        bail_reason=end.error.reason if end and isinstance(end.error, Bailed) else None,
        suspended=_suspension(run),
        pid=run.last_child[0],
        exit_code=run.last_child[1],
    )


def _status(run: Execution, end: End | None) -> Status:
    if end is None:
        if run.waiting():
            return "waiting"
        pauses = [effect for _, effect in run.outstanding() if isinstance(effect, fx.Pause)]
        return "sleeping" if pauses else "running"
    if end.error is None:
        return "completed"
    if isinstance(end.error, Bailed):
        return "bailed"
    return "cancelled" if end.interrupted else "failed"


def _suspension(run: Execution) -> Suspension | None:
    if run.machine.end is not None:
        return None
    effects = [effect for _, effect in run.outstanding()]
    for effect in effects:
        if isinstance(effect, fx.Hold):
            return Suspension(effect.reason, dict(effect.data))
    for effect in effects:
        if isinstance(effect, fx.Listen):
            return Suspension(
                f"it waits for the signal {effect.op.name!r}", {"signal": effect.op.name}
            )
    ends = [effect.until for effect in effects if isinstance(effect, fx.Pause) and effect.until]
    if not ends:
        return None
    return Suspension("it sleeps", {"until": datetime.fromtimestamp(min(ends), timezone.utc)})


def _where(run: Execution, end: End | None) -> Where:
    """The place of an error that did not know its own."""
    place = None if end is None else end.failed_at
    while place is not None and place.hidden:
        place = place.parent
    stage = place
    while stage is not None and stage.kind != "stage":
        stage = stage.parent
    return Where(
        run=run.run_id,
        stage=None if stage is None else stage.name,
        action=None if place is None or place is stage else place.name,
    )


def failure_text(run: Execution, end: End | None, error: BaseException) -> str:
    """`stage 'load' failed: action 'read' failed: boom`."""
    places: list[Op] = []
    place = None if end is None or end.interrupted else end.failed_at
    while place is not None:
        if not place.hidden:
            places.append(place)
        place = place.parent
    reason = text_of(error)
    if end is not None and end.interrupted:
        return reason
    if not places:
        return f"workflow {run.workflow.id!r} failed: {reason}"
    shown = (f"{_WORDS.get(op.kind, 'step')} {op.name!r} failed: " for op in reversed(places))
    return "".join(shown) + reason


def interrupt_of(run: Execution) -> BaseException | None:
    """What must be raised once the run has cleaned up: Ctrl-C, an exit, but none of our own."""
    end = run.machine.end
    if end is None or not end.interrupted or end.error is None:
        return None
    return None if isinstance(end.error, Interrupt) else end.error


def check_runnable(program: Program) -> None:
    """Refuse, before anything runs, what no run could carry out."""
    if program.root.first is None:
        raise DefinitionError(
            f"workflow {program.id!r} has nothing to run",
            hint="give it a stage or a step: .stage('id', action) or .do('name', function)",
        )


def check_signal(run: Execution, name: str) -> None:
    """Refuse a signal that no step of the run would ever take."""
    listening = [op.name for op in run.plan.walk() if isinstance(op, Receive)]
    if name not in listening:
        raise unheard_error(run.workflow.id, name, listening)


def unheard_error(workflow: str, name: str, listening: Sequence[str]) -> NotFound:
    """Say that nothing takes a signal, and what is taken."""
    known = ", ".join(map(repr, listening))
    return NotFound(
        f"workflow {workflow!r} never receives {name!r}",
        hint=did_you_mean(str(name), listening)
        or (f"it receives {known}" if known else "it has no receive step"),
    )
