"""Data: a result as a JSON-able mapping; sensitive values are never in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from gostage._app.trace import last_place, message_of
from gostage._store.entry import SENSITIVE
from gostage._store.store import table_of
from gostage._store.types import type_name
from gostage.errors import GostageError, NotStorable, Where

if TYPE_CHECKING:
    from gostage._run.records import StepRecord
    from gostage._run.result import Result

    # Any: JSON-able data of any shape.
    Data = dict[str, Any]

HIDDEN: Final = "***"


def data_of(result: Result) -> Data:
    """Everything a result says."""
    suspended = result.suspended
    return {
        "run_id": result.run_id,
        "workflow": result.workflow_id,
        "status": result.status,
        "ok": result.ok,
        "error": None if result.error is None else _error(result, result.error),
        "bail_reason": result.bail_reason,
        "suspended": suspended
        and {
            "reason": suspended.reason,
            "data": {key: _encoded(result, value) for key, value in suspended.data.items()},
        },
        "store": _store(result),
        "steps": [_step(step) for step in result.steps],
        "duration": result.duration,
    }


def _encoded(result: Result, value: object) -> Any:  # noqa: ANN401  # Any: JSON
    """A value as the store would write it; what it could not write is shown by its type."""
    try:
        return table_of(result.store).codec.encode(value)
    except NotStorable:
        return {"$unstorable": type_name(type(value))}


def _store(result: Result) -> Data:
    store = result.store
    return {
        key: HIDDEN if store.has_tag(key, SENSITIVE) else _encoded(result, store[key])
        for key in store.keys()  # noqa: SIM118  # keys() leaves out what has expired
    }


def _step(step: StepRecord) -> Data:
    return {
        "path": step.path,
        "kind": step.kind,
        "status": step.status,
        "attempts": step.attempts,
        "started_at": step.started_at and step.started_at.isoformat(),
        "duration": step.duration,
        "error": step.error
        and {"type": type(step.error).__name__, "message": message_of(step.error)},
    }


def _error(result: Result, error: BaseException) -> Data:
    return {
        "type": type(error).__name__,
        "message": message_of(error),
        "hint": error.hint if isinstance(error, GostageError) else "",
        "where": asdict(_where(result, error)),
    }


def _where(result: Result, error: BaseException) -> Where:
    """Where the error says it is, filled up with what the records and its traceback know."""
    told = error.where if isinstance(error, GostageError) else Where()
    file, line = (told.file, told.line) if told.file is not None else last_place(error)
    if file is None and error is result.error:  # read from a database, it has no traceback
        file, line = result.where.file, result.where.line
    stage, action = _items(result, error)
    return Where(
        run=told.run or result.run_id,
        stage=told.stage or stage,
        action=told.action or action,
        file=file,
        line=line,
    )


def _items(result: Result, error: BaseException) -> tuple[str | None, str | None]:
    stage = action = None
    for step in result.steps:
        if step.error is error and step.kind == "stage":
            stage = step.path.rpartition("/")[2]
        elif step.error is error and step.kind == "action":
            action = step.path.rpartition("/")[2]
    return stage, action
