"""Children as processes: how they start, what they have, how they end, and what is left."""

from __future__ import annotations

import ast
import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gostage._author.isolate import Isolate, Limits
from gostage._run.endings import NOT_KNOWN
from gostage._spawn.link import LinkLost
from gostage._spawn.orphan import end_with
from gostage._spawn.process import ProcessBackend, ProcessChild
from gostage._spawn.server import server
from gostage.errors import ChildError
from tests.spawn import table

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks at /proc"),
    # Newer interpreters warn of every fork of a process with threads, as this one is.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

METHODS = ("forkserver", "spawn", "fork")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """The servants are there before anybody counts."""
    ProcessBackend().warm()
    with_one = ProcessBackend("tests.spawn.beings:waits")
    child = with_one.start(Isolate(), depth=1)
    child.link.receive()
    child.close()


@pytest.fixture(params=METHODS)
def method(request) -> str:
    return request.param


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """The test leaves no process, no zombie, no descriptor and no shared memory."""
    with table.nothing_left():
        yield


@pytest.fixture
def start(nothing_left):
    """Start children by the name of what they do; they are ended with the test."""
    backends: list[ProcessBackend] = []

    def go(being: str, **options) -> ProcessChild:
        backend = ProcessBackend(f"tests.spawn.beings:{being}")
        backends.append(backend)
        return backend.start(Isolate(**options), depth=1)

    yield go
    for backend in backends:
        backend.close()


def up(child: ProcessChild) -> ProcessChild:
    """Wait for its first word."""
    assert child.link.receive()[0] == "hello"
    return child


def lost(child: ProcessChild) -> int | None:
    """Read to the end; the exit code."""
    with suppress(LinkLost):
        while True:
            child.link.receive()
    return child.join(table.PATIENCE)


# ---------------------------------------------------------------------- life


def test_a_child_says_hello_and_ends_when_its_parent_hangs_up(start, method):
    """A child without work is ended at once, whichever way it was started."""
    child = up(start("waits", method=method))

    assert table.is_alive(child.pid)
    assert child.exit_code is None
    child.close()

    assert child.exit_code == 0
    assert not table.state(child.pid)
    assert child.output() == (f"{child.id} at depth 1\n", "")


def test_a_child_that_ends_well_has_exit_code_zero(start, method):
    """What it said before its end arrives, and then the end."""
    child = up(start("ends_well", method=method))

    assert lost(child) == 0


def test_closing_twice_from_many_threads_is_closing_once(start):
    """Whoever closes, the child is gone afterwards."""
    child = up(start("waits"))
    threads = [threading.Thread(target=child.close) for _ in range(5)]

    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert child.exit_code == 0


def test_ids_are_short_and_never_the_same(start):
    """An id is a number."""
    ids = {start("waits").id for _ in range(3)}

    assert len(ids) == 3
    assert all(re.fullmatch(r"\d+", each) for each in ids)


def test_children_are_started_from_many_threads_at_once(start, method):
    """Starts wait for each other, and every child has its own connection."""
    children: list[ProcessChild] = []
    threads = [
        threading.Thread(target=lambda: children.append(up(start("waits", method=method))))
        for _ in range(6)
    ]

    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len({child.pid for child in children}) == 6


# ---------------------------------------------------------------------- surroundings


def told(child: ProcessChild) -> list:
    lines = up(child).output()[0].splitlines()
    return [ast.literal_eval(line) for line in lines]


def test_a_child_has_the_surroundings_its_parent_has_now(start, method, monkeypatch, tmp_path):
    """Variables, folder, import path and arguments are those of the start, not of the server's."""
    monkeypatch.setenv("GREETING", "hello")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setattr(sys, "argv", ["script.py", "--fast"])

    env, cwd, *_, path, argv, _main, stdin, signals, leads = told(start("tells", method=method))

    assert dict(env)["GREETING"] == "hello"
    assert cwd == str(tmp_path)
    assert path == sys.path
    assert argv == ["script.py", "--fast"]
    assert stdin == ""
    assert signals == {
        2: signal.SIG_IGN,
        15: signal.SIG_DFL,
        17: signal.SIG_DFL,
        24: signal.SIG_DFL,
    }
    assert leads, "it leads a session and a group of its own"


