"""Many processes on one file: nothing lost, nothing doubled, no word of locks, whoever dies."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from gostage._db.opening import open_database
from gostage._db.owner import is_alive
from gostage._db.protocol import Listing
from gostage.testing._databases.samples import begin, look
from tests.db.children import python, started

SOAK = bool(os.environ.get("GOSTAGE_SOAK"))

# -------------------------------------------------------------------- many at work

HAMMER = """
name, runs = sys.argv[2], int(sys.argv[3])
database = open_database(sys.argv[1])
for number in range(runs):
    lease = begin(database, f"{name}-{number}")
    for at in range(2, 6):
        seq = database.commit(lease, Commit(float(at), f"[{at}]", f"[{at}]", written=[(0, "k")]))
        assert seq == at
    database.commit(lease, Commit(6.0, "[6]", "[6]"), Stop("completed", has_ended=True))
database.close()
"""


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_many_processes_write_many_runs(tmp_path):
    """Every commit of every run is there once, and the file is sound."""
    processes, runs = (16, 125) if SOAK else (8, 50)
    path = tmp_path / "runs.db"
    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(lambda name: python(HAMMER, path, name, runs), range(processes)))

    database = open_database(path)
    assert database.counts() == {"completed": processes * runs}
    for row in database.runs(Listing()):
        assert [each.events_json for each in database.log(row.run_id, after=1)] == [
            f"[{at}]" for at in range(2, 7)
        ]
        assert database.stored(row.run_id).entries == [(0, "k", 5)]
    assert list(database.check()) == []
    database.close()


TAKE = """
database = open_database(sys.argv[1])
me = this_process()
won = 0
for number in range(int(sys.argv[2])):
    got = database.take(f"r{number}", me, 4e9, lambda row: row.held is None)
    if isinstance(got, Lease):
        won += 1
        assert database.commit(got, Commit(2.0, f"[{me.pid}]")) == 2
print(won)
"""


@pytest.mark.soak
def test_a_run_that_many_processes_want_goes_to_one(tmp_path):
    """Each of many, and all who lost go on with the next."""
    runs = 1_000 if SOAK else 100
    path = tmp_path / "runs.db"
    database = open_database(f"sqlite:///{path}?synchronous=normal")
    for number in range(runs):
        lease = begin(database, f"r{number}")
        assert database.release(lease, _waiting())

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda _: int(python(TAKE, path, runs)), range(4)))

    assert sum(won) == runs
    assert all(len(database.log(f"r{number}")) == 2 for number in range(runs))
    database.close()


def _waiting():
    from gostage._db.protocol import Stop

    return Stop("waiting")


# -------------------------------------------------------------------- sudden death

WRITE = """
database = open_database(sys.argv[1])
lease = begin(database, sys.argv[2])
print("writes", flush=True)
for at in range(2, 1_000_000):
    text = f"[{at}]"
    keys = [(0, f"k{at % 7}"), (0, f"k{at % 5}")]
    database.commit(lease, Commit(float(at), text, text, text * 200, written=keys))
    print(at, flush=True)
"""


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_writer_that_is_killed_leaves_whole_commits(tmp_path):
    """All that it was told were committed are there, and at most one more; at any moment."""
    path = tmp_path / "runs.db"
    chance = random.Random(7)
    for turn in range(200 if SOAK else 12):
        told = _write_and_kill(path, f"r{turn}", chance)

        database = open_database(path)
        row, stored = look(database, f"r{turn}"), database.stored(f"r{turn}")
        assert row.seq in {told, told + 1}
        assert stored.position_json == f"[{row.seq}]" if row.seq > 1 else "[]"
        for _, key, seq in stored.entries:
            assert seq > row.seq - 7
            assert key in {f"k{seq % 7}", f"k{seq % 5}"}
        log = database.log(f"r{turn}", after=1)
        assert [each.events_json for each in log] == [f"[{at}]" for at in range(2, row.seq + 1)]
        assert is_alive(row.held.owner) is False
        assert list(database.check()) == []
        database.close()


def _write_and_kill(path, run_id, chance):
    """Let a process write for a moment; gives the last number it told of."""
    with started(WRITE, path, run_id) as child:
        assert child.stdout.readline() == "writes\n"
        for _ in range(chance.randrange(1, 40)):
            child.stdout.readline()
        child.kill()
        left = child.stdout.read().split("\n")
    numbers = [int(line) for line in left[:-1]]
    return numbers[-1] if numbers else _last_before(path, run_id)


def _last_before(path, run_id):
    database = open_database(path)
    seq = look(database, run_id).seq
    database.close()
    return seq


# -------------------------------------------------------------------- forks

FORK = """
def child(work):
    pid = os.fork()
    if not pid:
        try:
            work()
            sys.stdout.flush()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
