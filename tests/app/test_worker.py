"""The worker: which runs it goes on with, in which order, and how it stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from gostage import Store
from gostage._app.aside import FIRST, KEPT, LONGEST, Aside
from gostage._app.worker import Worker
from gostage._db.lease import is_over
from gostage._db.owner import is_alive, this_process
from gostage._db.protocol import Commit, NewRun, Plan, RunRow, Stop
from gostage._db.sqlite import SQLite
from gostage._run.result import Result
from gostage.errors import CollectionError, ConfigError, NotFound, RunBlocked, RunOwned

NOW = 1_000_000.0


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> float:
        return self.time

    def pause(self, wait, seconds) -> None:
        raise AssertionError("a worker does not pause")

    async def apause(self, wait, seconds) -> None:
        raise AssertionError("a worker does not pause")


class Runs:
    """A runner whose runs do what `do` says: it gives how a run is left, or raises."""

    def __init__(self, db, clock, do=lambda run_id: Stop("completed", has_ended=True)) -> None:
        self.db = db
        self.clock = clock
        self.do = do
        self.begun = []
        self.is_let_go = False

    def go_on(self, run_id) -> Result:
        now = self.clock.now()
        owner = this_process()

        def is_due(row) -> bool:
            is_left = row.held is not None or (row.due is not None and row.due <= now)
            return is_left and is_over(row, owner, now, is_alive)

        lease = self.db.take(run_id, owner, now + 30, is_due)
        if isinstance(lease, RunRow):
            raise RunOwned(f"run {run_id!r} has an owner")
        self.begun.append(run_id)
        stop = self.do(run_id)
        self.db.commit(lease, Commit(now), stop)
        return Result(
            run_id=run_id,
            workflow_id="w",
            status=stop.status,
            store=Store(),
            duration=1.5,
            list_steps=list,
        )

    def let_go(self) -> None:
        self.is_let_go = True

    def submit(self, run_id, due=NOW, *, status="sleeping", owner=None, until=NOW + 30) -> None:
        run = NewRun(run_id, "w", (), NOW, Plan("d", "{}"), "{}", status, due)
        assert self.db.create(run, Commit(NOW), owner, until) is not None


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path):
    database = SQLite(tmp_path / "runs.db")
    yield database
    database.close()


@pytest.fixture
def runs(database, clock):
    return Runs(database, clock)


def told(notes) -> list[tuple[str, ...]]:
    """What a worker told of runs."""
    return [(n.what, n.run_id, n.status) for n in notes if n.run_id is not None]


def work(runs, **options) -> list[object]:
    """Do what is due now; gives the notes."""
    notes = []
    assert Worker(runs, tell=notes.append, clock=runs.clock, **options).run_due()
    return notes


def dead() -> object:
    """The owner that a process was which has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return replace(this_process(), pid=process.pid, started="long ago")


# -------------------------------------------------------------------- what is gone on with


def test_due_runs_go_on_in_the_order_of_their_time(runs) -> None:
    """The earliest first, whatever order they were made in."""
    for name, due in {"c": 3, "a": 1, "d": 4, "b": 2}.items():
        runs.submit(name, NOW - 10 + due)

    work(runs, concurrency=1)

    assert runs.begun == ["a", "b", "c", "d"]


def test_what_is_due_later_is_left_alone(runs, clock) -> None:
    """Neither what sleeps longer, nor what waits for ever, nor what has ended."""
    runs.submit("later", NOW + 1)
    runs.submit("never", None, status="waiting")
    runs.submit("failed", None, status="failed")
    runs.submit("blocked", None, status="blocked")

    work(runs)
    assert runs.begun == []

    clock.time += 1
    work(runs)
    assert runs.begun == ["later"]


def test_a_signal_makes_a_waiting_run_due(runs) -> None:
    """Whoever leaves it need not know of any worker."""
    runs.submit("waits", None, status="waiting")
    runs.db.signal("waits", "approved", "true", NOW)

    work(runs)

    assert runs.begun == ["waits"]


def test_a_run_that_has_to_wait_again_comes_back_in_its_time(runs, clock) -> None:
    """What a run is left with counts, not what it was before."""
    runs.do = lambda run_id: Stop("sleeping", clock.now() + 5)
    runs.submit("a")

    notes = work(runs)
    work(runs)
    assert runs.begun == ["a"]
    assert told(notes) == [("goes_on", "a", "sleeping"), ("left", "a", "sleeping")]

    clock.time += 5
    work(runs)
    assert runs.begun == ["a", "a"]


def test_a_run_whose_owner_died_is_taken_over(runs) -> None:
    """At once, long before its lease is over."""
    runs.submit("orphan", None, owner=dead(), until=NOW + 1000)

    notes = work(runs)

    assert runs.begun == ["orphan"]
    assert told(notes)[0] == ("goes_on", "orphan", "interrupted")


