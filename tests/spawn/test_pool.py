"""The pool: warm children, taken and given back; here they are processes that wait."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gostage._author.isolate import Isolate
from gostage._spawn.pool import Pool, memory_of
from gostage._spawn.process import ProcessBackend
from gostage.errors import ChildError
from tests.spawn import table

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="it looks at the process table"
)


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """The servants are there before anybody counts."""
    child = ProcessBackend("tests.spawn.beings:waits").start(Isolate(), depth=1)
    child.close()


@pytest.fixture
def backend() -> Iterator[ProcessBackend]:
    """Where the children come from; the test leaves none."""
    with table.nothing_left():
        made = ProcessBackend("tests.spawn.beings:waits")
        yield made
        made.close()


@pytest.fixture
def pool_of(backend):
    def start():
        child = backend.start(Isolate(), depth=1)
        child.link.receive()
        return child

    return lambda size, **options: Pool(start, size, **options)


def test_a_child_that_was_given_back_is_taken_again(pool_of):
    """The one used last comes first."""
    pool = pool_of(2)
    first, second = pool.take(), pool.take()

    assert pool.give(first)
    assert pool.give(second)

    assert pool.take() is second
    assert pool.take() is first
    pool.drop(first)
    pool.drop(second)


def test_whoever_finds_all_taken_waits_for_one(pool_of):
    """There are never more than its size."""
    pool = pool_of(2)
    pids: set[int] = set()

    def use() -> None:
        for _ in range(20):
            child = pool.take()
            pids.add(child.pid)
            pool.give(child)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(pids) <= 2
    assert len(pool.close()) == len(pids)


def test_a_dropped_child_is_ended_and_replaced(pool_of):
    """One that crashed is not taken again."""
    pool = pool_of(1)
    child = pool.take()
    os.kill(child.pid, signal.SIGKILL)

    pool.drop(child)
    other = pool.take()

    assert other.pid != child.pid
    assert child.exit_code == -signal.SIGKILL
    pool.drop(other)


def test_a_child_that_died_while_it_was_idle_is_not_taken(pool_of):
    """Another one comes in its place, and `close` names it."""
    pool = pool_of(1)
    child = pool.take()
    pool.give(child)
    os.kill(child.pid, signal.SIGKILL)
    child.join(table.PATIENCE)

    other = pool.take()
    pool.give(other)

    assert other is not child
    assert pool.close() == [child, other]


def test_a_child_is_replaced_after_its_uses(pool_of):
    """`give` says that it was ended."""
    pool = pool_of(1, uses=3)
    child = pool.take()
    assert pool.give(child)
    assert pool.give(pool.take())

    assert not pool.give(pool.take())

    assert child.exit_code == 0
    other = pool.take()
    assert other is not child
    pool.drop(other)


def test_a_child_that_has_grown_is_replaced(pool_of):
    """Its memory is looked at now and then."""
    pool = pool_of(1, memory=1)
    kept = [pool.give(pool.take()) for _ in range(16)]

    assert kept == [True] * 15 + [False]


def test_a_child_that_has_grown_is_replaced_after_work_that_takes_its_time(pool_of, monkeypatch):
    """What takes long is not waited for sixteen times."""
    pool = pool_of(1, memory=1)
    assert pool.give(pool.take())
    child = pool.take()
    later = time.monotonic() + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert not pool.give(child)


def test_a_start_that_fails_leaves_its_place_free(pool_of):
    """Whoever asks next may start one."""
    answers = iter([ChildError("no"), None])
    works = pool_of(1)

    def start():
        answer = next(answers)
        if answer is not None:
            raise answer
        return works.take()

    pool = Pool(start, 1)

    with pytest.raises(ChildError, match="no"):
        pool.take()
    child = pool.take()
    pool.drop(child)


def test_a_closed_pool_ends_what_is_given_back_and_gives_none(pool_of):
    """Those that wait are told."""
    pool = pool_of(1)
    child = pool.take()
    told: list[BaseException] = []

    def ask() -> None:
        try:
            pool.take()
        except ChildError as error:
            told.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert pool.close() == []
    thread.join()

    assert len(told) == 1
    assert not pool.give(child)
    assert child.exit_code == 0


def test_the_memory_of_a_process_is_what_it_has_in_use():
    """Of one that is not there, nothing is known."""
    assert memory_of(os.getpid()) > 1 << 20
    assert memory_of(None) is None
    assert memory_of(1 << 30) is None
