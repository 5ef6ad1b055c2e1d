"""Reading a run as a result: what a runner gives for one that it has not carried out itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gostage._app.past.saved import moment, outcome_of, position_of, read, saved_of
from gostage._app.past.standing import standing
from gostage._app.past.steps import Steps
from gostage._run.records import StepRecord
from gostage._run.result import Result, Suspension
from gostage._run.stored import ended_store
from gostage._store.failures import decode_error
from gostage.errors import ChildError, DatabaseError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gostage._app.past.saved import Data, Outcome, Saved
    from gostage._app.past.steps import PastStep
    from gostage._db.protocol import Database, LogRow, RunRow
    from gostage._run.surroundings import Surroundings


def result_of(database: Database, row: RunRow, around: Surroundings) -> Result:
    """What became of a run so far, as its database has it."""
    stored = database.stored(row.run_id)
    if stored is None:
        raise DatabaseError(
            f"what is stored of run {row.run_id!r} is not complete",
            hint="`gostage runs` shows the others; a backup may have this one",
        )
    outcome = outcome_of(row)
    error = None if outcome.error is None else decode_error(outcome.error, codec=around.codec)

    def steps() -> Sequence[StepRecord]:
        saved = saved_of(database, row.run_id, until=row.seq)
        return _records(database.plan(row.plan), row.run_id, saved, error)

    status: Any = standing(row, around.clock.now())  # Any: a text, and one of the known ones
    return Result(
        run_id=row.run_id,
        workflow_id=row.workflow,
        status=status,
        store=ended_store(stored, around, row.run_id),
        duration=outcome.duration or 0.0,
        list_steps=steps,
        error=error,
        text=outcome.text,
        where=outcome.where,
        bail_reason=outcome.bail_reason,
        suspended=_suspension(outcome, around),
    )


def stored_steps(
    plan_json: str | None,
    rows: Iterable[LogRow],
    run_id: str = "",
    error: BaseException | None = None,
) -> list[StepRecord]:
    """The records of a run, from its plan and its commits.

    Where `error`, which the run ended with, is that of a step, its record has the very same.
    """
    return _records(plan_json, run_id, read(rows, run_id), error)


def _records(
    plan_json: str | None, run_id: str, commits: Iterable[Saved], error: BaseException | None
) -> list[StepRecord]:
    steps, last, status = Steps(run_id, plan_json), None, "running"
    for saved in commits:
        steps.take(saved)
        if saved.position_json is not None:
            last = saved
        for each in saved.happenings:
            if each.kind == "run_ended":
                status = str(each.data.get("status"))
            elif each.kind in ("run_started", "run_resumed"):
                status = "running"
    if last is not None:
        steps.stand(position_of(run_id, last))
    errors = _Errors(error)
    listed = [e for e in steps.listed(status, with_past=False) if e.mark != "removed"]
    records = [_record(each, errors) for each in reversed(listed)]  # the innermost first
    return records[::-1]


def _record(step: PastStep, errors: _Errors) -> StepRecord:
    is_begun = step.started is not None and step.attempts > 0
    return StepRecord(
        step.path,
        step.kind,
        # To the run itself, what waits or sleeps is going on.
        "running" if step.status == "sleeping" or _is_receive(step) else step.status,
        step.attempts,
        moment(step.started) if is_begun and step.started is not None else None,
        step.duration,
        None if step.error is None else errors.of(step.path, step.error),
    )


def _is_receive(step: PastStep) -> bool:
    return step.status == "waiting" and step.kind != "action"


class _Errors:
    """Errors of records: what has failed inside an item is the same error as its own."""

    def __init__(self, last: BaseException | None) -> None:
        self._last = last
        self._made: list[tuple[str, Data, BaseException]] = []

    def of(self, path: str, told: Data) -> BaseException:
        """The error of an item, by what its event told of it."""
        if self._last is not None and _tells_of(told, self._last):
            return self._last
        for inner, known, error in reversed(self._made):
            if known == told and inner.startswith(f"{path}/"):
                return error
        error = _made(told)
        self._made.append((path, told, error))
        return error


def _tells_of(told: Data, error: BaseException) -> bool:
    text = f"{told.get('type')}: {told.get('message')}"
    own = f"{type(error).__name__}: {error}"
    return text == own or (isinstance(error, ChildError) and text == str(error))


def _made(told: Data) -> BaseException:
    """An error of the class that is told, if that is Python's or gostage's own."""
    name, message = str(told.get("type")), str(told.get("message"))
    for module in ("builtins", "gostage.errors"):
        error = decode_error({"class": f"{module}:{name}", "message": message})
        if type(error).__name__ == name:
            return error
    return ChildError(f"{name}: {message}" if message else name)


def _suspension(outcome: Outcome, around: Surroundings) -> Suspension | None:
    if outcome.reason is None:
        return None
    try:
        data = around.codec.decode(dict(outcome.data))
    except StoreError:  # of a class that is not there: the reason is told all the same
        data = {}
    return Suspension(outcome.reason, data if isinstance(data, Mapping) else {})
