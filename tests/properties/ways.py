"""The ways to carry out one workflow; all of them must come to the same."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gostage import Runner, Workflow
from gostage._run import session, state
from gostage._run.beginning import surroundings
from gostage._run.compiled import program_of
from gostage._run.drive import Shell
from gostage.testing import FakeClock
from tests.properties.trees import JOURNAL, Entry, by_lane

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage import Result

MOST = 3_000
"""More steps than any tree takes; beyond it a flow goes round in circles."""


@dataclass(frozen=True)
class Outcome:
    """What became of a workflow: its calls by lane, its end and its store."""

    calls: dict[Any, list[Entry]]
    status: str
    error: str
    store: dict[str, object] | None


@dataclass(frozen=True)
class Checkpoint:
    """A place where the flow was stopped: its state as text, and the calls so far."""

    text: str
    calls: list[Entry]


def run(workflow: Workflow, **options: Any) -> tuple[Outcome, Result]:
    """Run it in this thread."""
    JOURNAL.start()
    result = Runner(clock=FakeClock(), **options).run(workflow)
    return outcome_of(result), result


def arun(workflow: Workflow, **options: Any) -> tuple[Outcome, Result]:
    """Run it in an event loop."""
    JOURNAL.start()
    result = asyncio.run(Runner(clock=FakeClock(), **options).arun(workflow))
    return outcome_of(result), result


def apply(workflow: Workflow) -> tuple[Outcome, list[Checkpoint]]:
    """Apply it step by step, through JSON after each."""
    JOURNAL.start()
    checkpoints: list[Checkpoint] = []
    value: Any = None
    for _ in range(MOST):
        try:
            value = workflow.apply(value)
        except Exception as error:
            return _failed(error), checkpoints
        value = _kept(value, checkpoints)
        if workflow.is_completed(value):
            return _ended(workflow, value), checkpoints
    raise AssertionError(f"{MOST} steps were not enough")


async def aapply(workflow: Workflow) -> Outcome:
    """Apply it step by step in one event loop, through JSON after each."""
    JOURNAL.start()
    value: Any = None
    for _ in range(MOST):
        try:
            value = await workflow.aapply(value)
        except Exception as error:
            return _failed(error)
        value = json.loads(json.dumps(value))
        if workflow.is_completed(value):
            return _ended(workflow, value)
    raise AssertionError(f"{MOST} steps were not enough")


def go_on(workflow: Workflow, checkpoint: Checkpoint) -> Outcome:
    """Stand at a checkpoint and run the rest in one go."""
    JOURNAL.start(checkpoint.calls)
    around = surroundings(FakeClock())
    checked = state.check(json.loads(checkpoint.text), workflow.id)
    assert checked is not None
    if "ended" in checked:
        return _ended(workflow, checked)
    execution = state.load(checked, workflow, program_of(workflow), around)
    return outcome_of(Shell(execution).drive(session.journey(execution)))


def outcome_of(result: Result) -> Outcome:
    """What a result says, together with the journal."""
    error = "" if result.error is None else shown(result.error)
    return Outcome(by_lane(JOURNAL.entries), result.status, error, dict(result.store))


def shown(error: BaseException) -> str:
    """An error without what differs from run to run."""
    return f"{type(error).__name__}: {error}".replace(getattr(error, "run_id", "\0"), "")


def statuses(result: Result) -> Iterable[tuple[str, str, int]]:
    """How every item of a run stands."""
    return [(step.path, step.status, step.attempts) for step in result.steps]


def _kept(value: Any, checkpoints: list[Checkpoint]) -> Any:
    text = json.dumps(value)
    checkpoints.append(Checkpoint(text, list(JOURNAL.entries)))
    return json.loads(text)


def _ended(workflow: Workflow, value: Any) -> Outcome:
    return Outcome(by_lane(JOURNAL.entries), value["ended"], "", dict(workflow.store(value)))


def _failed(error: Exception) -> Outcome:
    return Outcome(by_lane(JOURNAL.entries), "failed", shown(error), None)
