"""Processes that are killed at any moment while they write: nothing is damaged, and all goes on."""

from __future__ import annotations

import random
import time

import pytest

from gostage import Runner
from gostage._db.sqlite import SQLite
from tests.chaos import jobs
from tests.chaos.processes import SOAK, notes, of, size, until
from tests.chaos.tried import TRIED


@pytest.mark.soak
@pytest.mark.timeout(3600 if SOAK else 300)
def test_a_writer_that_is_killed_damages_nothing(folder, nursery) -> None:
    """Two at a time, so that one writes while the other dies; what they began comes to its end."""
    kills = of(200, 20)
    chance = random.Random(11)
    with Runner(jobs.DATABASE) as runner:
        runner._books.announce(jobs.chain, None, "long", None)
    writers = [nursery.start("write_for_ever", "long") for _ in range(2)]
    for number in range(kills):
        now, lines = size(folder), chance.randrange(12)
        until(lambda now=now, lines=lines: len(notes(folder, now)) >= lines, "somebody writes")
        time.sleep(chance.uniform(0.0, 0.01))
        writers[number % 2].kill()
        writers[number % 2] = nursery.start("write_for_ever", "long")
        if number % 10 == 9:
            database = SQLite(jobs.FILE)
            assert database.check() == []
            database.close()
    for writer in writers:
        writer.kill()

    database = SQLite(jobs.FILE)
    assert database.check() == []
    with Runner(database) as runner:
        rows = runner.runs()
        left = [row.run_id for row in rows if row.status != "completed"]
        assert {row.status for row in rows} <= {"completed", "interrupted", "pending"}
        assert [runner.resume(each).status for each in left] == ["completed"] * len(left)
        assert {runner.result(row.run_id).store["count"] for row in rows} == {1, 8}
    assert database.check() == []
    database.close()
    TRIED.append(f"{kills} writers were killed; {len(left)} of {len(rows)} runs were left behind")
