"""Alarm and watcher: one thread each, for as long as somebody needs it."""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from queue import Queue

import pytest

from gostage._spawn.alarm import Alarm
from gostage._spawn.watcher import Watcher
from tests.spawn.table import PATIENCE, until


@pytest.fixture
def rung() -> Queue:
    return Queue()


def has_thread(name: str) -> bool:
    return any(each.name == name for each in threading.enumerate())


def test_callbacks_come_in_the_order_of_their_times(rung):
    """Not in the order in which they were set; what is over comes at once."""
    alarm, now = Alarm(), time.monotonic()

    for name, when in (("third", 0.1), ("second", 0.05), ("first", -5)):
        alarm.at(now + when, partial(rung.put, name))

    assert [rung.get(timeout=PATIENCE) for _ in range(3)] == ["first", "second", "third"]


def test_what_is_cancelled_does_not_come(rung):
    """A token can be cancelled once, before its time."""
    alarm, now = Alarm(), time.monotonic()
    token = alarm.at(now + 0.05, partial(rung.put, "cancelled"))
    late = alarm.at(now + 0.1, partial(rung.put, "late"))

    assert alarm.cancel(token)
    assert not alarm.cancel(token)

    assert rung.get(timeout=PATIENCE) == "late"
    assert not alarm.cancel(late)


def test_the_error_of_one_callback_is_reported_and_the_others_come(rung, monkeypatch):
    """It is reported like the error of a thread."""
    seen = Queue()
    monkeypatch.setattr(threading, "excepthook", seen.put)
    alarm = Alarm()

    alarm.at(0, partial(int, "no number"))
    alarm.at(0, partial(rung.put, "next"))

    assert rung.get(timeout=PATIENCE) == "next"
    assert seen.get().exc_type is ValueError


def test_a_callback_may_set_another(rung):
    """And cancel, from within."""
    alarm = Alarm()

    def again() -> None:
        alarm.cancel(alarm.at(time.monotonic() + 9, partial(rung.put, "never")))
        alarm.at(0, partial(rung.put, "again"))

    alarm.at(0, again)

    assert rung.get(timeout=PATIENCE) == "again"


def test_many_that_were_cancelled_take_no_room():
    """A long timeout of short work is set and cancelled a hundred thousand times."""
    alarm, later = Alarm(), time.monotonic() + 1000
    kept = alarm.at(later - 1, int)

    for _ in range(100_000):
        alarm.cancel(alarm.at(later, int))

    assert len(alarm._times) < 100
    alarm.cancel(kept)


def test_the_thread_ends_when_nothing_is_set_any_more():
    """And another one begins when it is needed."""
    alarm = Alarm()
    alarm.cancel(alarm.at(time.monotonic() + 1000, int))
    until(lambda: not has_thread("gostage alarm"), "the thread ends")

    alarm.at(0, int)

    until(lambda: not has_thread("gostage alarm"), "the second one ends as well")


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for each in ends:
        os.close(each)


def test_a_descriptor_that_can_be_read_is_told(pipe, rung):
    """As long as the callback wants it."""
    watcher = Watcher()

    def read() -> bool:
        rung.put(os.read(pipe[0], 100))
        return rung.qsize() < 2

    watcher.add(pipe[0], read)
    os.write(pipe[1], b"one")
    until(lambda: rung.qsize() == 1, "the first is told")
    os.write(pipe[1], b"two")

    until(lambda: not has_thread("gostage watcher"), "nobody wants more")
    assert [rung.get(), rung.get()] == [b"one", b"two"]


def test_a_removed_descriptor_is_not_told_of(pipe, rung):
    """Once `remove` has returned, the callback will not run; removing twice is fine."""
    watcher = Watcher()
    for _ in range(50):
        watcher.add(pipe[0], partial(rung.put, "told"))  # gives nothing: once is enough
        watcher.remove(pipe[0])
        watcher.remove(pipe[0])
        count = rung.qsize()
        os.write(pipe[1], b"x")
        os.read(pipe[0], 1)

        assert rung.qsize() == count
    until(lambda: not has_thread("gostage watcher"), "the thread ends")
