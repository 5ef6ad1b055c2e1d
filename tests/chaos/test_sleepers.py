"""Thousands of runs that sleep or wait, held by one worker: flat memory, and each in its time."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gostage._db.protocol import FINISHED
from tests.chaos.processes import SOAK, of
from tests.chaos.tried import TRIED
from tests.cli.durable import begin, copy, database
from tests.cli.shell import started
from tests.folders import write

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOWS = """
from gostage import Workflow, action


@action
def end(ctx):
    ctx.store["ended"] = ctx.run.id


naps = Workflow("naps").sleep("rest", 2).do(end)
asks = Workflow("asks").receive("go", into="said").do(end)
"""
WARM = 50
"""How many runs a worker wakes until it has imported whatever it needs."""


def resident(pid: int) -> int:
    """How many kilobytes of memory a process has."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read in /proc")
@pytest.mark.soak
@pytest.mark.timeout(3600 if SOAK else 300)
def test_one_worker_holds_thousands_that_sleep_and_wait(folder) -> None:
    """Those whose time comes are woken in its order, those that are signalled as well; no others.

    More and more of them do not make the worker larger.
    """
    write(folder, {"flows.py": FLOWS, "pyproject.toml": "[tool.gostage]\n"})
    half = of(5000, 250)
    begin(folder, "naps", "nap")
    begin(folder, "asks", "ask")
    with database(folder) as db:
        assert db.wake("nap", None)  # nothing but the pattern of the others
    sleeping = [f"n{number:05}" for number in range(half)]
    waiting = [f"w{number:05}" for number in range(half)]
    far = 4_000_000_000.0
    with started(folder, "worker", "--json", "--concurrency", "4") as worker:
        assert worker.stdout is not None
        notes = map(json.loads, worker.stdout)
        assert next(notes)["what"] == "begins"
        # All of them are there, and none is due, before the first one is.
        copy(folder, "ask", dict.fromkeys(waiting))
        first = time.time() + of(180, 5)
        dues = {name: first + at * 0.0001 for at, name in enumerate(sleeping[: half // 2])}
        copy(folder, "nap", dict(sorted(dues.items(), reverse=True)))
        copy(folder, "nap", dict.fromkeys(sleeping[half // 2 :], far))
        assert time.time() < first, "the machine is too slow for this test"
        woken = until_left(notes, WARM)
        before = resident(worker.pid)
        woken += until_left(notes, half // 2 - WARM)
        middle = resident(worker.pid)
        with database(folder) as db:
            for name in waiting[: half // 2]:
                db.signal(name, "go", json.dumps(name), time.time())
        called = until_left(notes, half // 2)
        after = resident(worker.pid)
        worker.send_signal(signal.SIGTERM)
        worker.communicate()
        assert worker.returncode == 0

    assert woken == list(dues)
    assert sorted(called) == waiting[: half // 2]
    with database(folder) as db:
        done = {name for name in sleeping + waiting if db.find(name).status in FINISHED}
        assert done == set(woken + called)
        assert {db.find(name).status for name in done} == {"completed"}
    # What SQLite keeps of the file, 2 MB for reading and as much for writing, and some more.
    assert after - before < 8 * 1024
    TRIED.append(
        f"one worker held {2 * half} runs, woke {2 * (half // 2)} of them,"
        f" and had {before} kB, then {middle} kB, then {after} kB of memory"
    )


def until_left(notes: Iterator[dict[str, Any]], count: int) -> list[str]:
    """Which runs are begun, in that order, until so many have left."""
    begun = []
    for note in notes:
        if note["what"] == "goes_on":
            begun.append(note["run_id"])
        if note["what"] == "left":
            assert note["status"] == "completed", note
            count -= 1
            if not count:
                return begun
    raise AssertionError(f"the worker ended, and {count} have not left")