def test_a_child_can_have_another_folder(start, method, tmp_path):
    """`cwd=` is where it stands."""
    assert told(start("tells", method=method, cwd=tmp_path))[1] == str(tmp_path)


def test_names_of_variables_are_an_allow_list(start, method, monkeypatch):
    """What is not named is not there, but for what programs need to be found at all."""
    monkeypatch.setenv("SECRET", "x")
    monkeypatch.setenv("LEVEL", "3")

    env = dict(told(start("tells", method=method, env=["LEVEL", "MISSING"]))[0])

    assert env["LEVEL"] == "3"
    assert env["PATH"] == os.environ["PATH"]
    assert "SECRET" not in env
    assert "MISSING" not in env


def test_values_of_variables_stand_on_top_of_the_parents(start, method, monkeypatch):
    """Those that are not mentioned stay as they are."""
    monkeypatch.setenv("LEVEL", "3")
    monkeypatch.setenv("OTHER", "o")

    env = dict(told(start("tells", method=method, env={"LEVEL": "4", "NEW": "n"}))[0])

    assert (env["LEVEL"], env["NEW"], env["OTHER"]) == ("4", "n", "o")


def test_a_folder_that_is_not_there_is_told_by_the_child(start, method, tmp_path):
    """It dies before it says hello, and its output says why."""
    child = start("waits", method=method, cwd=tmp_path / "nowhere")

    assert lost(child) == 1
    assert "nowhere" in child.output()[1]


@pytest.mark.parametrize("how", ["stdin", "-c", "a script", "-m"])
def test_the_users_main_is_not_run_again(how, tmp_path):
    """A script needs no guard, however it is started."""
    source = (
        "print('once')\n"
        "from gostage._author.isolate import Isolate\n"
        "from gostage._spawn.process import ProcessBackend\n"
        "backend = ProcessBackend('tests.spawn.beings:waits')\n"
        "for method in ('forkserver', 'spawn', 'fork'):\n"
        "    child = backend.start(Isolate(method=method), depth=1)\n"
        "    assert child.link.receive()[0] == 'hello'\n"
        "    child.close()\n"
        "    print(child.exit_code, *child.output())\n"
    )
    (tmp_path / "alone.py").write_text(source)
    command = {
        "stdin": ["-"],
        "-c": ["-c", source],
        "a script": ["alone.py"],
        "-m": ["-m", "alone"],
    }[how]

    done = subprocess.run(
        [sys.executable, *command],
        input=source if how == "stdin" else "",
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )

    expected = "once\n" + "".join(f"0 {n} at depth 1\n \n" for n in (1, 2, 3))
    assert (done.stdout, done.stderr) == (expected, "")


# ---------------------------------------------------------------------- output


def test_output_is_complete_when_a_later_frame_has_arrived(start, method):
    """The last 64 kB of each stream are kept, and no character is cut in two."""
    child = up(start("writes_much", method=method))

    out, err = child.output()

    assert out.endswith("line 99999\n")
    for text, what in ((out, r"[lin e\d\n]*"), (err, r"[é\n]*")):
        said, _, kept = text.partition("\n")
        assert re.fullmatch(r"… the first \d+ bytes are not kept", said)
        assert 60_000 < len(kept.encode()) <= 65_536
        assert re.fullmatch(what, kept)
    assert child.output() == ("", "")


def test_a_child_that_never_stops_writing_is_neither_waited_for_nor_kept(start):
    """It does not block, and asking for its output comes to an end."""
    child = up(start("floods"))

    for _ in range(20):
        assert len(child.output()[0]) <= 65_600  # with a line on what is not kept
    child.kill()

    assert child.join(table.PATIENCE) == -signal.SIGKILL


# ---------------------------------------------------------------------- deaths