def test_a_run_whose_lease_is_over_is_taken_over(runs) -> None:
    """Nothing is known of an owner on another host; its lease says when to stop waiting for it."""
    far = replace(this_process(), host="far", boot="away")
    runs.submit("fresh", None, owner=far, until=NOW + 1)
    runs.submit("stale", None, owner=far, until=NOW - 1)

    work(runs)

    assert runs.begun == ["stale"]


def test_a_run_with_a_live_owner_is_left_alone(runs) -> None:
    """It is in good hands."""
    runs.submit("held", None, owner=this_process())

    assert told(work(runs)) == []


# -------------------------------------------------------------------- side by side


def test_runs_go_on_side_by_side(runs) -> None:
    """As many as it was told to."""
    meeting = threading.Barrier(3)

    def meet(run_id) -> Stop:
        meeting.wait(10)
        return Stop("completed", has_ended=True)

    runs.do = meet
    for number in range(6):
        runs.submit(f"r{number}")

    notes = work(runs, concurrency=3)

    assert sorted(n.run_id for n in notes if n.status == "completed") == [
        f"r{number}" for number in range(6)
    ]


def test_never_more_runs_are_at_work_than_it_was_told(runs) -> None:
    """Counted by the runs themselves."""
    lock, at_work, most = threading.Lock(), 0, 0

    def count(run_id) -> Stop:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        runs.db.counts()  # something that takes a moment
        with lock:
            at_work -= 1
        return Stop("completed", has_ended=True)

    runs.do = count
    for number in range(50):
        runs.submit(f"r{number}")

    work(runs, concurrency=4)

    assert len(runs.begun) == 50
    assert most <= 4


