"""The law of the past: what is stored of a run tells of its steps what the run itself does."""

from __future__ import annotations

from contextlib import closing

from hypothesis import HealthCheck, given, settings

from gostage import Runner
from gostage._app.past.reading import stored_steps
from gostage._db.sqlite import SQLite
from gostage.testing import FakeClock
from tests.properties.trees import JOURNAL, Tree, build, has_settled_records, trees

Told = tuple[str, str, str, int]


@settings(
    max_examples=max(20, settings().max_examples // 4),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(trees())
def test_the_stored_steps_are_the_steps_of_the_run(tree: Tree) -> None:
    """Same paths in the same order, same kinds, statuses and attempts, and errors where they are.

    Two things are better known in the process: whether what never ran was left out or just not
    reached, in one item or pass of several; and that what a stage had inserted went when it failed.
    """
    JOURNAL.start()
    with (
        closing(SQLite(":memory:")) as database,
        Runner(clock=FakeClock(), db=database) as runner,
    ):
        result = runner.run(build(tree))
        row = database.find(result.run_id)
        assert row is not None
        rows = database.log(result.run_id)
        records = stored_steps(database.plan(row.plan), rows, result.run_id, result.error)

    expected = {step.path: told(step) for step in result.steps}
    found = {step.path: told(step) for step in records}
    missing = [path for path in expected if path not in found]
    more = [path for path in found if path not in expected]
    assert missing == []
    assert all(result.status == "failed" and found[path][2] == "pending" for path in more)
    assert [path for path in found if path in expected] == list(expected)
    if not has_settled_records(tree):
        return
    for path, step in expected.items():
        assert found[path] == step or {step[2], found[path][2]} == {"pending", "skipped"}
    errors = {step.path for step in records if step.error is not None}
    assert errors == {step.path for step in result.steps if step.error is not None}


def told(step) -> Told:
    """What counts of a record."""
    return step.path, step.kind, step.status, step.attempts
