"""One runner, many threads that start, resume, signal and cancel at random: all of it ends well."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import pytest

from gostage import Runner
from gostage._db.sqlite import SQLite
from gostage.errors import DatabaseError, GostageError, RunOwned
from tests.chaos import jobs
from tests.chaos.processes import SOAK, of, until
from tests.chaos.tried import TRIED

SOUND = {"completed", "cancelled", "waiting", "sleeping", "pending"}


class Crowd:
    """Threads that do things with the same runs."""

    def __init__(self, runner: Runner, runs: int) -> None:
        self.runner = runner
        self.names = [f"t{number}" for number in range(runs)]
        self.done: Counter[str] = Counter()
        self.errors: list[BaseException] = []
        self._left = list(self.names)
        self._lock = threading.Lock()

    def work(self, seed: int) -> None:
        """Begin runs, and disturb those that have begun, until all have."""
        chance = random.Random(seed)
        while True:
            with self._lock:
                if not self._left:
                    return
                name = self._left.pop()
            self.do("begin", name, chance)
            for _ in range(3):
                self.do(chance.choice(["resume", "signal", "cancel", "look"]), None, chance)

    def do(self, what: str, name: str | None, chance: random.Random) -> None:
        """Do one thing; that somebody else has the run is a good answer."""
        name = name or chance.choice(self.names[len(self._left) :])
        flow = (jobs.asks, jobs.naps, jobs.short)[int(name[1:]) % 3]
        self.done[what] += 1
        try:
            if what == "begin" and chance.random() < 0.5:
                self.runner.run(flow, {"name": name}, run_id=name, detach=True)
            elif what == "begin":
                self.runner.start(flow, {"name": name}, run_id=name)
            elif what == "resume":
                self.runner.resume(name, detach=chance.random() < 0.5)
            elif what == "signal":
                self.runner.signal(name, "go", name)
            elif what == "cancel":
                self.runner.cancel(name)
            else:
                self.runner.get(name)
        except RunOwned:
            self.done["refused"] += 1
        except GostageError as error:
            if "no run" in str(error) or "never receives" in str(error):
                self.done["not there"] += 1
            else:
                self.errors.append(error)
        except BaseException as error:
            self.errors.append(error)


@pytest.mark.soak
@pytest.mark.timeout(1800 if SOAK else 240)
def test_threads_that_share_a_runner_leave_every_run_sound(folder) -> None:
    """Whatever was done to a run, it has a status that it can go on from, and then it ends."""
    database = SQLite(jobs.FILE, synchronous="NORMAL")
    runs = of(2000, 200)
    with Runner(database) as runner:
        crowd = Crowd(runner, runs)
        threads = [threading.Thread(target=crowd.work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for handle in runner._handles:
            handle._thread.join()
        assert crowd.errors == []
        rows = {each.run_id: each.status for each in runner.runs()}
        assert set(rows) == set(crowd.names)
        assert set(rows.values()) <= SOUND
        ends = Counter(finish(runner, name) for name in crowd.names)
        assert ends == {"completed": runs}
        for number, name in enumerate(crowd.names):
            store = runner.result(name).store
            assert store["count"] == (1 if number % 3 == 2 else 2)
    assert database.check() == []
    assert database.held() == []
    database.close()
    done = ", ".join(f"{what} {times} times" for what, times in crowd.done.items())
    TRIED.append(f"8 threads with {runs} runs: {done}")


def finish(runner: Runner, name: str) -> str:
    """Go on with a run until it has ended, whatever it waits for."""
    result = runner.resume(name)
    while result.status in {"waiting", "sleeping", "running"}:
        result = runner.signal(name, "go") if result.status == "waiting" else runner.resume(name)
    return result.status


def test_a_signal_that_nobody_can_read_ends_the_wait_and_not_the_others(folder) -> None:
    """Who holds runs goes on holding them: the thread that does so has no error of its own."""
    with Runner(jobs.DATABASE, lease=0.5) as runner:
        results: dict[str, object] = {}

        def wait(name: str) -> None:
            try:
                results[name] = runner.run(jobs.asks, run_id=name, wait=True)
            except DatabaseError as error:
                results[name] = error

        threads = [threading.Thread(target=wait, args=(name,)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        database = runner.db
        until(lambda: {each.run_id for each in runner.runs()} == {"a", "b"}, "both are there")
        database.signal("a", "go", "no JSON", time.time())
        threads[0].join()
        assert "does not read" in str(results["a"])

        end = time.monotonic() + 0.8  # longer than a lease
        while time.monotonic() < end:
            assert runner.get("b").status in {"running", "waiting"}
        runner.signal("b", "go", "yes")
        threads[1].join()
        assert results["b"].store["said"] == "yes"
