"""The past as JSON-able data; sensitive values are never in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._app.past.saved import moment, outcome_of
from gostage._app.past.values import shown_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gostage._app.past.moments import Moment
    from gostage._app.past.overview import Overview
    from gostage._app.past.saved import Happening, Outcome
    from gostage._app.past.sessions import Session
    from gostage._app.past.steps import PastStep
    from gostage._app.past.stores import Entry, StoreChange
    from gostage._db.protocol import RunRow

    # Any: JSON-able data of any shape.
    Data = dict[str, Any]


def row_data(row: RunRow, status: str) -> Data:
    """What a listing says of a run."""
    owner = None if row.held is None else row.held.owner
    outcome = outcome_of(row)
    return {
        "run_id": row.run_id,
        "workflow": row.workflow,
        "status": status,
        "tags": list(row.tags),
        "created_at": _time(row.created),
        "updated_at": _time(row.updated),
        "ended_at": _time(row.ended),
        "due_at": _time(row.due),
        "owner": owner and {"host": owner.host, "pid": owner.pid},
        "suspended": _suspended(outcome),
        "error": _error(outcome),
        "bail_reason": outcome.bail_reason,
    }


def overview_data(past: Overview) -> Data:
    """Everything about a run; what `gostage run --json` says of a result is in it, too."""
    about = past.about
    return {
        **row_data(past.row, past.status),
        "ok": past.status in ("completed", "bailed"),
        "duration": past.duration,
        "source": about.get("source"),
        "root": about.get("root"),
        "parent": about.get("parent"),
        "sessions": [_session(each) for each in past.sessions],
        "initial": [change_data(each) for each in past.first],
        "steps": [_step(each) for each in past.steps],
        "store": store_data(past.store),
    }


def store_data(store: Iterable[Entry]) -> Data:
    """The values of a store by key."""
    return {str(entry.get("key")): shown_value(entry) for entry in store}


def entry_data(entry: Entry) -> Data:
    """Everything about one entry."""
    return {
        "key": entry.get("key"),
        "value": shown_value(entry),
        "tags": entry.get("tags", []),
        "description": entry.get("description", ""),
        "created_at": _time(entry.get("created")),
        "updated_at": _time(entry.get("updated")),
        "expires_at": _time(entry.get("expires")),
    }


def moment_data(run_id: str, moment: Moment) -> Data:
    """What was in the store at a moment."""
    return {
        "run_id": run_id,
        "seq": moment.seq,
        "at": _time(moment.at),
        "path": moment.path,
        "item": moment.item,
        "store": store_data(moment.store),
        "entries": [entry_data(each) for each in moment.store],
    }


def change_data(change: StoreChange) -> Data:
    """What became of a key; `before` or `after` are not there where there was no entry."""
    data: Data = {"key": change.key}
    if change.before is not None:
        data["before"] = shown_value(change.before)
    if change.after is not None:
        data["after"] = shown_value(change.after)
    return data


def happening_data(run_id: str, seq: int, happening: Happening) -> Data:
    """An event, with the number of the commit that holds it."""
    return {
        "seq": seq,
        "kind": happening.kind,
        "at": _time(happening.at),
        "run_id": run_id,
        "path": happening.path,
        "data": happening.data,
    }


def _step(step: PastStep) -> Data:
    return {
        "path": step.path,
        "kind": step.kind,
        "status": step.status,
        "attempts": step.attempts,
        "started_at": _time(step.started),
        "duration": step.duration,
        "error": step.error,
        "item": step.item,
        "times": dict(step.how),
        "failed_items": [{"item": item, "error": error} for item, error in step.failures],
        "mark": step.mark or None,
        "until": _time(step.until),
        "seq": step.seq,
        "changes": [change_data(each) for each in step.changes],
    }


def _session(session: Session) -> Data:
    begun, ended = session.begun, session.ended
    return {
        "begun_at": None if begun is None else _time(begun.at),
        "kind": None if begun is None else begun.kind,
        "notes": [
            {"kind": each.kind, "at": _time(each.at), **dict(each.data)} for each in session.notes
        ],
        "ended_at": None if ended is None else _time(ended.at),
        "status": None if ended is None else ended.data.get("status"),
        "duration": session.duration,
    }


def _suspended(outcome: Outcome) -> Data | None:
    if outcome.reason is None:
        return None
    return {"reason": outcome.reason, "data": dict(outcome.data)}


def _error(outcome: Outcome) -> Data | None:
    told: Mapping[str, Any] | None = outcome.error  # Any: JSON
    if told is None and not outcome.text:
        return None
    told = told or {}
    where = outcome.where
    return {
        "type": str(told.get("class", "")).rpartition(":")[2].rpartition(".")[2] or None,
        "message": str(told.get("message", outcome.text)),
        "text": outcome.text,
        "hint": outcome.hint or _hint(told),
        "where": {
            "run": where.run,
            "stage": where.stage,
            "action": where.action,
            "file": where.file,
            "line": where.line,
        },
    }


def _hint(told: Mapping[str, Any]) -> str:
    state = told.get("state")
    hint = state.get("hint") if isinstance(state, dict) else None
    return hint if isinstance(hint, str) else ""


def _time(seconds: Any) -> str | None:  # noqa: ANN401  # Any: JSON
    return moment(seconds).isoformat() if isinstance(seconds, (int, float)) else None
