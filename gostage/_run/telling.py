"""Telling: which events come of what the driver does and of what the machine notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._engine import effects as fx
from gostage._run.events import error_data
from gostage._run.turns import turn_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage._engine.branch import Branch
    from gostage._engine.machine import Note
    from gostage._engine.ops import Op
    from gostage._engine.plan import Edit
    from gostage._run.events import Teller
    from gostage._run.execution import Execution
    from gostage._run.records import Row
    from gostage._run.result import Result

_UNDONE: Final = {
    "insert": "remove",
    "remove": "insert",
    "disable": "enable",
    "enable": "disable",
}


def tell_begin(run: Execution, branch: Branch, effect: fx.Effect) -> None:
    """Tell that an action is about to be called."""
    if run.teller is None or not isinstance(effect, fx.Call):
        return
    op = effect.op
    frame = branch.frames.get(op.id)
    attempt = 1 if frame is None else frame.get("attempt", 1)
    only = run.teller.only
    if only is not None and branch.parent is None and not op.is_repeated:
        # Nothing goes on beside it that may be told in between; the item of one that is repeated
        # would have to be told as well.
        only.add_start(run.clock.now(), op, attempt)
        return
    data = {"kind": op.kind, "attempt": attempt}
    if op.is_repeated:
        data |= _item(branch, op)
    run.teller.take("step_started", op.id, data)


def tell_end(run: Execution, branch: Branch, effect: fx.Effect, outcome: fx.Outcome | None) -> None:
    """Tell what came of an action, a retry or a list of items."""
    if run.teller is None:
        return
    op = effect.op
    if isinstance(effect, fx.Call):
        row = run.records.calls.pop(branch.key, None) or run.records.rows[op.id]
        only = run.teller.only
        is_plain = branch.parent is None and not op.is_repeated and row[4] is None
        if only is not None and is_plain and row[3] is not None:
            only.add_end(run.clock.now(), op, row)
            return
        _tell_ended(run.teller, op, row, _item(branch, op) if op.is_repeated else None)
    elif isinstance(outcome, fx.Again):
        attempt = (branch.frames.get(op.id) or {}).get("attempt", 1)
        run.teller.tell(
            "step_retried",
            op.id,
            kind=op.kind,
            attempt=attempt,
            error=error_data(branch.error),
            **_item(branch, op),
        )
    elif isinstance(outcome, fx.Listed):
        run.teller.tell("items_listed", op.id, total=len(outcome.items))


def tell_notes(run: Execution, notes: Iterable[Note], rows: Iterable[Row]) -> None:
    """Tell how items stand that the machine itself looks after, and which actions were skipped."""
    if run.teller is None:
        return
    for note, row in zip(notes, rows, strict=True):
        op = note.op
        if op.hidden or note.status == "again":
            continue
        if note.status == "running":
            run.teller.tell("step_started", op.id, kind=op.kind, attempt=row[1])
        elif run.teller.last != (op.id, note.status, note.error):  # scopes close one by one
            _tell_ended(run.teller, op, row)
        run.teller.last = (op.id, note.status, note.error)


# Any: JSON-able data of any shape.
def _tell_ended(teller: Teller, op: Op, row: Row, item: dict[str, Any] | None = None) -> None:
    status, attempts, _, duration, error = row
    data = {
        "kind": op.kind,
        "status": status,
        "attempts": attempts,
        "duration": duration,
        "error": None if error is None else error_data(error),
    }
    teller.take("step_ended", op.id, {**data, **item} if item else data)


def tell_edit(run: Execution, edit: Edit, *, is_undone: bool = False) -> None:
    """Tell that the plan has changed."""
    if run.teller is not None:
        change = _UNDONE[edit.kind] if is_undone else edit.kind
        run.teller.tell("plan_changed", edit.op.id, change=change, items=[edit.op.id])


def tell_start(run: Execution) -> None:
    """Tell that the run begins, or goes on."""
    if run.teller is not None:
        is_new = not run.is_resumed and run.machine.root.effect is None and not run.records.rows
        run.teller.tell("run_started" if is_new else "run_resumed", workflow=run.workflow.id)


def tell_result(run: Execution, result: Result) -> None:
    """Tell what became of the run for now."""
    if run.teller is None:
        return
    if run.machine.end is None:
        awaits = None if result.suspended is None else result.suspended.reason
        run.teller.tell("run_paused", status=result.status, awaits=awaits)
    else:
        error = error_data(result.error)
        run.teller.tell("run_ended", status=result.status, duration=result.duration, error=error)


# Any: JSON-able data of any shape.
def _item(branch: Branch, op: Op) -> dict[str, Any]:
    index = turn_of(branch, op).index
    return {} if index is None else {"item": index}
