"""A worker whose threads need the same code at once: each of them finds all of it."""

from __future__ import annotations

import time

from tests.chaos.processes import of
from tests.cli.durable import begin, copy, database, noted, of_kind
from tests.cli.shell import gostage
from tests.folders import write

FLOWS = """
import time

from gostage import Workflow

time.sleep(0.3)  # an import that takes its time
naps = Workflow("naps").sleep("rest", 1).sleep("more", 0)
"""


def test_threads_that_import_the_same_file_wait_for_each_other(folder) -> None:
    """No run is put aside because another one has only just begun to import its workflow."""
    write(folder, {"flows.py": FLOWS, "pyproject.toml": "[tool.gostage]\n"})
    begin(folder, "naps", "nap")
    with database(folder) as db:
        assert db.wake("nap", None)
    for number in range(of(20, 2)):
        names = [f"r{number}-{at}" for at in range(8)]
        copy(folder, "nap", dict.fromkeys(names, time.time() - 1))

        done = gostage("worker", "--once", "--json", folder=folder)

        notes = noted(done.out)
        assert of_kind(notes, "put_aside") == []
        # Those of the last turn may have been woken before their time, and are due again.
        assert sorted(each for each in of_kind(notes, "left") if each in names) == names