DEATHS = [
    pytest.param("exits", {}, 7, True, "", id="exit code"),
    pytest.param("exits_at_once", {}, 3, False, "", id="death before hello"),
    pytest.param("raises", {}, 1, True, "ValueError: no way out", id="uncaught exception"),
    pytest.param("is_killed", {}, -signal.SIGKILL, True, "", id="signal"),
    pytest.param("faults", {}, -signal.SIGSEGV, True, "Segmentation", id="segmentation fault"),
    pytest.param("aborts", {}, -signal.SIGABRT, True, "Aborted", id="abort"),
    pytest.param(
        "hoards", {"limits": Limits(memory="600MB")}, 1, True, "MemoryError", id="memory limit"
    ),
    pytest.param("burns", {"limits": Limits(cpu=0.1)}, -signal.SIGXCPU, True, "", id="cpu limit"),
    pytest.param("nobody", {}, 1, False, "has no attribute 'nobody'", id="import error"),
]


@pytest.mark.parametrize(("being", "options", "code", "is_up", "said"), DEATHS)
def test_a_death_is_noticed_at_once(  # noqa: PLR0917 - a row of the table
    start, method, being, options, code, is_up, said
):
    """The connection ends, the exit code is that of `subprocess`, and its last words are kept."""
    child = start(being, method=method, **options)

    if is_up:
        up(child)
    assert lost(child) == code
    assert child.exit_code == code
    child.close()
    assert said in child.output()[1]


@pytest.mark.parametrize("being", ["hangs", "sleeps", "halts", "ignores_signals", "cleans_up"])
def test_stop_ends_whatever_it_is_doing(start, method, being):
    """It is asked first, and killed when the grace is over."""
    child = start(being, method=method)
    if being != "hangs":
        up(child)
    if being == "halts":
        table.until(lambda: table.state(child.pid) == "T", "it halts")

    child.stop(60)
    child.stop(0.05 if being != "cleans_up" else 90)

    code = child.join(table.PATIENCE)
    assert code in ({0} if being == "cleans_up" else {-signal.SIGTERM, -signal.SIGKILL})
    child.close()
    assert child.output()[0] == ("cleaned up\n" if being == "cleans_up" else "")


def test_a_longer_grace_does_not_take_back_a_shorter_one(start):
    """The first end that is near stays."""
    child = up(start("ignores_signals"))

    child.stop(0.05)
    child.stop(1000)

    assert child.join(table.PATIENCE) == -signal.SIGKILL


def test_what_a_child_started_ends_with_it(start, method):
    """Programs that it leaves behind are in its group."""
    child = up(start("leaves_a_program", method=method))
    program = int(child.output()[0])

    child.close()

    table.until(lambda: not table.is_alive(program), "the program is gone")


def test_a_dead_child_is_noticed_although_a_copy_of_it_lives(start, method):
    """A forked copy holds its connection open, and is ended with it."""
    child = up(start("leaves_a_copy", method=method))
    copy = int(child.output()[0])

    assert lost(child) == -signal.SIGKILL
    table.until(lambda: not table.is_alive(copy), "the copy is gone")


def test_a_dead_child_is_noticed_although_a_daemon_has_its_connection(start, method):
    """All that it said arrives, and then the end, whoever could say more."""
    child = up(start("leaves_a_daemon", method=method))
    daemon = int(child.output()[0])
    try:
        numbers = []
        with suppress(LinkLost):
            while True:
                numbers.append(child.link.receive()[1]["n"])

        assert numbers == list(range(500))
        assert child.join(table.PATIENCE) == 0
        assert table.is_alive(daemon)
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_a_dead_child_is_noticed_although_its_siblings_live(start, method):
    """No sibling holds an end of the others' connections, forked ones neither."""
    first = up(start("waits", method=method))
    siblings = [up(start("waits", method=each)) for each in METHODS]

    os.kill(first.pid, signal.SIGKILL)

    assert lost(first) == -signal.SIGKILL
    assert all(table.is_alive(each.pid) for each in siblings)


def test_a_thread_that_goes_on_does_not_keep_a_child_alive(start, method):
    """Daemon threads end with it."""
    child = up(start("leaves_a_daemon_thread", method=method))

    child.close()

    assert child.exit_code == 0


