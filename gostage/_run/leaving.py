"""Leaving: what a run that ends, or waits, leaves in its database for whoever looks after it."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, Final

from gostage._db.protocol import FINISHED, Stop
from gostage._engine import effects as fx
from gostage._run.text import to_text
from gostage._store.failures import encode_error
from gostage.errors import NotStorable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._run.execution import Execution
    from gostage._run.result import Result, Suspension
    from gostage.errors import Where

    # Any: JSON-able data.
    Json = Any

_OURS: Final = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120 - pathlib is 3 ms


def leave(run: Execution, result: Result) -> None:
    """Write down how the run stands now, and give it free."""
    journal = run.journal
    if journal is None or journal.broken is not None:
        return
    has_ended = result.status in FINISHED
    stop = Stop(
        "pending" if result.status == "running" else result.status,
        None if has_ended else _due(run, result),
        to_text(outcome_of(run, result)),
        has_ended,
        journal.known,
    )
    journal.leave(stop, keeps_store=result.ok)


def _due(run: Execution, result: Result) -> float | None:
    """When somebody should look after the run, if nothing happens to it before."""
    if result.status == "running":
        return run.clock.now()  # it was told to let go, and could have gone on
    times = list(_times(run))
    return min(times) if times else None


def _times(run: Execution) -> Iterator[float]:
    for _, effect in run.outstanding():
        if isinstance(effect, (fx.Pause, fx.Listen)) and effect.until is not None:
            yield effect.until
    for branch in run.machine.branches.values():
        for frame in branch.frames.values():
            if frame.get("deadline") is not None:
                yield frame["deadline"]


def outcome_of(run: Execution, result: Result) -> Json:
    """What became of a run, as a database keeps it."""
    codec = run.around.codec
    return {
        "duration": result.duration,
        "error": None if result.error is None else encode_error(result.error, codec=codec),
        "text": result.text,
        "where": asdict(_where(result)),
        "bail_reason": result.bail_reason,
        "suspended": None if result.suspended is None else _suspended(run, result.suspended),
    }


def _where(result: Result) -> Where:
    """The place of the error, with the last line of it that is not ours."""
    where = result.where
    if result.error is None or where.file is not None:
        return where
    frames = [(f.f_code.co_filename, line) for f, line in walk_tb(result.error.__traceback__)]
    for file, line in reversed(frames):
        if not file.startswith(_OURS):
            return replace(where, file=file, line=line)
    return where


def _suspended(run: Execution, suspended: Suspension) -> Json:
    data: Json = None
    try:
        data = run.around.codec.encode(dict(suspended.data))
    except NotStorable:  # only the middleware of a run that fails while it leaves could do that
        data = {}
    return {"reason": suspended.reason, "data": data}
