"""The fake clock: time passes when everybody waits, in the order of what is waited for."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest

from gostage import Retry, Runner, Workflow, action, fixed, steps
from gostage.errors import KeyExpired, WaitTimeout
from gostage.testing import FakeClock


def run(workflow, clock):
    return Runner(clock=clock).run(workflow)


def arun(workflow, clock):
    return asyncio.run(Runner(clock=clock).arun(workflow))


both = pytest.mark.parametrize("drive", [run, arun], ids=["run", "arun"])


class Diary:
    """What happened when, in seconds after the beginning, and whether anybody has lain down."""

    def __init__(self):
        self.clock = FakeClock()
        self.began = self.clock.now()
        self.seen = []
        self.asleep = threading.Event()
        self.clock.pauses = Pauses(self.asleep)

    def note(self, label):
        self.seen.append((label, self.clock.now() - self.began))

    def notes(self, label):
        return lambda: self.note(label)


class Pauses(list):
    """Rings when the first pause begins."""

    def __init__(self, bell):
        super().__init__()
        self.bell = bell

    def append(self, each):
        super().append(each)
        self.bell.set()


@pytest.fixture
def diary():
    return Diary()


@both
def test_a_day_of_sleep_takes_no_time(drive):
    """A sleep is over at once, and the clock stands where it would."""
    clock = FakeClock()
    began = clock.now()

    result = drive(Workflow("w").sleep("night", timedelta(days=1)), clock)

    assert result.ok
    assert clock.now() - began == 86_400
    assert clock.pauses == [86_400]


@both
def test_waits_and_backoff_are_skipped_too(drive):
    """Each pause is remembered with what it asked for."""
    clock = FakeClock()
    calls = []

    @action(retry=Retry(attempts=3, backoff=fixed(7)))
    def flaky():
        calls.append(1)
        if len(calls) < 3:
            raise OSError("not yet")

    flow = Workflow("w").do(flaky).wait_for("ready", lambda: False, every=5, timeout=12)
    result = drive(flow, clock)

    assert isinstance(result.error, WaitTimeout)
    assert clock.pauses[:4] == [7, 7, 5, 5]


@both
def test_branches_wake_in_the_order_of_their_time(drive, diary):
    """A long sleep does not take the short ones of its siblings with it."""
    flow = Workflow("w").parallel(
        "p",
        long=steps().sleep("s", 10).do("n", diary.notes("long")),
        short=steps()
        .sleep("s", 1)
        .do("n", diary.notes("short"))
        .sleep("t", 2)
        .do("m", diary.notes("shorter")),
        late=steps().do("first", diary.notes("first")).sleep("s", 20).do("n", diary.notes("late")),
    )

    assert drive(flow, diary.clock).ok
    assert diary.seen == [("first", 0), ("short", 1), ("shorter", 3), ("long", 10), ("late", 20)]
    assert sorted(diary.clock.pauses) == [1, 2, 10, 20]


@both
def test_nobody_wakes_while_a_sibling_is_at_work(drive, diary):
    """Time stands still for as long as an action runs, however long that really takes."""

    def work():
        assert diary.asleep.wait(10)
        diary.note("worked")

    flow = Workflow("w").parallel(
        "p",
        sleeper=steps().sleep("s", 5).do("n", diary.notes("slept")),
        worker=steps().do("work", work),
    )

    assert drive(flow, diary.clock).ok
    assert diary.seen == [("worked", 0), ("slept", 5)]


@both
def test_a_slow_action_wakes_those_who_are_due(drive, diary):
    """`pass_by` is how an action takes time."""

    def work():
        assert diary.asleep.wait(10)
        diary.clock.pass_by(8)

    flow = Workflow("w").parallel(
        "p",
        sleeper=steps().sleep("s", 5).do("n", diary.notes("slept")),
        worker=steps().do("work", work).sleep("t", 1).do("n", diary.notes("end")),
    )

    assert drive(flow, diary.clock).ok
    assert diary.seen == [("slept", 8), ("end", 9)]


@both
def test_a_failing_sibling_ends_a_sleep(drive, diary):
    """A cancelled branch does not sleep on, and time does not go by for it."""

    def fail():
        assert diary.asleep.wait(10)
        raise ValueError("boom")

    flow = Workflow("w").parallel(
        "p", one=steps().do("fail", fail), two=steps().sleep("s", 3600).do("n", diary.notes("no"))
    )

    assert drive(flow, diary.clock).status == "failed"
    assert diary.clock.now() == diary.began
    assert diary.seen == []


@both
def test_many_items_sleep_side_by_side(drive):
    """A hundred items that sleep a minute each take a minute together, ten at a time ten."""
    clock = FakeClock()
    began = clock.now()
    flow = Workflow("w", initial={"items": list(range(100))})
    flow.for_each("each", "items", steps().sleep("s", 60), concurrency=10)

    assert drive(flow, clock).ok
    assert clock.now() - began == 600


def test_what_has_a_time_to_live_expires():
    """The store of a run keeps its time by the same clock."""
    clock = FakeClock()

    @action
    def put(ctx):
        ctx.store.put("token", "t", ttl=60)

    @action
    def read(ctx):
        return ctx.store["token"]

    result = run(Workflow("w").do(put).sleep("s", 61).do(read), clock)

    assert isinstance(result.error, KeyExpired)


def test_a_clock_can_be_used_by_hand():
    """It stands still until it is told to go on; a pause without a run is over at once."""
    clock = FakeClock(100.0)
    clock.pass_by(5)
    clock.pause(lambda seconds: None, 2)

    assert clock.now() == 107.0
    assert clock.pauses == [2]


def test_two_runs_share_a_clock():
    """Time goes on for both as either waits."""
    clock = FakeClock()
    began = clock.now()
    with Runner(clock=clock) as runner:
        handles = [runner.start(Workflow("w").sleep("s", 10 * n)) for n in (1, 2, 3)]
        assert all(handle.wait(10).ok for handle in handles)

    assert clock.now() - began >= 30