"""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@needs_fork
def test_a_child_uses_a_database_of_its_own(tmp_path):
    """What it commits stays, though its parent closes the file first; both go on."""
    code = """
    database = open_database(sys.argv[1])
    begin(database, "parent")
    database.find("parent")
    down, up = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        begin(database, "child 0")
        os.write(up[1], b"x")
        os.read(down[0], 1)
        for number in range(1, 5):
            begin(database, f"child {number}")
        os._exit(0)
    os.read(up[0], 1)
    begin(database, "parent again")
    database.close()
    os.write(down[1], b"x")
    os.waitpid(pid, 0)
    """
    python(code, tmp_path / "runs.db")

    database = open_database(tmp_path / "runs.db")
    names = [*(f"child {number}" for number in reversed(range(1, 5))), "parent again", "child 0"]
    assert list(database.ids("", 10)) == [*names, "parent"]
    assert list(database.check()) == []
    database.close()


@needs_fork
def test_a_child_that_ends_takes_nothing_from_its_parent(tmp_path):
    """Neither the locks on the file nor the log beside it."""
    code = """
    database = open_database(sys.argv[1])
    lease = begin(database)
    child(lambda: None)
    child(lambda: database.close())
    child(lambda: begin(database, "s"))
    assert database.commit(lease, Commit(2.0)) == 2
    other = open_database(sys.argv[1])
    other.close()
    assert database.commit(lease, Commit(3.0)) == 3
    database.close()
    """
    python(FORK + "\n".join(line[4:] for line in code.splitlines()), tmp_path / "runs.db")

    database = open_database(tmp_path / "runs.db")
    assert (look(database).seq, look(database, "s").seq) == (3, 1)
    assert list(database.check()) == []
    database.close()


@needs_fork
def test_a_fork_waits_for_threads_that_write(tmp_path):
    """A child never finds a transaction that somebody else has begun."""
    code = """
    from threading import Event, Thread
    database = open_database(f"sqlite:///{sys.argv[1]}?synchronous=normal")
    is_over = Event()
    def work(name):
        lease = begin(database, name)
        while not is_over.is_set():
            database.commit(lease, Commit(2.0))
            database.log(name, limit=20)
    threads = [Thread(target=work, args=(f"t{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(40):
        child(lambda: begin(database, f"c{turn}"))
    is_over.set()
    for thread in threads:
        thread.join()
    print(len(database.ids("c", 100)), database.check())
    """
    out = python(FORK + "\n".join(line[4:] for line in code.splitlines()), tmp_path / "runs.db")

    assert out == "40 []"


@needs_fork
def test_a_child_of_a_transaction_is_told_so(tmp_path):
    """There is nothing it could do with the half of it."""
    code = """
    database = open_database(sys.argv[1])
    begin(database)
    def is_free(row):
        def work():
            try:
                database.find("r")
            except DatabaseError as error:
                print(error)
        child(work)
        return True
    sys.stdout.flush()
    lease = database.take("r", this_process(), 4e9, is_free)
    assert database.commit(lease, Commit(2.0)) == 2
    """
    out = python(FORK + "\n".join(line[4:] for line in code.splitlines()), tmp_path / "runs.db")

    assert out.startswith("the process forked in the middle of using the database")


@needs_fork
def test_a_database_in_memory_stays_with_its_process():
    """A child is told so."""
    code = """
    database = open_database("sqlite://")
    def work():
        try:
            database.counts()
        except DatabaseError as error:
            print(error, "|", error.hint)
    child(work)
    print(database.counts())
    """
    out = python(FORK + "\n".join(line[4:] for line in code.splitlines())).splitlines()

    assert out[0].startswith("a database in memory belongs to the process that opened it | ")
    assert out[1] == "{}"
