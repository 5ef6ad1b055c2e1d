"""The table of deaths, as the owner of a run sees it: what is said, and that nothing is left."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gostage import Action, Runner, Stage, Workflow, errors
from tests.spawn import dying
from tests.spawn.table import is_alive, nothing_left, until
from tests.spawn.tried import DEATHS

if TYPE_CHECKING:
    from pathlib import Path


class Death(NamedTuple):
    """One row of the table."""

    action: Action
    error: type[BaseException]
    text: str
    exit_code: int | None = None
    is_late: bool = False
    """Whether what is waited for is a time, and not the death itself."""


CRASHED = errors.ChildCrashed
TABLE = {
    "exit code": Death(dying.leave, CRASHED, "ended with exit code 7", 7),
    "sys.exit": Death(dying.exit_politely, CRASHED, "ended with exit code 3", 3),
    "killed": Death(dying.be_killed, CRASHED, "signal 9 (SIGKILL)", -signal.SIGKILL),
    "aborted": Death(dying.abort, CRASHED, "signal 6 (SIGABRT)", -signal.SIGABRT),
    "segmentation fault": Death(dying.segfault, CRASHED, "signal 11 (SIGSEGV)", -signal.SIGSEGV),
    "memory limit": Death(dying.eat_memory, MemoryError, ""),
    "processor limit": Death(
        dying.burn, CRASHED, "limit of 1 s of CPU", -signal.SIGXCPU, is_late=True
    ),
    "dead before it began": Death(dying.be_nowhere, CRASHED, "while it started"),
    "hanging": Death(dying.hang, errors.TimedOut, "longer than 0.2 seconds", is_late=True),
    "halted": Death(dying.halt, errors.TimedOut, "longer than 0.2 seconds", is_late=True),
    "flooding": Death(dying.flood, errors.TimedOut, "longer than 1 seconds", is_late=True),
}


@pytest.fixture(autouse=True, scope="module")
def _server() -> None:
    """What children are forked from is started once, and stays."""
    with Runner() as runner:
        runner.run(Workflow("w").add(Stage("s", dying.exit_politely)), {"folder": ""})


@pytest.mark.parametrize("name", TABLE)
def test_a_death_is_told_in_a_sentence_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    """The step fails with it, the rest of the run cleans up, and the process table is as before."""
    row = TABLE[name]
    workflow = Workflow("w").add(Stage("s", row.action))
    with nothing_left(), Runner() as runner:
        result = runner.run(workflow, {"folder": str(tmp_path)})
        ended = time.monotonic()
    assert isinstance(result.error, row.error), repr(result.error)
    assert row.text in str(result.error)
    assert result.status == "failed"
    assert [step.status for step in result.steps] == ["failed", "failed"]
    if isinstance(result.error, CRASHED):
        assert result.error.hint
        assert row.exit_code in (None, result.error.exit_code)
    died_at = tmp_path / "died_at"
    if died_at.exists() and not row.is_late:
        DEATHS[name] = ended - float(died_at.read_text())


def test_a_child_that_dies_takes_along_what_it_started(tmp_path: Path) -> None:
    """A process that a child forked does not outlive it."""
    left: list[int] = []
    workflow = Workflow("w").add(Stage("s", dying.orphan))
    with nothing_left(), Runner() as runner:
        runner.on_message("left", lambda message: left.append(message.payload["pid"]))
        result = runner.run(workflow, {"folder": str(tmp_path)})
    assert isinstance(result.error, CRASHED)
    until(lambda: not is_alive(left[0]), "the process is gone")


def test_what_a_child_printed_last_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes out where this process prints."""
    with Runner() as runner:
        runner.run(Workflow("w").add(Stage("s", dying.leave)), {"folder": str(tmp_path)})
    assert "the last words" in capsys.readouterr().err


def test_another_attempt_is_another_child(tmp_path: Path) -> None:
    """`retry=` is asked about a crash as about any error."""
    from gostage import Retry

    tried = dying.leave.options(retry=Retry(attempts=3))
    with Runner() as runner:
        result = runner.run(Workflow("w").add(Stage("s", tried)), {"folder": str(tmp_path)})
    assert [step.attempts for step in result.steps] == [1, 3]