def test_a_copy_of_the_parent_has_no_children(start):
    """A fork of this process closes its copies of all ends, and can end nobody."""
    child = up(start("waits"))
    pid = os.fork()
    if pid == 0:
        child.kill()
        child.close()
        os._exit(0 if child.exit_code == NOT_KNOWN else 1)

    assert os.waitpid(pid, 0)[1] == 0
    assert table.is_alive(child.pid)


def test_the_end_of_the_parent_is_noticed_without_the_kernel_sending_signals(monkeypatch):
    """Other systems have a thread for it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writer)
        os.setsid()
        monkeypatch.delattr(fcntl, "F_SETSIG")
        end_with(reader)
        time.sleep(1000)
    os.close(reader)
    os.close(writer)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_closing_a_halted_child_that_was_sent_much_comes_to_an_end(start):
    """Whoever has no time to wait says so with the grace."""
    child = up(start("halts", grace=0))
    table.until(lambda: table.state(child.pid) == "T", "it halts")

    def send() -> None:
        with suppress(LinkLost):
            child.link.send("define", {"key": "x" * 10_000_000})

    sender = threading.Thread(target=send)
    sender.start()

    child.close()
    sender.join()

    assert child.exit_code == -signal.SIGKILL


@pytest.mark.parametrize("package", ["multiprocess", "multiprocessing"])
def test_a_daemonic_process_may_have_children(nothing_left, package, tmp_path):
    """Those of both packages are forbidden to have others."""
    (tmp_path / "daemonic.py").write_text(
        f"import {package} as package\n"
        "from gostage._author.isolate import Isolate\n"
        "from gostage._spawn.process import ProcessBackend\n"
        "def work():\n"
        "    for method in ('forkserver', 'spawn', 'fork'):\n"
        "        backend = ProcessBackend('tests.spawn.beings:waits')\n"
        "        child = backend.start(Isolate(method=method), depth=1)\n"
        "        child.link.receive()\n"
        "        print(method, child.output()[0].strip(), flush=True)\n"
        "if __name__ == '__main__':\n"
        "    process = package.get_context('fork').Process(target=work, daemon=True)\n"
        "    process.start()\n"
        "    process.join()\n"
        "    print(process.exitcode)\n"
    )
    done = subprocess.run(
        [sys.executable, "daemonic.py"],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )

    lines = [f"{name} {n} at depth 1" for n, name in enumerate(METHODS, 1)]
    assert (done.stdout.splitlines(), done.stderr) == ([*lines, "0"], "")


# ---------------------------------------------------------------------- the server


def test_children_of_children_come_from_the_same_server(nothing_left):
    """A server in every child would take as long as twenty children."""
    with parent("has_children", "forkserver") as process:
        _, pid, _, grandchild = process.stdout.readline().split()

        assert table.parent_of(int(grandchild)) == table.parent_of(int(pid))


def test_a_server_can_be_started_ahead(nothing_left):
    """The first child need not wait for it."""
    ProcessBackend().warm()
    pid = server()._forkserver_pid
    ProcessBackend().warm()

    assert server()._forkserver_pid == pid
    assert table.is_alive(pid)


def test_a_server_that_dies_takes_no_child_along_and_is_started_again(start):
    """Nobody knows any more how its children end, but that they do."""
    child = up(start("waits"))
    os.kill(server()._forkserver_pid, signal.SIGKILL)

    other = up(start("waits"))
    assert child.exit_code is None
    os.kill(child.pid, signal.SIGKILL)

    assert lost(child) == NOT_KNOWN
    assert other.exit_code is None


def test_a_server_that_somebody_else_has_reaped_is_started_again(start):
    """Programs that wait for any child of theirs are about."""
    up(start("waits")).close()
    pid = server()._forkserver_pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    assert up(start("waits")).exit_code is None


def test_a_child_that_somebody_else_has_reaped_is_known_to_be_dead(start):
    """How it ended is not."""
    child = up(start("sleeps", method="spawn"))
    os.kill(child.pid, signal.SIGSTOP)
    table.until(lambda: table.state(child.pid) == "T", "it is halted")
    child._lock.acquire()  # nobody else looks meanwhile
    os.kill(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)
    child._lock.release()

    assert child.join(table.PATIENCE) == NOT_KNOWN


def test_without_handles_of_the_system_the_end_is_noticed_as_well(start, method, monkeypatch):
    """Other systems have no pidfd."""
    monkeypatch.delattr(os, "pidfd_open")
    child = up(start("exits", method=method))

    assert lost(child) == 7


def test_a_system_that_refuses_is_a_sentence(start, monkeypatch):
    """The error of the system is the cause."""

    def refuse() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pipe", refuse)

    with pytest.raises(ChildError, match="no child process could be started") as raised:
        start("waits")
    assert isinstance(raised.value.__cause__, OSError)


# ---------------------------------------------------------------------- the parent's end


PARENT = """
import sys, time
from gostage._author.isolate import Isolate
from gostage._spawn.process import ProcessBackend

