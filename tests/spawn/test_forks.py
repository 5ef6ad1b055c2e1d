"""What the code in a child forks: it ends as it would anywhere else."""

from __future__ import annotations

import pytest

from gostage import Action, Runner, Stage, Workflow
from tests.spawn import forking


@pytest.mark.parametrize("level", ["action", "stage"])
@pytest.mark.parametrize(
    ("work", "code"),
    [
        pytest.param(forking.end_at_once, -15, id="at once"),
        pytest.param(forking.end_later, -15, id="later"),
        pytest.param(forking.keep_own_handler, 9, id="with a handler of its own"),
        pytest.param(forking.work_in_a_pool, 3, id="a pool"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking beside threads
def test_a_forked_process_ends_when_it_is_told_to(work: Action, code: int, level: str) -> None:
    """It has none of the handlers with which its parent listens to the run."""
    stage = Stage("s", work) if level == "action" else Stage("s", work, isolate=forking.APART)
    with Runner() as runner:
        result = runner.run(Workflow("w").add(stage))
    assert result.raise_for_error().store["code"] == code
