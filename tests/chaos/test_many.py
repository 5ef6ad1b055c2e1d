"""Many processes on one file: nothing is lost, nothing is doubled, and nobody fails."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from gostage import Runner
from gostage._db.sqlite import SQLite
from tests.chaos import jobs
from tests.chaos.processes import SOAK, notes, of
from tests.chaos.tried import TRIED


@pytest.mark.soak
@pytest.mark.timeout(1800 if SOAK else 300)
def test_short_runs_of_many_processes_are_all_there(folder, nursery) -> None:
    """Each with what it alone was given; every step has run once."""
    processes, each = of(16, 8), of(125, 10)
    names = [[f"p{number}-{at}" for at in range(each)] for number in range(processes)]
    with Runner(jobs.DATABASE):
        began = time.perf_counter()
        children = [nursery.start("run_many", own) for own in names]
        took = sorted(seconds for child in children for seconds in child.result())
        total = time.perf_counter() - began

    wanted = {name for own in names for name in own}
    counts = Counter((note.step, note.what) for note in notes(folder))
    assert counts == {(f"{name}:next", what): 1 for name in wanted for what in ("begin", "end")}
    with Runner(jobs.DATABASE) as runner:
        rows = runner.runs()
        assert [row.status for row in rows] == ["completed"] * len(wanted)
        assert {row.run_id for row in rows} == wanted
        for name in wanted:
            store = runner.result(name).store
            assert store["label"] == f"label of {name}"
            assert store["count"] == 1
    database = SQLite(jobs.FILE)
    assert database.check() == []
    database.close()
    TRIED.append(
        f"{processes} processes with {len(wanted)} runs: {len(wanted) / total:.0f} runs a second,"
        f" each {1000 * took[len(took) // 2]:.0f} ms,"
        f" p99 {1000 * took[int(len(took) * 0.99)]:.0f} ms, at most {1000 * took[-1]:.0f} ms"
    )


@pytest.mark.soak
@pytest.mark.timeout(1800 if SOAK else 300)
def test_one_run_id_in_many_processes_is_one_run(folder, nursery) -> None:
    """Whoever comes first begins it; the others are refused, or get its result."""
    rounds = of(100, 5)
    for number in range(rounds):
        children = [nursery.start("begin_same", f"same{number}") for _ in range(6)]
        told = Counter(child.result() for child in children)
        assert set(told) <= {"completed", "RunOwned"}
        assert told["completed"] >= 1
    counts = Counter(note.step for note in notes(folder) if note.what == "begin")
    assert counts == {f"same{number}:next": 1 for number in range(rounds)}