being, method, end = sys.argv[1:]
child = ProcessBackend("tests.spawn.beings:" + being).start(Isolate(method=method), depth=1)
child.link.receive() if being != "hangs" else time.sleep(0.5)
print(child.id, child.pid, child.output()[0], flush=True)
if end == "waits":
    time.sleep(1000)
"""


@contextmanager
def parent(being: str, method: str, end: str = "waits") -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, being, method, end],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    "being", ["waits", "hangs", "hangs_in_a_pattern", "sleeps", "halts", "ignores_signals"]
)
def test_a_child_ends_when_its_parent_is_killed(nothing_left, method, being):
    """Whatever it is doing, and within two seconds."""
    with parent(being, method) as process:
        pid = int(process.stdout.readline().split()[1])
        below = [each for each in table.descendants(process.pid) if each != pid]
        process.kill()

        table.until(lambda: not table.is_alive(pid), "the child is gone", 2)
        for each in below:
            table.until(lambda each=each: not table.is_alive(each), "its servants are gone")


def test_children_of_children_end_when_the_first_parent_is_killed(nothing_left, method):
    """All of them, although each is in a group of its own."""
    with parent("has_children", method) as process:
        lines = [process.stdout.readline().split() for _ in range(2)]
        pids = [int(word) for line in lines for word in line if int(float(word)) > 100]
        assert len(pids) == 3
        assert [word for line in lines for word in line if "." in word] == ["1.1", "1.2"]
        process.kill()

        for pid in pids:
            table.until(lambda pid=pid: not table.is_alive(pid), "none of them lives", 2)


@pytest.mark.parametrize("being", ["waits", "hangs"])
def test_a_parent_that_ends_leaves_nothing(nothing_left, method, being, tmp_path):
    """Nobody has closed the child: it is ended when the process ends."""
    with parent(being, method, "ends") as process:
        pid = int(process.stdout.readline().split()[1])

        assert process.wait(table.PATIENCE) == 0
        table.until(lambda: not table.is_alive(pid), "the child is gone")
        assert process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT])
def test_what_the_terminal_sends_is_for_the_parent(nothing_left, method, number):
    """The child and the server go on; the parent decides what follows."""
    with parent("waits", method) as process:
        pid = int(process.stdout.readline().split()[1])
        servants = [each for each in table.descendants(process.pid) if each != pid]
        os.kill(process.pid, signal.SIGSTOP)  # it comes to nothing before anybody has looked
        table.until(lambda: table.state(process.pid) == "T", "it is halted")
        os.killpg(process.pid, number)

        assert table.is_alive(pid)
        assert all(table.is_alive(each) for each in servants)
        process.kill()
        table.until(lambda: not table.is_alive(pid), "the child is gone")


def test_a_killed_parent_leaves_no_file(nothing_left, tmp_path, monkeypatch):
    """The socket of the server is removed by the server."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with parent("waits", "forkserver") as process:
        process.stdout.readline()
        assert list(tmp_path.iterdir())
        process.kill()

        table.until(lambda: not list(tmp_path.iterdir()), "the folder is empty")