def test_two_workers_share_the_runs(runs, clock, tmp_path) -> None:
    """Each run goes on once, whoever was quicker."""
    for number in range(100):
        runs.submit(f"r{number:03}")
    other_database = SQLite(tmp_path / "runs.db")
    other = Runs(other_database, clock)

    threads = [threading.Thread(target=work, args=(each,)) for each in (runs, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other_database.close()

    assert sorted(runs.begun + other.begun) == [f"r{number:03}" for number in range(100)]


# -------------------------------------------------------------------- trouble


def test_a_run_that_cannot_be_loaded_is_put_aside(runs) -> None:
    """It is told of with the hint, and the others go on."""

    def broken(run_id) -> Stop:
        if run_id == "bad":
            raise CollectionError("no module 'gone'", hint="put it back")
        return Stop("completed", has_ended=True)

    runs.submit("bad", NOW - 1)
    runs.submit("good")
    # What cannot be loaded is never taken.
    go_on, runs.go_on = runs.go_on, lambda run_id: broken(run_id) and go_on(run_id)

    notes = work(runs)

    assert runs.begun == ["good"]
    (note,) = (n for n in notes if n.what == "put_aside")
    assert (note.run_id, note.until, note.hint) == ("bad", NOW + FIRST, "put it back")
    assert note.reason == "CollectionError: no module 'gone'"
    assert runs.db.find("bad").due == NOW + FIRST


def test_what_is_put_aside_is_told_of_once(runs, clock) -> None:
    """It is tried again and again, less and less often."""
    runs.submit("bad")
    tries = []

    def go_on(run_id):
        tries.append(clock.now() - NOW)
        raise CollectionError("no module 'gone'")

    runs.go_on = go_on
    notes = []
    worker = Worker(runs, tell=notes.append, clock=clock)
    for _ in range(4):
        worker.run_due()
        clock.time = runs.db.find("bad").due

    assert tries == [0, FIRST, 3 * FIRST, 7 * FIRST]
    assert [n.what for n in notes if n.run_id].count("put_aside") == 1


def test_a_blocked_run_is_told_of(runs) -> None:
    """It is put aside for good; somebody has to decide."""

    def go_on(run_id):
        raise RunBlocked("the plan has changed", hint="look at it")

    runs.go_on = go_on
    runs.submit("changed")

    notes = work(runs)

    assert told(notes)[-1] == ("left", "changed", "blocked")
    assert (notes[-2].reason, notes[-2].hint) == ("the plan has changed", "look at it")
    assert runs.db.find("changed").due is None


def test_another_process_may_be_quicker(runs) -> None:
    """That is told, and nothing spins until the other one is seen to have it."""

    def go_on(run_id):
        raise RunOwned("run 'a' has an owner")

    runs.go_on = go_on
    runs.submit("a")

    assert told(work(runs)) == [("goes_on", "a", "sleeping"), ("missed", "a", None)]


def test_a_run_that_is_deleted_is_no_trouble(runs) -> None:
    """Nobody needs to hear of it."""

    def go_on(run_id):
        runs.db.delete(run_id, lambda row: True)
        raise NotFound(f"no run {run_id!r}")

    runs.go_on = go_on
    runs.submit("a")

    assert told(work(runs)) == [("goes_on", "a", "sleeping")]


def test_what_exits_does_not_end_the_worker(runs) -> None:
    """An action that calls `sys.exit` ends its run alone."""

    def go_on(run_id):
        runs.db.wake(run_id, None)
        raise SystemExit("enough")

    runs.go_on = go_on
    runs.submit("a")

    assert told(work(runs))[-1] == ("left", "a", "cancelled")


def test_context_variables_of_a_run_are_not_there_for_the_next(runs) -> None:
    """Runs share threads, and nothing else."""
    from contextvars import ContextVar

    mark = ContextVar("mark", default="clean")
    seen = []

    def look(run_id) -> Stop:
        seen.append(mark.get())
        mark.set(run_id)
        return Stop("completed", has_ended=True)

    runs.do = look
    runs.submit("a")
    runs.submit("b")

    work(runs, concurrency=1)

    assert seen == ["clean", "clean"]


def test_a_runner_without_a_database_has_no_work() -> None:
    """The mistake is told at once."""
    with pytest.raises(ConfigError, match="this runner has none"):
        Worker(Runs(None, Clock()))


# -------------------------------------------------------------------- going on and stopping


def test_it_wakes_up_for_what_others_submit(runs, tmp_path) -> None:
    """Another process writes to the file; nobody calls the worker."""
    done = threading.Event()
    runs.do = lambda run_id: done.set() or Stop("completed", has_ended=True)
    worker = Worker(runs, clock=runs.clock)
    thread = threading.Thread(target=worker.run)
    thread.start()
    other = SQLite(tmp_path / "runs.db")
    Runs(other, runs.clock).submit("new")

    assert done.wait(30)
    worker.stop()
    thread.join()
    other.close()


def test_it_wakes_up_for_what_becomes_due(runs) -> None:
    """A sleep is over at its time, with nobody writing anything."""
    from gostage._run.clock import SystemClock

    runs.clock = SystemClock()
    runs.submit("soon", runs.clock.now() + 0.2)
    worker = Worker(runs)
    runs.do = lambda run_id: worker.stop() or Stop("completed", has_ended=True)

    assert worker.run()
    assert runs.begun == ["soon"]


def test_it_stops_when_its_runs_have_come_back(runs) -> None:
    """They are told to let go; nothing else begins."""
    for number in range(5):
        runs.submit(f"r{number}")
    notes = []
    worker = Worker(runs, concurrency=1, tell=notes.append, clock=runs.clock)

    def stop(run_id) -> Stop:
        worker.stop()
        return Stop("pending", NOW)

    runs.do = stop

    assert worker.run()
    assert runs.begun == ["r0"]
    assert runs.is_let_go
    assert [n.what for n in notes] == ["begins", "goes_on", "stops", "left", "ends"]


def test_what_does_not_come_back_in_time_is_left(runs) -> None:
    """The worker comes back without it, and says so."""
    begun, go_on = threading.Event(), threading.Event()

    def hang(run_id) -> Stop:
        begun.set()
        go_on.wait(30)
        return Stop("completed", has_ended=True)

    runs.do = hang
    runs.submit("slow")
    notes = []
    worker = Worker(runs, grace=0.0, tell=notes.append, clock=runs.clock)
    thread = threading.Thread(target=lambda: notes.append(worker.run()))
    thread.start()
    assert begun.wait(30)
    worker.stop()
    thread.join()
    go_on.set()

    assert notes[-1] is False
    assert notes[-2].at_work == ("slow",)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal to send to itself")
def test_a_signal_handler_may_stop_it(runs) -> None:
    """Whatever the worker is doing at that moment, thousands of times."""
    runs.submit("a")
    worker = Worker(runs, clock=runs.clock)

    def kick(run_id) -> Stop:
        for _ in range(1000):
            os.kill(os.getpid(), signal.SIGUSR1)
        return Stop("completed", has_ended=True)

    runs.do = kick
    before = signal.signal(signal.SIGUSR1, lambda number, frame: worker.stop())
    try:
        assert worker.run()
    finally:
        signal.signal(signal.SIGUSR1, before)


# -------------------------------------------------------------------- what is put aside


def test_pauses_between_tries_grow_to_a_limit() -> None:
    """From a minute to an hour."""
    aside = Aside()

    until = [aside.put("a", 0.0) for _ in range(20)]

    assert until[:3] == [(FIRST, True), (2 * FIRST, False), (4 * FIRST, False)]
    assert until[-1] == (LONGEST, False)


def test_only_so_many_are_remembered() -> None:
    """The oldest are forgotten, so memory is bounded."""
    aside = Aside()
    for number in range(KEPT + 1):
        aside.put(str(number), 0.0)

    assert not aside.rests("0", 1.0)
    assert aside.rests("1", 1.0)
    assert aside.rests(str(KEPT), 1.0)


def test_a_moment_of_rest_is_no_trouble() -> None:
    """It does not count as a try."""
    aside = Aside()
    aside.rest("a", 1.0)

    assert aside.rests("a", 0.5)
    assert not aside.rests("a", 1.0)
    assert aside.put("a", 2.0) == (2.0 + FIRST, True)
